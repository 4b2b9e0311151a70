import type { Model } from './model.ts';
import type { GatePolicy } from './policy.ts';
import { shownCount, shownNumber, shownPercent } from './text.ts';
import type { Check, Interval, Verdict } from './verdict.ts';

/** The verdict in one sentence: the first check that fails, else the first that is inconclusive, else the numbers. */
export function reasonFor(verdict: Omit<Verdict, 'reason' | 'notes'>, policy: GatePolicy): string {
  const failures = verdict.checks.filter(({ outcome }) => outcome === 'fail');
  if (failures.length > 0) {
    const more = failures.length - 1;
    const rest = more === 0 ? '' : ` ${more} more ${more === 1 ? 'check fails' : 'checks fail'}.`;
    return `${failures[0]!.detail}${rest}`;
  }
  const inconclusive = verdict.checks.find(({ outcome }) => outcome === 'inconclusive');
  if (inconclusive) {
    const then =
      policy.inconclusive === 'hold' ? '' : ` The policy ${policy.inconclusive}s what is inconclusive.`;
    return `Inconclusive: ${whyInconclusive(inconclusive, verdict)}${then}`;
  }
  return whyPromoted(verdict);
}

function whyInconclusive(
  check: Check,
  { n, primary, smallest_detectable_difference: smallest }: Omit<Verdict, 'reason' | 'notes'>,
) {
  if (check.name !== 'champion' || smallest === null || check.value === null) return check.detail;
  const yours = shownNumber(check.value, 2);
  return `${shownCount(n)} rows can show a difference of ${shownNumber(smallest, 2)} in ${primary}, yours is ${yours}.`;
}

function whyPromoted({ metrics, primary, confidence }: Omit<Verdict, 'reason' | 'notes'>): string {
  const { candidate, champion, interval, difference, difference_interval: differences } = metrics[primary]!;
  const range = (of: Interval | null) =>
    of === null
      ? ''
      : ` (${shownPercent(confidence)} interval ${shownNumber(of[0])} to ${shownNumber(of[1])})`;
  const own = `${primary} is ${shownNumber(candidate)}`;
  if (champion === null || difference === null) {
    return `${own}${range(interval)}, and every check passes; there is no champion.`;
  }
  const change = `a difference of ${shownNumber(difference)}${range(differences)}`;
  return `${own} against the champion's ${shownNumber(champion)}, ${change}, and every check passes.`;
}

/** What could not be computed and why, and what the policy does that a reader must know. */
export function notesFor(
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  looks: number,
): string[] {
  const notes = policy.enforce ? [] : ['Not enforced: the verdict is reported, and nobody is held to it.'];
  for (const [metric, reason] of candidate.absent) notes.push(`${metric} cannot be computed: ${reason}.`);
  for (const [metric, reason] of champion?.absent ?? []) {
    if (!candidate.absent.has(metric)) notes.push(`${metric} of the champion cannot be computed: ${reason}.`);
  }
  if (looks > 1 && champion !== null) notes.push(looksNote(policy, looks));
  return notes;
}

/** How many false promotions so many looks bring, for challengers chosen without sight of earlier results. */
function looksNote({ champion: { rule }, reuse, confidence }: GatePolicy, looks: number): string {
  const alpha = 1 - confidence;
  const expected = shownNumber(looks * alpha, 2);
  const look = `Look ${looks} at this holdout:`;
  if (rule === 'non_inferior') {
    return `${look} of ${looks} challengers worse by the whole margin, about ${expected} would pass by luck.`;
  }
  if (reuse === 'report')
    return `${look} of ${looks} challengers no better than the champion, about ${expected} would pass by luck.`;
  const level = shownPercent(1 - alpha / (looks * (looks + 1)));
  return `${look} this one is held to ${level}, so that a series of tied challengers is promoted from in at most ${shownPercent(alpha)} of cases.`;
}

import {
  decimalsFor,
  formatConfidence,
  formatCount,
  formatInterval,
  formatSigned,
  formatValue,
} from '../format.ts';
import { metricText } from '../metrics.ts';
import type { Model } from '../statistics/model.ts';
import type { GatePolicy } from './policy.ts';
import type { Check, Verdict } from './verdict.ts';
import { amountOf } from './wording.ts';

type Facts = Omit<Verdict, 'reason' | 'notes'>;

/** The verdict in one sentence: the first check that fails, else the first that is inconclusive, else the numbers. */
export function reasonFor(verdict: Facts, policy: GatePolicy): string {
  const failures = verdict.checks.filter(({ outcome }) => outcome === 'fail');
  if (failures.length > 0) {
    const more = failures.length - 1;
    const rest = more === 0 ? '' : ` ${more} more ${more === 1 ? 'check fails' : 'checks fail'}.`;
    return `${failures[0]!.detail}${rest}`;
  }
  const inconclusive = verdict.checks.find(({ outcome }) => outcome === 'inconclusive');
  if (inconclusive) {
    const then =
      policy.inconclusive === 'hold' ? '' : ` The policy ${policy.inconclusive}s inconclusive candidates.`;
    return `Inconclusive: ${whyInconclusive(inconclusive, verdict)}${then}`;
  }
  return whyPromoted(verdict);
}

/** Says if the difference is too small for the holdout to show; otherwise the check's bound explains the outcome. */
function whyInconclusive(
  check: Check,
  { n, primary, metrics, smallest_detectable_difference: smallest }: Facts,
): string {
  const { name, value } = check;
  if (name !== 'champion' || smallest === null || value === null || Math.abs(value) > smallest) {
    return check.detail;
  }
  const { label } = metricText(primary);
  const decimals = decimalsFor(metrics[primary]?.candidate, metrics[primary]?.champion);
  const yours = value === 0 ? 'yours is none' : `yours is ${amountOf(value, decimals)}`;
  return `${formatCount(n)} rows can show a difference of ${formatValue(smallest, decimals)} in ${label}, ${yours}.`;
}

function whyPromoted({ metrics, primary, confidence, checks }: Facts): string {
  const { candidate, champion, interval, difference_interval: differences } = metrics[primary]!;
  const decimals = decimalsFor(candidate, champion);
  const own = `${metricText(primary).label} is ${formatValue(candidate, decimals)}`;
  const level = formatConfidence(confidence);
  if (champion === null) {
    const range = interval === null ? '' : ` (${level} interval ${formatInterval(interval, decimals)})`;
    return `${own}${range}, and every check passes; there was no champion to compare with.`;
  }
  const change = checks.find(({ name }) => name === 'champion')?.value ?? 0;
  const how = change === 0 ? 'no difference' : amountOf(change, decimals);
  const range = `${level} interval of the difference ${formatInterval(differences, decimals, formatSigned)}`;
  return `${own} against the champion's ${formatValue(champion, decimals)}, ${how} (${range}), and every check passes.`;
}

/** Notes on metrics that could not be computed and why, and on the policy (not enforced, repeated looks). */
export function notesFor(
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  looks: number,
): string[] {
  const notes = policy.enforce ? [] : ['Not enforced: the verdict is reported but does not block promotion.'];
  for (const [metric, reason] of candidate.absent) {
    notes.push(`${metricText(metric).label} cannot be computed: ${reason}.`);
  }
  for (const [metric, reason] of champion?.absent ?? []) {
    if (!candidate.absent.has(metric)) {
      notes.push(`${metricText(metric).label} of the champion cannot be computed: ${reason}.`);
    }
  }
  if (looks > 1 && champion !== null) notes.push(looksNote(policy, looks));
  return notes;
}

/** The expected number of false promotions after so many looks, if challengers were chosen without earlier results. */
function looksNote({ champion: { rule }, reuse, confidence }: GatePolicy, looks: number): string {
  const alpha = 1 - confidence;
  const expected = formatValue(looks * alpha, looks * alpha < 0.1 ? 2 : 1);
  const look = `Look ${looks} at this holdout:`;
  if (rule === 'non_inferior') {
    return `${look} of ${looks} challengers worse by the whole margin, about ${expected} would pass by luck.`;
  }
  if (reuse === 'report')
    return `${look} of ${looks} challengers no better than the champion, about ${expected} would pass by luck.`;
  const level = formatConfidence(1 - alpha / (looks * (looks + 1)));
  return `${look} it is held to ${level} confidence, so that at most ${formatConfidence(alpha)} of series of tied challengers see any promotion.`;
}

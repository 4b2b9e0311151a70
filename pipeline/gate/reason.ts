import { decimalsFor, formatConfidence, formatInterval, formatSigned, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import { type Model, metricOf } from '../statistics/model.ts';
import type { GatePolicy } from './policy.ts';
import type { Verdict } from './verdict.ts';
import { amountOf, countsText } from './wording.ts';

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
    return `Inconclusive: ${inconclusive.detail}${then}`;
  }
  return whyPromoted(verdict);
}

function whyPromoted(verdict: Facts): string {
  const { metrics, primary, confidence, checks } = verdict;
  const { candidate, champion, interval, difference_interval: differences } = metrics[primary]!;
  const decimals = decimalsFor(candidate, champion);
  const own = `${metricText(primary).label} is ${formatValue(candidate, decimals)}`;
  const level = formatConfidence(confidence);
  if (champion === null) {
    const range = interval === null ? '' : ` (${level} interval ${formatInterval(interval, decimals)})`;
    return `${own}${range}. ${whatWasJudged(verdict)}, and there was no champion to compare with.`;
  }
  const change = checks.find(({ name }) => name === 'champion')?.value ?? 0;
  const how = change === 0 ? 'no difference' : amountOf(change, decimals);
  const range = differences
    ? ` (${level} interval of the difference ${formatInterval(differences, decimals, formatSigned)})`
    : '';
  return `${own} against the champion's ${formatValue(champion, decimals)}, ${how}${range}. ${whatWasJudged(verdict)}.`;
}

/** The checks that a promotion rests on. Those that were not judged are no passes. */
function whatWasJudged({ checks, check_counts: counts }: Facts): string {
  if (counts.pass === 0) return 'No check was judged';
  const passes = (start: string) =>
    checks.some(({ name, outcome }) => outcome === 'pass' && name.startsWith(start));
  const told = `Checks: ${countsText(counts)}`;
  if (passes('threshold')) return told;
  if (!passes('floor')) return `${told}; no threshold is set`;
  return passes('champion') || passes('anchor')
    ? `${told}; no threshold is set, so besides the models compared only the trivial model was beaten`
    : `Only the trivial model was beaten: no threshold is set (${told.toLowerCase()})`;
}

/** Notes on the policy: that it is not enforced, and what repeated looks mean. */
export function policyNotes(policy: GatePolicy, looks: number, compared: boolean): string[] {
  return [
    ...(policy.enforce ? [] : ['Not enforced: the verdict is reported but does not block promotion.']),
    ...(looks > 1 && compared ? [looksNote(policy, looks)] : []),
  ];
}

/** Notes on metrics that could not be computed and why, and on a model without any error. */
export function modelNotes(candidate: Model, champion: Model | null): string[] {
  const notes: string[] = [];
  for (const [metric, reason] of candidate.absent) {
    notes.push(`${metricText(metric).label} cannot be computed: ${reason}.`);
  }
  for (const [metric, reason] of champion?.absent ?? []) {
    if (!candidate.absent.has(metric)) {
      notes.push(`${metricText(metric).label} of the champion cannot be computed: ${reason}.`);
    }
  }
  return [...notes, ...perfectNotes(candidate)];
}

/** A model without any error is most often one that was given the answer. */
function perfectNotes(candidate: Model): string[] {
  const what = {
    binary: candidate.placements?.auc === 1 ? 'The scores separate the classes perfectly' : null,
    multiclass: metricOf(candidate, 'roc_auc_ovr') === 1 ? 'The scores separate the classes perfectly' : null,
    regression: metricOf(candidate, 'mae') === 0 ? 'Every value is predicted exactly' : null,
  }[candidate.rows.problem];
  return what === null
    ? []
    : [`${what}: look for leakage, that is for a column that knows the answer, and list it in data.exclude.`];
}

/** A note on the rule's errors after so many looks at one holdout, and on when the correction for looks holds. */
function looksNote({ champion: { rule }, reuse, confidence }: GatePolicy, looks: number): string {
  const alpha = 1 - confidence;
  const expected = formatValue(looks * alpha, looks * alpha < 0.1 ? 2 : 1);
  const look = `Look ${looks} at rows of this holdout that this machine knows of:`;
  if (rule === 'non_inferior') {
    const uncorrected = reuse === 'report' ? '' : ` gate.reuse: ${reuse} does not correct non_inferior.`;
    return `${look} of ${looks} challengers worse by the whole margin, about ${expected} would pass by luck.${uncorrected}`;
  }
  if (reuse === 'report')
    return `${look} of ${looks} challengers no better than the champion, about ${expected} would pass by luck.`;
  const level = formatConfidence(1 - alpha / (looks * (looks + 1)));
  const holds = `${look} it is held to ${level} confidence, so that at most ${formatConfidence(alpha)} of series of tied challengers see any promotion`;
  return reuse === 'sealed'
    ? `${holds}, however they were chosen: no look shows more than whether it passes.`
    : `${holds}. This holds if nobody chose a challenger by the results of earlier looks; otherwise set gate.reuse: sealed.`;
}

import { comparisonCheck, failed, floorCheck, minChangeCheck, passed, thresholdCheck } from './checks.ts';
import type { Estimate } from './estimate.ts';
import { joinTo, pick } from './join.ts';
import { METRICS, oriented } from './metrics.ts';
import { classOf, constantOf, type Model, metricOf, modelOf, reasonOf } from './model.ts';
import * as normal from './normal.ts';
import { type GatePolicy, resolveMargin } from './policy.ts';
import { type Sampling, samplingOf } from './sampling.ts';
import type { Scores } from './scores.ts';
import { judgeSlices } from './slices.ts';
import { shownCount, shownNumber, shownPercent } from './text.ts';
import type { Check, Interval, MetricResult, Outcome, Verdict } from './verdict.ts';

export interface GateInput {
  candidate: Scores;
  champion?: Scores | null;
  anchor?: Scores | null;
  policy: GatePolicy;
  /** Operating thresholds of binary models: 0.5 unless the model says otherwise. */
  threshold?: number | null;
  championThreshold?: number | null;
  anchorThreshold?: number | null;
  /** A whole number. */
  seed?: number;
  /** Distinct looks at this holdout so far, this one included. */
  looks?: { count: number };
  /** Of the bootstrap; 0 leaves every metric but ROC AUC without intervals. */
  replicates?: number;
}

const REPLICATES = 2000;

/**
 * The verdict on a candidate (CONTRACT.md, "How checks decide"). Pure, and the same whatever the order of rows.
 *
 * @throws ScoreFileError where the models' rows or labels are not the same
 * @throws RangeError where confidence is not between 0.5 and 1
 */
export function decide(input: GateInput): Verdict {
  const { policy, seed = 0, looks = { count: 1 }, replicates = REPLICATES } = input;
  if (!(policy.confidence > 0.5 && policy.confidence < 1)) {
    throw new RangeError(`gate.confidence: got ${policy.confidence}, expected a number between 0.5 and 1`);
  }
  const rows = inOrder(input.candidate);
  const candidate = modelOf(rows, input.threshold ?? 0.5);
  const beside = (scores: Scores | null | undefined, threshold: number | null | undefined) =>
    scores ? modelOf(joinTo(rows, scores), threshold ?? 0.5) : null;
  const champion = beside(input.champion, input.championThreshold);
  const anchor = beside(input.anchor, input.anchorThreshold);
  const models = [candidate, champion, anchor].filter((model) => model !== null);
  const sampling = samplingOf(models, { replicates, seed });
  const metrics = metricResults(candidate, champion, sampling, policy.confidence);
  const slices = judgeSlices(candidate, champion, policy);
  const comparisonLevel = championConfidence(policy, looks.count);
  const checks = [
    ...thresholdChecks(candidate, policy),
    ...(policy.floor ? [floor(candidate, policy, sampling)] : []),
    comparison('champion', candidate, champion, policy.champion, policy.primary, comparisonLevel, sampling),
    anchorCheck(candidate, anchor, policy, sampling),
    ...minChange(candidate, champion, policy),
    ...slices.checks,
  ];
  if (metricOf(candidate, policy.primary) === null) {
    checks.unshift(
      failed('primary', `${policy.primary} cannot be computed: ${reasonOf(candidate, policy.primary)}.`),
    );
  }
  const difference = champion && sampling.orientedDifference(candidate, champion, policy.primary);
  const smallest = difference ? smallestDetectable(difference, comparisonLevel) : null;
  const outcome = overall(checks, policy);
  const verdict: Omit<Verdict, 'reason' | 'notes'> = {
    outcome,
    n: rows.ids.length,
    positives: rows.problem === 'binary' ? count(rows.labels) : null,
    seed,
    confidence: policy.confidence,
    smallest_detectable_difference: smallest,
    holdout_uses: looks.count,
    primary: policy.primary,
    enforced: policy.enforce,
    metrics,
    slices: slices.results,
    checks,
  };
  const absent = [...candidate.absent].map(([metric, reason]) => `${metric} cannot be computed: ${reason}.`);
  const notes = [
    ...absent,
    ...championAbsent(candidate, champion),
    ...slices.notes,
    ...policyNotes(policy, looks.count, champion),
  ];
  return { ...verdict, reason: reasonFor(verdict, policy), notes };
}

/** Rows by class and then by id, so that their order in the file decides nothing. */
function inOrder<T extends Scores>(scores: T): T {
  const classAt = classOf(scores);
  const { ids } = scores;
  const order = Uint32Array.from(ids, (_, row) => row);
  order.sort((a, b) => classAt(a) - classAt(b) || (ids[a]! < ids[b]! ? -1 : 1));
  return pick(scores, order);
}

const count = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

function metricResults(candidate: Model, champion: Model | null, sampling: Sampling, confidence: number) {
  const results: Record<string, MetricResult> = {};
  for (const metric of Object.keys(METRICS[candidate.rows.problem])) {
    const value = metricOf(candidate, metric);
    if (value === null) continue;
    const championValue = champion && metricOf(champion, metric);
    const own = sampling.of(candidate, metric);
    const theirs = champion && sampling.of(champion, metric);
    const difference = champion && sampling.difference(candidate, champion, metric);
    const interval = (estimate: Estimate | null) => estimate && intervalOf(estimate, confidence);
    const clip = (of: Interval | null): Interval | null =>
      of && metric === 'roc_auc' ? [Math.max(0, of[0]), Math.min(1, of[1])] : of;
    const note = noteFor(metric, candidate, own, difference);
    results[metric] = {
      candidate: value,
      champion: championValue,
      interval: clip(interval(own)),
      champion_interval: clip(interval(theirs)),
      difference: championValue === null ? null : value - championValue,
      difference_interval: interval(difference),
      p_value: difference?.pValue ?? null,
      method: own === null ? 'none' : metric === 'roc_auc' ? 'DeLong' : 'bootstrap',
      ...(note === '' ? {} : { note }),
    };
  }
  return results;
}

function intervalOf(estimate: Estimate, confidence: number): Interval {
  const tail = (1 - confidence) / 2;
  return [estimate.quantile(tail), estimate.quantile(1 - tail)];
}

function noteFor(metric: string, model: Model, own: Estimate | null, difference: Estimate | null): string {
  const notes = [model.notes.get(metric)];
  if (own === null) notes.push('no interval: too few rows');
  else if (own.standardError === 0)
    notes.push('variance 0: the interval is a point, and says nothing of other rows');
  if (difference?.standardError === 0) {
    notes.push(
      difference.value === 0 ? 'the models do not differ: p is 1' : "the difference's variance is 0",
    );
  }
  return notes.filter((note) => note !== undefined).join('; ');
}

function thresholdChecks(candidate: Model, { thresholds }: GatePolicy): Check[] {
  return Object.entries(thresholds).flatMap(([metric, limits]) => {
    const bounds = (['min', 'max'] as const).filter((bound) => limits?.[bound] !== undefined);
    return bounds.map((bound) => {
      const name = bounds.length === 1 ? `threshold ${metric}` : `threshold ${metric} ${bound}`;
      const value = metricOf(candidate, metric);
      if (value === null)
        return failed(name, `${metric} cannot be computed: ${reasonOf(candidate, metric)}.`);
      return thresholdCheck(name, metric, value, bound, limits![bound]!);
    });
  });
}

function floor(candidate: Model, { primary, confidence }: GatePolicy, sampling: Sampling): Check {
  if (metricOf(candidate, primary) === null) {
    return failed('floor', `${primary} cannot be computed: ${reasonOf(candidate, primary)}.`);
  }
  const constant = constantOf(candidate.rows, primary);
  if (constant === null)
    return failed(
      'floor',
      `A constant prediction has no ${primary}: choose another primary metric, or set floor to false.`,
    );
  const estimate = sampling.oriented(candidate, primary);
  if (estimate === null) return failed('floor', `${primary} has no bound: too few rows.`);
  const definition = METRICS[candidate.rows.problem][primary]!;
  return floorCheck(
    primary,
    estimate,
    oriented(definition, constant),
    definition.better === 'lower' ? -1 : 1,
    confidence,
  );
}

function comparison(
  name: 'champion' | 'anchor',
  candidate: Model,
  other: Model | null,
  rule: GatePolicy['champion'],
  metric: string,
  confidence: number,
  sampling: Sampling,
): Check {
  if (other === null) return passed(name, 'none');
  for (const [model, who] of [
    [candidate, 'the candidate'],
    [other, `the ${name}`],
  ] as const) {
    if (metricOf(model, metric) === null) {
      return failed(name, `${metric} of ${who} cannot be computed: ${reasonOf(model, metric)}.`);
    }
  }
  const difference = sampling.orientedDifference(candidate, other, metric);
  if (difference === null) return failed(name, `The difference in ${metric} has no bound: too few rows.`);
  const otherValue = metricOf(other, metric)!;
  const margin = rule.rule === 'superior' ? 0 : resolveMargin(rule.margin, otherValue);
  if (Number.isNaN(margin)) {
    return failed(
      name,
      `The margin is ${JSON.stringify(rule.margin)}, expected a number of at least 0 or a share such as "5%".`,
    );
  }
  const scale = Math.abs(otherValue) + Math.abs(difference.value);
  return comparisonCheck(name, { metric, other: name, difference, scale, margin, confidence });
}

function anchorCheck(
  candidate: Model,
  anchor: Model | null,
  { anchor: rule, primary, confidence }: GatePolicy,
  sampling: Sampling,
) {
  if (anchor === null && rule.package !== null && rule.package !== 'none') {
    return failed('anchor', `The policy names the anchor ${rule.package}, and there are no scores of it.`);
  }
  const nonInferior = { rule: 'non_inferior', margin: rule.margin } as const;
  return comparison('anchor', candidate, anchor, nonInferior, primary, confidence, sampling);
}

function minChange(
  candidate: Model,
  champion: Model | null,
  { min_change: limits, primary }: GatePolicy,
): Check[] {
  if (limits === null) return [];
  if (champion === null) return [passed('min_change', 'none')];
  const values = [metricOf(candidate, primary), metricOf(champion, primary)] as const;
  if (values[0] === null || values[1] === null)
    return [failed('min_change', `${primary} cannot be computed.`)];
  const definition = METRICS[candidate.rows.problem][primary]!;
  const difference = oriented(definition, values[0]) - oriented(definition, values[1]);
  const scale = Math.max(Math.abs(values[0]), Math.abs(values[1]));
  const least = [
    ...(limits.absolute === undefined ? [] : [limits.absolute]),
    ...(limits.relative === undefined ? [] : [limits.relative * Math.abs(values[1])]),
  ];
  return least.length === 0 ? [] : [minChangeCheck(primary, difference, scale, least)];
}

/**
 * The level that the champion rule is held to. With `reuse: correct` the k-th look of `superior` gets
 * alpha / (k (k + 1)): over all looks these add up to alpha.
 */
function championConfidence({ reuse, champion, confidence }: GatePolicy, look: number): number {
  if (reuse !== 'correct' || champion.rule !== 'superior') return confidence;
  return 1 - (1 - confidence) / (look * (look + 1));
}

/** The true difference that a one-sided test at this confidence shows with 80 % power: (z_confidence + z_0.8) standard errors. */
function smallestDetectable({ standardError }: Estimate, confidence: number): number {
  return (normal.quantile(confidence) + normal.quantile(0.8)) * standardError;
}

function overall(checks: readonly Check[], { inconclusive }: GatePolicy): Outcome {
  if (checks.some(({ outcome }) => outcome === 'fail')) return 'reject';
  return checks.some(({ outcome }) => outcome === 'inconclusive') ? inconclusive : 'promote';
}

function reasonFor(verdict: Omit<Verdict, 'reason' | 'notes'>, policy: GatePolicy): string {
  const { checks, metrics, primary, n, smallest_detectable_difference: smallest } = verdict;
  const failures = checks.filter(({ outcome }) => outcome === 'fail');
  const [failure] = failures;
  if (failure) {
    const more = failures.length - 1;
    return `${failure.detail}${more === 0 ? '' : ` ${more} more ${more === 1 ? 'check fails' : 'checks fail'}.`}`;
  }
  const inconclusive = checks.find(({ outcome }) => outcome === 'inconclusive');
  if (inconclusive) {
    const why =
      inconclusive.name === 'champion' && smallest !== null && inconclusive.value !== null
        ? `${shownCount(n)} rows can show a difference of ${shownNumber(smallest, 2)} in ${primary}, yours is ${shownNumber(inconclusive.value, 2)}.`
        : inconclusive.detail;
    const despite =
      policy.inconclusive === 'promote'
        ? ' The policy promotes what is inconclusive.'
        : policy.inconclusive === 'reject'
          ? ' The policy rejects what is inconclusive.'
          : '';
    return `Inconclusive: ${why}${despite}`;
  }
  const { candidate, champion, interval, difference, difference_interval: differences } = metrics[primary]!;
  const level = shownPercent(policy.confidence);
  const range = (of: Interval | null) =>
    of ? ` (${level} interval ${shownNumber(of[0], 3)} to ${shownNumber(of[1], 3)})` : '';
  const own = `${primary} is ${shownNumber(candidate, 3)}`;
  if (champion === null || difference === null)
    return `${own}${range(interval)}, and every check passes; there is no champion.`;
  const change = `a difference of ${shownNumber(difference, 3)}${range(differences)}`;
  return `${own} against the champion's ${shownNumber(champion, 3)}, ${change}, and every check passes.`;
}

function championAbsent(candidate: Model, champion: Model | null): string[] {
  if (champion === null) return [];
  return [...champion.absent]
    .filter(([metric]) => !candidate.absent.has(metric))
    .map(([metric, reason]) => `${metric} of the champion cannot be computed: ${reason}.`);
}

function policyNotes(policy: GatePolicy, looks: number, champion: Model | null): string[] {
  const notes = policy.enforce ? [] : ['Not enforced: the verdict is reported, and nobody is held to it.'];
  if (looks > 1 && champion !== null) notes.push(looksNote(policy, looks));
  return notes;
}

/** How many false promotions so many looks bring, for challengers chosen without sight of earlier results. */
function looksNote({ champion: { rule }, reuse, confidence }: GatePolicy, looks: number): string {
  const alpha = 1 - confidence;
  const expected = shownNumber(looks * alpha, 2);
  if (rule === 'non_inferior') {
    return `Look ${looks} at this holdout: of ${looks} challengers worse by the whole margin, about ${expected} would pass by luck.`;
  }
  return reuse === 'correct'
    ? `Look ${looks} at this holdout: this one is held to ${shownPercent(1 - alpha / (looks * (looks + 1)))}, so that all looks together promote a tied challenger in at most ${shownPercent(alpha)} of series.`
    : `Look ${looks} at this holdout: of ${looks} challengers no better than the champion, about ${expected} would pass by luck.`;
}

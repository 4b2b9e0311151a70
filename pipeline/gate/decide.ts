import { formatCount } from '../format.ts';
import { metricsOf } from '../metrics.ts';
import { type Estimate, intervalOf, valueIntervalOf } from '../statistics/estimate.ts';
import { classOf, type Model, metricOf, modelOf } from '../statistics/model.ts';
import * as normal from '../statistics/normal.ts';
import { type Sampling, samplingOf } from '../statistics/sampling.ts';
import { pick, type Scores } from '../statistics/scores.ts';
import { joinTo } from './join.ts';
import type { GatePolicy } from './policy.ts';
import { notesFor, reasonFor } from './reason.ts';
import {
  anchorCheck,
  championCheck,
  floorChecks,
  minChangeChecks,
  primaryChecks,
  thresholdChecks,
} from './rules.ts';
import { judgeSlices } from './slices.ts';
import type { Check, MetricResult, Outcome, Verdict } from './verdict.ts';

export interface GateInput {
  candidate: Scores;
  champion?: Scores | null;
  anchor?: Scores | null;
  policy: GatePolicy;
  /** Operating thresholds of binary models. @default 0.5 */
  threshold?: number | null;
  championThreshold?: number | null;
  anchorThreshold?: number | null;
  /** A whole number. */
  seed?: number;
  /** Distinct looks at this holdout so far, this one included. */
  looks?: { count: number };
  /** Bootstrap replicates; with 0, only ROC AUC has intervals. */
  replicates?: number;
}

const MOST_REPLICATES = 2000;
const LEAST_REPLICATES = 200;
/** Most rows drawn in all, which take some ten seconds. */
const MOST_DRAWS = 1e8;

/**
 * Decides the verdict on a candidate, whatever the order of rows: a failed check rejects; otherwise an inconclusive one
 * gives the outcome of `gate.inconclusive`; otherwise the gate promotes.
 *
 * @throws ScoreFileError if the models' rows or labels differ
 * @throws RangeError if confidence is not between 0.5 and 1
 */
export function decide(input: GateInput): Verdict {
  const { policy, seed = 0, looks = { count: 1 }, replicates = replicatesFor(input.candidate) } = input;
  if (!(policy.confidence > 0.5 && policy.confidence < 1)) {
    throw new RangeError(`gate.confidence: got ${policy.confidence}, expected a number between 0.5 and 1`);
  }
  const rows = inOrder(input.candidate);
  const beside = (scores: Scores | null | undefined, threshold: number | null | undefined) =>
    scores ? modelOf(joinTo(rows, scores), threshold ?? 0.5) : null;
  const candidate = modelOf(rows, input.threshold ?? 0.5);
  const champion = beside(input.champion, input.championThreshold);
  const anchor = beside(input.anchor, input.anchorThreshold);
  const models = [candidate, champion, anchor].filter((model) => model !== null);
  const sampling = samplingOf(models, { replicates, seed });
  const level = championLevel(policy, looks.count);
  const slices = judgeSlices(candidate, champion, policy, { replicates, seed });
  const checks = [
    ...primaryChecks(candidate, policy),
    ...thresholdChecks(candidate, policy),
    ...floorChecks(candidate, policy, sampling),
    championCheck(candidate, champion, policy, level, sampling),
    anchorCheck(candidate, anchor, policy, sampling),
    ...minChangeChecks(candidate, champion, policy),
    ...slices.checks,
  ];
  const difference = champion && sampling.orientedDifference(candidate, champion, policy.primary);
  const facts = {
    outcome: overall(checks, policy),
    n: rows.ids.length,
    positives: rows.problem === 'binary' ? rows.labels.reduce((sum, label) => sum + label, 0) : null,
    seed,
    confidence: policy.confidence,
    smallest_detectable_difference: difference ? smallestDetectable(difference, level) : null,
    holdout_uses: looks.count,
    primary: policy.primary,
    enforced: policy.enforce,
    metrics: metricResults(candidate, champion, sampling, policy.confidence),
    slices: slices.results,
    checks,
  };
  const notes = [
    ...notesFor(candidate, champion, policy, looks.count),
    ...slices.notes,
    ...(replicates > 0 && replicates < MOST_REPLICATES ? [replicatesNote(replicates, rows.ids.length)] : []),
  ];
  return { reason: reasonFor(facts, policy), ...facts, notes };
}

/** Fewer replicates on more rows: there the distribution is nearly normal, and its standard error suffices. */
function replicatesFor({ ids }: Scores): number {
  return Math.min(MOST_REPLICATES, Math.max(LEAST_REPLICATES, Math.floor(MOST_DRAWS / ids.length)));
}

function replicatesNote(replicates: number, rows: number): string {
  return `Bootstrap intervals use ${formatCount(replicates)} replicates of ${formatCount(rows)} rows.`;
}

/** Sorts rows by class and then by id, so that their order in the file does not matter. */
function inOrder<T extends Scores>(scores: T): T {
  const classAt = classOf(scores);
  const { ids } = scores;
  const order = Uint32Array.from(ids, (_, row) => row);
  order.sort((a, b) => classAt(a) - classAt(b) || (ids[a]! < ids[b]! ? -1 : 1));
  return pick(scores, order);
}

/**
 * The confidence level of the champion check. With `reuse: correct`, the k-th look of `superior` gets
 * alpha / (k (k + 1)); over all looks these add up to alpha.
 */
function championLevel({ reuse, champion, confidence }: GatePolicy, look: number): number {
  if (reuse !== 'correct' || champion.rule !== 'superior') return confidence;
  return 1 - (1 - confidence) / (look * (look + 1));
}

/**
 * The true difference that a one-sided test at this confidence level shows with 80 % power, for a normal estimate:
 * (z_confidence + z_0.8) standard errors.
 */
function smallestDetectable({ standardError }: Estimate, confidence: number): number {
  return (normal.quantile(confidence) + normal.quantile(0.8)) * standardError;
}

function overall(checks: readonly Check[], { inconclusive }: GatePolicy): Outcome {
  if (checks.some(({ outcome }) => outcome === 'fail')) return 'reject';
  return checks.some(({ outcome }) => outcome === 'inconclusive') ? inconclusive : 'promote';
}

function metricResults(candidate: Model, champion: Model | null, sampling: Sampling, confidence: number) {
  const results: Record<string, MetricResult> = {};
  for (const metric of metricsOf(candidate.rows.problem)) {
    const value = metricOf(candidate, metric);
    if (value !== null)
      results[metric] = metricResult(metric, value, candidate, champion, sampling, confidence);
  }
  return results;
}

function metricResult(
  metric: string,
  value: number,
  candidate: Model,
  champion: Model | null,
  sampling: Sampling,
  confidence: number,
): MetricResult {
  const championValue = champion && metricOf(champion, metric);
  const own = sampling.of(candidate, metric);
  const theirs = champion && sampling.of(champion, metric);
  const difference = champion && sampling.difference(candidate, champion, metric);
  const note = noteFor(metric, candidate, own, difference);
  return {
    candidate: value,
    champion: championValue,
    interval: own && valueIntervalOf(metric, own, confidence),
    champion_interval: theirs && valueIntervalOf(metric, theirs, confidence),
    difference: championValue === null ? null : value - championValue,
    difference_interval: difference && intervalOf(difference, confidence),
    p_value: difference?.pValue ?? null,
    method: own === null ? 'none' : metric === 'roc_auc' ? 'DeLong' : 'bootstrap',
    ...(note === '' ? {} : { note }),
  };
}

function noteFor(metric: string, model: Model, own: Estimate | null, difference: Estimate | null): string {
  const notes = [model.notes.get(metric)];
  if (own === null) notes.push('no interval: too few rows');
  else if (own.standardError === 0)
    notes.push('variance 0: the interval is a point and says nothing about other rows');
  if (difference?.standardError === 0) {
    notes.push(
      difference.value === 0
        ? 'the models do not differ in this metric: p is 1'
        : "the difference's variance is 0",
    );
  }
  return notes.filter((note) => note !== undefined).join('; ');
}

import { formatCount, formatCountOf } from '../format.ts';
import { idealOf, metricsOf } from '../metrics.ts';
import { aucVariance, compareAucs } from '../statistics/delong.ts';
import {
  type Estimate,
  type Interval,
  intervalOf,
  normalEstimate,
  valueIntervalOf,
} from '../statistics/estimate.ts';
import { classOf, type Model, metricOf, modelOf } from '../statistics/model.ts';
import { type Sampling, samplingOf } from '../statistics/sampling.ts';
import { pick, positivesOf, type Scores } from '../statistics/scores.ts';
import { joinTo } from './join.ts';
import type { GatePolicy } from './policy.ts';
import { powerOf, smallestDetectable } from './power.ts';
import { modelNotes, policyNotes, reasonFor } from './reason.ts';
import {
  anchorCheck,
  championCheck,
  floorChecks,
  floorModel,
  marginOf,
  minChangeChecks,
  primaryChecks,
  thresholdChecks,
} from './rules.ts';
import { judgeSlices } from './slices.ts';
import type { Check, DelongResult, MetricResult, Outcome, Verdict } from './verdict.ts';
import { countChecks } from './wording.ts';

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
    scores ? modelOf(joinTo(rows, scores), threshold ?? 0.5, policy.costs) : null;
  const candidate = modelOf(rows, input.threshold ?? 0.5, policy.costs);
  const champion = beside(input.champion, input.championThreshold);
  const anchor = beside(input.anchor, input.anchorThreshold);
  const models = [candidate, champion, anchor].filter((model) => model !== null);
  const constant = floorModel(candidate, policy);
  const sampling = samplingOf(constant === null ? models : [...models, constant], { replicates, seed });
  const level = championLevel(policy, looks.count);
  const slices = judgeSlices(candidate, champion, policy, { replicates, seed });
  const checks = [
    ...primaryChecks(candidate, policy),
    ...thresholdChecks(candidate, policy, sampling),
    ...floorChecks(candidate, constant, policy, sampling),
    championCheck(candidate, champion, policy, level, sampling),
    anchorCheck(candidate, anchor, policy, sampling),
    ...minChangeChecks(candidate, champion, policy),
    ...slices.checks,
  ];
  const difference = champion && sampling.orientedDifference(candidate, champion, policy.primary);
  const facts = {
    outcome: overall(checks, policy),
    n: rows.ids.length,
    positives: positivesOf(rows),
    seed,
    confidence: policy.confidence,
    smallest_detectable_difference: difference ? smallestDetectable(difference, level) : null,
    power: difference && powerOf(difference, championMargin(champion, policy), level, rows.ids.length),
    holdout_uses: looks.count,
    primary: policy.primary,
    enforced: policy.enforce,
    metrics: metricResults(candidate, champion, sampling, policy.confidence),
    slices: slices.results,
    checks,
    check_counts: countChecks(checks),
  };
  const notes = [
    ...policyNotes(policy, looks.count, champion !== null),
    ...modelNotes(candidate, champion),
    ...slices.notes,
    ...(replicates > 0 && replicates < MOST_REPLICATES ? [replicatesNote(replicates, rows.ids.length)] : []),
    ...(sampling.redrawn > 0 ? [redrawnNote(sampling)] : []),
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

function redrawnNote({ redrawn, replicates }: Sampling): string {
  const were = redrawn === 1 ? 'was' : 'were';
  return `${formatCountOf(redrawn, 'bootstrap replicate')} had no row of a class and ${were} drawn again, beside the ${formatCount(replicates)} that count.`;
}

function championMargin(champion: Model | null, { champion: rule, primary }: GatePolicy): number | null {
  const value = champion && metricOf(champion, primary);
  return value === null ? null : marginOf(rule, primary, value);
}

/** Sorts rows by class and then by id, so that their order in the file does not matter. */
export function inOrder<T extends Scores>(scores: T): T {
  const classAt = classOf(scores);
  const { ids } = scores;
  const order = Uint32Array.from(ids, (_, row) => row);
  order.sort((a, b) => classAt(a) - classAt(b) || (ids[a]! < ids[b]! ? -1 : 1));
  return pick(scores, order);
}

/**
 * The confidence level of the champion check. With `reuse: correct` or `sealed`, the k-th look of `superior` gets
 * alpha / (k (k + 1)); over all looks these add up to alpha.
 */
function championLevel({ reuse, champion, confidence }: GatePolicy, look: number): number {
  if (reuse === 'report' || champion.rule !== 'superior') return confidence;
  return 1 - (1 - confidence) / (look * (look + 1));
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
    method: own === null ? 'none' : methodOf(metric, sampling),
    ...(metric === 'roc_auc' ? { delong: delongOf(candidate, champion, confidence) } : {}),
    ...(note === '' ? {} : { note }),
  };
}

function methodOf(metric: string, { clustered }: Sampling): MetricResult['method'] {
  if (metric === 'roc_auc') return clustered ? 'clustered score' : 'score';
  return clustered ? 'cluster bootstrap' : 'bootstrap';
}

/** DeLong's numbers as pROC gives them with the direction fixed: rows are independent there, whatever their groups. */
function delongOf(candidate: Model, champion: Model | null, confidence: number): DelongResult {
  const own = (model: Model | null): Interval | null => {
    const ranks = model?.placements ?? null;
    const estimate = ranks && normalEstimate(ranks.auc, aucVariance(ranks));
    return estimate && valueIntervalOf('roc_auc', estimate, confidence);
  };
  const [first, second] = [candidate.placements, champion?.placements ?? null];
  const compared = first && second && compareAucs(first, second);
  const difference = compared && normalEstimate(compared.difference, compared.variance);
  return {
    interval: own(candidate),
    champion_interval: own(champion),
    difference_interval: difference && intervalOf(difference, confidence),
    p_value: difference && compared!.p_value,
  };
}

function noteFor(metric: string, model: Model, own: Estimate | null, difference: Estimate | null): string {
  const notes = [model.notes.get(metric)];
  if (own === null) notes.push('no interval: too few rows');
  else if (own.standardError === 0)
    notes.push('variance 0: the interval is a point and says nothing about other rows');
  const ideal = idealOf(metric);
  if (ideal !== null && difference !== null) notes.push(`judged by its distance from ${ideal}`);
  if (difference?.standardError === 0) {
    notes.push(
      difference.value === 0
        ? 'the models do not differ in this metric: p is 1'
        : "the difference's variance is 0",
    );
  }
  return notes.filter((note) => note !== undefined).join('; ');
}

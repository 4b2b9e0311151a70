import { metricsOf } from '../metrics.ts';
import type { Interval } from '../statistics/estimate.ts';
import type { LabelledScores } from '../statistics/losses.ts';
import { decisionsOf, rawLosses, scaled, scaleOf } from '../statistics/losses.ts';
import type { Scores } from '../statistics/scores.ts';
import { watchable } from '../watchable.ts';
import type { ColumnReference, Reference, ScoreBin, ScoreReference } from './reference.ts';

const MOST_BINS = 1000;

/** Each bin has at least so many rows where scores are not tied: fewer say nothing, and show single rows. */
const ROWS_A_BIN = 5;

/** Seeds which rows the pairs of ROC AUC's losses have. */
const SEED = 1;

/**
 * What a package was like on its holdout.
 *
 * @param scores the candidate's, of the holdout
 * @param metrics the verdict's
 * @param labels the classes in the order of manifest.labels, the positive one second; empty for regression
 * @param columns of the training rows, as the prepare program counted them
 * @param threshold the lowest score that is called positive; null unless binary
 */
export function referenceOf(
  scores: Scores,
  metrics: Record<string, { candidate: number; interval: Interval | null }>,
  labels: readonly string[],
  columns: readonly ColumnReference[],
  threshold: number | null,
): Reference {
  const rows = labelledOf(scores, labels, threshold);
  const losses: Reference['losses'] = {};
  for (const metric of metricsOf(scores.problem)) {
    if (watchable(metric, scores.problem) !== null) continue;
    if (rows.decided && ['roc_auc', 'brier', 'log_loss'].includes(metric)) continue;
    const raw = rawLosses(metric, rows, SEED);
    const scale = scaleOf(metric, raw);
    if (raw.values.length === 0 || !(scale > 0)) continue;
    const { values } = scaled(metric, raw, scale);
    losses[metric] = { mean: mean(values), n: values.length, scale };
  }
  return {
    version: 1,
    problem: scores.problem,
    labels: [...labels],
    threshold,
    rows: scores.ids.length,
    scores: scoreReferences(rows, labels),
    decisions: scores.problem === 'regression' ? [] : countsOf(decisionsOf(rows), labels.length),
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, { candidate, interval }]) => [
        name,
        { value: candidate, interval },
      ]),
    ),
    losses,
    columns: [...columns],
  };
}

/** A holdout's rows as losses take them: classes by their place in `labels`. */
export function labelledOf(
  scores: Scores,
  labels: readonly string[],
  threshold: number | null,
): LabelledScores {
  const n = scores.ids.length;
  if (scores.problem === 'regression')
    return {
      problem: 'regression',
      classes: 0,
      scores: scores.predicted,
      labels: scores.labels,
      threshold: null,
      decided: false,
    };
  const k = labels.length;
  // Score files have classes in code-point order, a binary one its positive class second.
  const places = scores.classes.map((name) => labels.indexOf(name));
  if (places.includes(-1) || places.length !== k)
    throw new Error(`the scores have classes ${scores.classes.join(', ')}, expected ${labels.join(', ')}`);
  const codes = (from: ArrayLike<number>) => Float64Array.from(from, (code) => places[code]!);
  if (scores.problem === 'binary') {
    if (places[1] !== 1)
      throw new Error(`the positive class of the scores is ${scores.classes[1]}, expected ${labels[1]}`);
    return {
      problem: 'binary',
      classes: 2,
      scores: scores.scores ?? Float64Array.from(scores.predicted!),
      labels: Float64Array.from(scores.labels),
      threshold,
      decided: scores.scores === null,
    };
  }
  const decided = scores.scores === null;
  const probabilities = new Float64Array(decided ? 0 : n * k);
  if (!decided)
    for (let i = 0; i < n; i++)
      for (let c = 0; c < k; c++) probabilities[i * k + places[c]!] = scores.scores![i * k + c]!;
  return {
    problem: 'multiclass',
    classes: k,
    scores: decided ? codes(scores.predicted!) : probabilities,
    labels: codes(scores.labels),
    threshold: null,
    decided,
  };
}

function scoreReferences(rows: LabelledScores, labels: readonly string[]): ScoreReference[] {
  const { problem, classes, scores, labels: truth, threshold, decided } = rows;
  if (decided) return [];
  if (problem === 'binary') return [inBins('', scores, truth, threshold, false)];
  if (problem === 'regression') return [inBins('', scores, truth, null, true)];
  return labels.map((name, c) =>
    inBins(
      name,
      truth.map((_, i) => scores[i * classes + c]!),
      truth.map((label) => (label === c ? 1 : 0)),
      null,
      false,
    ),
  );
}

function inBins(
  name: string,
  scores: Float64Array,
  truth: Float64Array,
  threshold: number | null,
  isRegression: boolean,
): ScoreReference {
  const sorted = scores.toSorted();
  const wanted = Math.max(1, Math.min(MOST_BINS - 1, Math.floor(scores.length / ROWS_A_BIN)));
  const edges = new Set<number>();
  for (let bin = 1; bin < wanted; bin++) {
    const edge = sorted[Math.floor((bin * sorted.length) / wanted)]!;
    if (edge > sorted[0]!) edges.add(edge);
  }
  if (threshold !== null) edges.add(threshold);
  const ascending = Float64Array.from(edges).sort();
  const bins = Array.from(
    { length: ascending.length + 1 },
    (): ScoreBin => ({
      n: 0,
      sum: 0,
      positives: 0,
      ...(isRegression ? { errors: { absolute: 0, squared: 0, fourth: 0 } } : {}),
    }),
  );
  for (let i = 0; i < scores.length; i++) {
    const bin = bins[binOf(scores[i]!, ascending)]!;
    bin.n++;
    bin.sum += scores[i]!;
    bin.positives += truth[i]!;
    if (bin.errors === undefined) continue;
    const error = Math.abs(truth[i]! - scores[i]!);
    bin.errors.absolute += error;
    bin.errors.squared += error ** 2;
    bin.errors.fourth += error ** 4;
  }
  return { name, edges: [...ascending], bins };
}

/** The number of edges at or below a score: its bin. */
export function binOf(score: number, edges: ArrayLike<number>): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countsOf(codes: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const code of codes) counts[code]!++;
  return counts;
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

import { isMetric, metricFacts } from '../metrics.ts';
import { binaryConstants, binaryMetrics } from './binary-metrics.ts';
import { type Placements, placements } from './delong.ts';
import type { ModelMetrics } from './metrics.ts';
import { multiclassConstants, multiclassMetrics } from './multiclass-metrics.ts';
import { regressionConstants, regressionMetrics } from './regression-metrics.ts';
import type { Scores } from './scores.ts';

/** One model's rows and metrics. */
export interface Model extends ModelMetrics {
  rows: Scores;
  /** The operating threshold of a binary model. */
  threshold: number;
  /** null if ROC AUC cannot be computed. */
  placements: Placements | null;
}

export function modelOf(rows: Scores, threshold: number): Model {
  const metrics = modelMetrics(rows, threshold);
  const ranks = rows.problem === 'binary' && rows.scores !== null && !metrics.absent.has('roc_auc');
  return { ...metrics, rows, threshold, placements: ranks ? placements(rows.labels, rows.scores!) : null };
}

function modelMetrics(rows: Scores, threshold: number): ModelMetrics {
  if (rows.problem === 'binary') return binaryMetrics(rows, threshold);
  return rows.problem === 'multiclass' ? multiclassMetrics(rows) : regressionMetrics(rows);
}

/** The metric's value; null if it cannot be computed. */
export function metricOf(model: Model, metric: string): number | null {
  if (metric === 'roc_auc') return model.placements?.auc ?? null;
  const statistic = model.statistics.get(metric);
  if (statistic === undefined) return null;
  const n = model.rows.ids.length;
  const value = statistic(new Uint8Array(n).fill(1), n);
  return Number.isFinite(value) ? value : null;
}

/**
 * The floor's model: the constant prediction that is best in the metric on the rows, and on those of each bootstrap
 * replicate. null if a constant has no such metric; ROC AUC, which is 1/2 for every constant, needs none.
 */
export function constantModel({ rows, threshold }: Model, metric: string): Model | null {
  const statistic = constantsOf(rows).get(metric);
  if (statistic === undefined) return null;
  const none = { absent: new Map(), notes: new Map(), predicted: new Uint8Array(0), placements: null };
  return { ...none, rows, threshold, statistics: new Map([[metric, statistic]]) };
}

function constantsOf(rows: Scores): ModelMetrics['statistics'] {
  if (rows.problem === 'binary') return binaryConstants(rows);
  return rows.problem === 'multiclass' ? multiclassConstants(rows) : regressionConstants(rows);
}

/** Whether both models predict the same row for row as far as the metric sees: for ROC AUC, rank the same. */
export function predictAlike(first: Model, second: Model, metric: string): boolean {
  if (metric === 'roc_auc') return isEqual(first.placements?.doubled, second.placements?.doubled);
  if (isMetric(metric) && !metricFacts(metric).probabilities)
    return isEqual(first.predicted, second.predicted);
  return isEqual(probabilitiesOf(first.rows), probabilitiesOf(second.rows));
}

const probabilitiesOf = (rows: Scores) => ('scores' in rows ? rows.scores : null);

function isEqual(first: ArrayLike<number> | null | undefined, second: ArrayLike<number> | null | undefined) {
  if (!first || !second || first.length !== second.length) return false;
  for (let i = 0; i < first.length; i++) if (first[i] !== second[i]) return false;
  return true;
}

/** The class of each row. Regression has one. */
export function classOf(rows: Scores): (row: number) => number {
  return rows.problem === 'regression' ? () => 0 : (row) => rows.labels[row]!;
}

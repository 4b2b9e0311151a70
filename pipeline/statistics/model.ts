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
  const value = statistic(new Uint8Array(model.rows.ids.length).fill(1));
  return Number.isFinite(value) ? value : null;
}

/** The metric of the best constant prediction on these labels; null if a constant has no such metric. */
export function constantOf(rows: Scores, metric: string): number | null {
  if (rows.problem === 'binary') return binaryConstants(rows.labels).get(metric) ?? null;
  if (rows.problem === 'multiclass') return multiclassConstants(rows).get(metric) ?? null;
  return regressionConstants(rows).get(metric) ?? null;
}

/** The class of each row, by which the bootstrap is stratified. Regression has one stratum. */
export function classOf(rows: Scores): (row: number) => number {
  return rows.problem === 'regression' ? () => 0 : (row) => rows.labels[row]!;
}

import { metricsOf } from '../metrics.ts';
import { aucEstimate } from '../statistics/auc.ts';
import { placements } from '../statistics/delong.ts';
import { intervalOf } from '../statistics/estimate.ts';
import { type LabelledScores, lossValue, rawLosses } from '../statistics/losses.ts';
import { watchable } from '../watchable.ts';
import type { Measured } from './history.ts';

const { max, min, sqrt } = Math;

/** Of the normal distribution, for 95 %. */
const Z = 1.959964;

/** Metrics whose losses are 0 or 1. */
const COUNTED = ['accuracy', 'f1', 'precision', 'recall'];

/**
 * The metrics of rows with labels, each with its sampling interval at 95 %: ROC AUC as in the gate (auc.ts), shares by Wilson's
 * interval (F1 through its share of errors), mean losses by their standard error. One without a value is absent.
 *
 * @param rows usable ones
 */
export function measure(rows: LabelledScores): Record<string, Measured> {
  const measured: Record<string, Measured> = {};
  const n = rows.labels.length;
  for (const metric of metricsOf(rows.problem)) {
    if (watchable(metric, rows.problem) !== null) continue;
    if (rows.decided && ['roc_auc', 'brier', 'log_loss'].includes(metric)) continue;
    const found = metric === 'roc_auc' ? auc(rows) : byLosses(metric, rows);
    if (found !== null) measured[metric] = { ...found, n };
  }
  return measured;
}

type Found = { value: number; interval: [number, number] };

function auc({ scores, labels }: LabelledScores): Found | null {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives < 2 || labels.length - positives < 2) return null;
  const estimate = aucEstimate(placements(Uint8Array.from(labels), scores), null);
  if (estimate === null) return null;
  const [low, high] = intervalOf(estimate, 0.95);
  return { value: estimate.value, interval: [max(0, low), min(1, high)] };
}

function byLosses(metric: string, rows: LabelledScores): Found | null {
  const { values } = rawLosses(metric, rows, 0);
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const [low, high] = COUNTED.includes(metric) ? wilson(mean, n) : normal(values, mean);
  // The losses are in the metric's own unit.
  const ends = [lossValue(metric, low, 1), lossValue(metric, high, 1)];
  return { value: lossValue(metric, mean, 1), interval: [min(...ends), max(...ends)] };
}

function normal(values: Float64Array, mean: number): [number, number] {
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = Z * sqrt(variance / values.length);
  return [max(0, mean - half), mean + half];
}

/** Wilson's interval of a share (Journal of the American Statistical Association 22, 1927, 209). */
function wilson(share: number, n: number): [number, number] {
  const centre = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * sqrt((share * (1 - share)) / n + (Z / (2 * n)) ** 2);
  return [max(0, centre - half), min(1, centre + half)];
}

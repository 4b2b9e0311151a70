import { metricText } from '../metrics.ts';

const { abs, max, min } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** A function that orients a metric's values so that higher is better. */
export function orientation(metric: string): (value: number) => number {
  const { better } = metricText(metric);
  if (better === 'higher') return (value) => value;
  return better === 'lower' ? (value) => -value : (value) => -abs(value - 1);
}

/** The size of which a share is a margin: the value's own, or where the best value is 1, its distance from 1. */
export function distance(metric: string, value: number): number {
  return metricText(metric).better === 'near 1' ? abs(value - 1) : abs(value);
}

/**
 * A metric of weighted rows. The n weights are whole numbers: all 1 for the metric itself, the counts of a bootstrap
 * replicate otherwise, which has a row of each class.
 *
 * @param total the sum of the weights
 */
export type Statistic = (weights: Uint8Array, total: number) => number;

/** One model's metrics. */
export interface ModelMetrics {
  /** The metrics that can be computed, except roc_auc, which delong.ts computes. */
  statistics: Map<string, Statistic>;
  /** The reasons why other metrics cannot be computed. */
  absent: Map<string, string>;
  /** Notes on metrics' values. */
  notes: Map<string, string>;
  /** n predictions: labels by the operating threshold or the most probable class, or values. */
  predicted: Uint8Array | Int32Array | Float64Array;
}

/** A statistic that is prepared at its first call. */
export function prepared(prepare: () => Statistic): Statistic {
  let statistic: Statistic | undefined;
  return (weights, total) => {
    statistic ??= prepare();
    return statistic(weights, total);
  };
}

/** log-loss clips probabilities to [2.22e-16, 1 - 2.22e-16]. */
export const EPSILON = Number.EPSILON;

export const clipped = (probability: number): number => min(max(probability, EPSILON), 1 - EPSILON);

/** Sum of weights times values. */
export function dot(weights: Uint8Array, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[i]!;
  return sum;
}

/** Sum of the weights of rows with flag 1. */
export function countOf(weights: Uint8Array, flags: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * flags[i]!;
  return sum;
}

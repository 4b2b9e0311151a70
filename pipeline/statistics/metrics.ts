import { idealOf, metricText } from '../metrics.ts';

const { abs, max, min } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** A function that orients a metric's values so that higher is better. */
export function orientation(metric: string): (value: number) => number {
  const ideal = idealOf(metric);
  if (ideal !== null) return (value) => -abs(value - ideal);
  return metricText(metric).better === 'higher' ? (value) => value : (value) => -value;
}

/** The size of which a share is a margin: the value's own, or its distance from the best value where there is one. */
export function distance(metric: string, value: number): number {
  return abs(value - (idealOf(metric) ?? 0));
}

/**
 * A metric of weighted rows. The n weights are whole numbers: all 1 for the metric itself, the counts of a bootstrap
 * replicate otherwise, which has a row of each class.
 *
 * @param total the sum of the weights
 * @param draw a number that these weights alone have, by which statistics share their sums; none: they are not shared
 */
export type Statistic = (weights: Uint8Array, total: number, draw?: number) => number;

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
  return (weights, total, draw) => {
    statistic ??= prepare();
    return statistic(weights, total, draw);
  };
}

/** Sums of the weights that several statistics need, added up once for each draw. */
export function shared<Sums>(
  sumsOf: (weights: Uint8Array) => Sums,
): (weights: Uint8Array, draw: number | undefined) => Sums {
  let last: { draw: number; sums: Sums } | null = null;
  return (weights, draw) => {
    if (draw === undefined) return sumsOf(weights);
    if (last?.draw !== draw) last = { draw, sums: sumsOf(weights) };
    return last.sums;
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

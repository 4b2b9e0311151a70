import { Distribution } from './bootstrap.ts';
import * as normal from './normal.ts';

/** A two-sided interval. */
export type Interval = [lower: number, upper: number];

/** The distribution of a test's statistic. */
export interface Reference {
  upperTail(z: number): number;
  /** @param p in (0, 1) */
  quantile(p: number): number;
}

/** A number with its sampling distribution. */
export interface Estimate {
  value: number;
  /** Where the true value is `value` (an AUC), or 0 (a difference). */
  standardError: number;
  /** The standard error where the true value is d; absent if it does not depend on d. */
  errorAt?: (d: number) => number;
  /** The distribution of value / standard error; absent: normal. */
  reference?: Reference;
  /** Two-sided p-value of the hypothesis that the true value is 0. */
  pValue: number;
  /** One-sided p-value of the hypothesis that the true value is at most `limit`: small if it is above. */
  above(limit: number): number;
  /** One-sided p-value of the hypothesis that the true value is at least `limit`: small if it is below. */
  below(limit: number): number;
  /** The lower one-sided bound at confidence 1 - p for p < 1/2, the upper one at confidence p for p > 1/2. */
  quantile(p: number): number;
}

/** The two-sided p-value, from those of both one-sided tests. */
export const twoSided = (above: number, below: number): number => Math.min(1, 2 * Math.min(above, below));

/** A normal estimate, such as DeLong's; null if the variance is unknown. With variance 0 it is a point. */
export function normalEstimate(value: number, variance: number): Estimate | null {
  if (!(variance >= 0)) return null;
  const standardError = Math.sqrt(variance);
  const above = (limit: number) =>
    value === limit ? 0.5 : normal.upperTail((value - limit) / standardError);
  const below = (limit: number) =>
    value === limit ? 0.5 : normal.upperTail((limit - value) / standardError);
  return {
    value,
    standardError,
    above,
    below,
    pValue: twoSided(above(0), below(0)),
    quantile: (p) => (standardError === 0 ? value : value + standardError * normal.quantile(p)),
  };
}

/** An estimate that does not vary. */
export function pointEstimate(value: number): Estimate {
  return {
    value,
    standardError: 0,
    above: (limit) => (value > limit ? 0 : 1),
    below: (limit) => (value < limit ? 0 : 1),
    pValue: value === 0 ? 1 : 0,
    quantile: () => value,
  };
}

/** With fewer replicates than this beyond it, a percentile is not reliable on its own. */
const FEW_IN_TAIL = 10;

/**
 * An estimate with the percentiles of bootstrap replicates; null if a replicate has no value. Far out in the tail,
 * where few replicates lie, it uses the wider of the percentile and the normal approximation with the bootstrap's
 * standard error.
 *
 * The p-value inverts the interval: p < alpha if and only if the two-sided interval at 1 - alpha excludes 0. It is at
 * least 2 / (B + 1), the smallest that B replicates can tell from 0 (Davison and Hinkley 1997, 4.2.3).
 */
export function bootstrapEstimate(value: number, replicates: Float64Array): Estimate | null {
  const distribution = new Distribution(replicates);
  if (!Number.isFinite(value) || !distribution.isComplete) return null;
  const { standardError } = distribution;
  const carried = FEW_IN_TAIL / replicates.length;
  const smallest = 1 / (replicates.length + 1);
  /** The p at which `quantile` reaches a limit; `from` is the value's distance from it. */
  const reached = (from: number, share: number): number => {
    const tail = standardError > 0 ? normal.upperTail(from / standardError) : from > 0 ? 0 : 1;
    return Math.max(smallest, share > carried ? share : Math.min(Math.max(share, tail), carried));
  };
  const above = (limit: number) => reached(value - limit, distribution.shareUpTo(limit));
  const below = (limit: number) => reached(limit - value, distribution.shareFrom(limit));
  return {
    value,
    standardError,
    above,
    below,
    pValue: twoSided(above(0), below(0)),
    quantile(p) {
      const percentile = distribution.quantile(p);
      if (Math.min(p, 1 - p) > carried) return percentile;
      const approximate = value + standardError * normal.quantile(p);
      return p < 0.5 ? Math.min(percentile, approximate) : Math.max(percentile, approximate);
    },
  };
}

/** An estimate of which each bound and p-value is that of the least certain of several; null if one of them is missing. */
export function widestEstimate(value: number, estimates: readonly (Estimate | null)[]): Estimate | null {
  const all = estimates.filter((estimate) => estimate !== null);
  if (all.length === 0 || all.length < estimates.length) return null;
  const most = (of: (estimate: Estimate) => number) => Math.max(...all.map(of));
  const above = (limit: number) => most((estimate) => estimate.above(limit));
  const below = (limit: number) => most((estimate) => estimate.below(limit));
  return {
    value,
    standardError: most(({ standardError }) => standardError),
    above,
    below,
    pValue: twoSided(above(0), below(0)),
    quantile: (p) =>
      p < 0.5 ? -most((estimate) => -estimate.quantile(p)) : most((estimate) => estimate.quantile(p)),
  };
}

export function intervalOf(estimate: Estimate, confidence: number): Interval {
  const tail = (1 - confidence) / 2;
  return [estimate.quantile(tail), estimate.quantile(1 - tail)];
}

/** The two-sided interval of a metric's value, clipped to [0, 1] for ROC AUC. */
export function valueIntervalOf(metric: string, estimate: Estimate, confidence: number): Interval {
  const [low, high] = intervalOf(estimate, confidence);
  return metric === 'roc_auc' ? [Math.max(0, low), Math.min(1, high)] : [low, high];
}

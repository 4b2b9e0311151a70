import { Distribution } from './bootstrap.ts';
import * as normal from './normal.ts';

/** A two-sided interval. */
export type Interval = [lower: number, upper: number];

/** A number with its sampling distribution. */
export interface Estimate {
  value: number;
  standardError: number;
  /** Two-sided p-value of the hypothesis that the true value is 0. */
  pValue: number;
  quantile(p: number): number;
}

/** A normal estimate, such as DeLong's; null if the variance is unknown. With variance 0 it is a point. */
export function normalEstimate(value: number, variance: number): Estimate | null {
  if (!(variance >= 0)) return null;
  const standardError = Math.sqrt(variance);
  return {
    value,
    standardError,
    pValue: value === 0 ? 1 : 2 * normal.upperTail(Math.abs(value) / standardError),
    quantile: (p) => (standardError === 0 ? value : value + standardError * normal.quantile(p)),
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
  /** The p at which `quantile` reaches 0; called with the opposite sign for the upper end. */
  const reached = (from: number, share: number): number => {
    const tail = standardError > 0 ? normal.upperTail(from / standardError) : from > 0 ? 0 : 1;
    return share > carried ? share : Math.min(Math.max(share, tail), carried);
  };
  const tail = Math.min(reached(value, distribution.shareUpTo0), reached(-value, distribution.shareFrom0));
  return {
    value,
    standardError,
    pValue: Math.min(1, 2 * Math.max(tail, 1 / (replicates.length + 1))),
    quantile(p) {
      const percentile = distribution.quantile(p);
      if (Math.min(p, 1 - p) > carried) return percentile;
      const approximate = value + standardError * normal.quantile(p);
      return p < 0.5 ? Math.min(percentile, approximate) : Math.max(percentile, approximate);
    },
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

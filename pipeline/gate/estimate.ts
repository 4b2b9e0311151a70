import { Distribution } from './bootstrap.ts';
import * as normal from './normal.ts';

/** A number with its sampling distribution. */
export interface Estimate {
  value: number;
  standardError: number;
  /** Two-sided, of "the true value is 0". */
  pValue: number;
  quantile(p: number): number;
}

/** A normal estimate, as DeLong's; null where the variance is not known. A variance of 0 makes it a point. */
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

/** Fewer replicates than this beyond a quantile do not carry it alone. */
const FEW_IN_TAIL = 10;

/**
 * Percentiles of bootstrap replicates; null where a replicate has no value. Far out in the tail, where few
 * replicates lie, the wider of the percentile and the normal approximation with the bootstrap's standard error.
 */
export function bootstrapEstimate(value: number, replicates: Float64Array): Estimate | null {
  const distribution = new Distribution(replicates);
  if (!Number.isFinite(value) || !distribution.isComplete) return null;
  const { standardError } = distribution;
  return {
    value,
    standardError,
    pValue: distribution.pValue,
    quantile(p) {
      const percentile = distribution.quantile(p);
      if (Math.min(p, 1 - p) * replicates.length >= FEW_IN_TAIL) return percentile;
      const approximate = value + standardError * normal.quantile(p);
      return p < 0.5 ? Math.min(percentile, approximate) : Math.max(percentile, approximate);
    },
  };
}

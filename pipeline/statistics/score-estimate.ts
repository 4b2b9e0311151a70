import { type Estimate, type Reference, twoSided } from './estimate.ts';

const { max, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Estimates whose standard error depends on the value that a test supposes: an interval, bounds and p-values by
 * inverting one test.
 */

/** Steps of the search for the end of the values that are not rejected. */
const STEPS = 256;

/**
 * The test rejects a supposed value d if |value - d| > q errorAt(d). The values that it does not reject may have gaps:
 * an interval runs from the least to the greatest of them, and the p-value of a one-sided null is the largest over it.
 * So p < alpha if and only if the bound at alpha excludes the null.
 *
 * @param errorAt the standard error where the true value is d; never above `largest`
 */
export function scoreEstimate(
  value: number,
  { errorAt, largest, reference }: { errorAt: (d: number) => number; largest: number; reference: Reference },
): Estimate {
  const flipped = (d: number) => errorAt(-d);
  const above = (limit: number) => largestTail(value, limit, errorAt, largest, reference);
  const below = (limit: number) => largestTail(-value, -limit, flipped, largest, reference);
  return {
    value,
    standardError: errorAt(0),
    errorAt,
    reference,
    pValue: twoSided(above(0), below(0)),
    above,
    below,
    quantile(p) {
      if (p === 0.5) return value;
      const critical = reference.quantile(max(p, 1 - p));
      return p < 0.5
        ? leastKept(value, critical, errorAt, largest)
        : -leastKept(-value, critical, flipped, largest);
    },
  };
}

/** The least d below `value` that is not rejected. */
function leastKept(value: number, critical: number, errorAt: (d: number) => number, largest: number): number {
  const isKept = (d: number) => value - d <= critical * errorAt(d);
  const reach = critical * largest;
  let step = STEPS;
  while (step > 0 && !isKept(value - (reach * step) / STEPS)) step--;
  if (step === STEPS) return value - reach;
  let kept = value - (reach * step) / STEPS;
  let rejected = value - (reach * (step + 1)) / STEPS;
  for (let i = 0; i < 60 && rejected < kept; i++) {
    const middle = (kept + rejected) / 2;
    if (middle === kept || middle === rejected) break;
    if (isKept(middle)) kept = middle;
    else rejected = middle;
  }
  return kept;
}

const GOLDEN = (sqrt(5) - 1) / 2;

/** The largest p-value of the one-sided tests that suppose d, over all d up to the limit. */
function largestTail(
  value: number,
  limit: number,
  errorAt: (d: number) => number,
  largest: number,
  { upperTail }: Reference,
): number {
  const distance = (d: number) => (d === value ? 0 : (value - d) / errorAt(d));
  // A d further away than this is more unlikely than the limit itself.
  const least = min(limit, value - max(0, distance(limit)) * largest);
  if (least === limit || !Number.isFinite(least)) return upperTail(distance(limit));
  const width = (limit - least) / STEPS;
  let best = limit;
  for (let step = 0; step < STEPS; step++) {
    if (distance(least + step * width) < distance(best)) best = least + step * width;
  }
  let [low, high] = [max(least, best - width), min(limit, best + width)];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (distance(a) < distance(b)) high = b;
    else low = a;
  }
  return upperTail(min(distance(best), distance((low + high) / 2), distance(limit)));
}

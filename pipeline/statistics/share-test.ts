import { incompleteBeta, incompleteBetaAbove } from './incomplete-beta.ts';

const { max, min } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Rows that have something, of so many. Whole numbers. */
export interface Count {
  count: number;
  of: number;
}

/** P(X >= k) of n trials with probability p. */
function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  return k > n ? 0 : incompleteBeta(p, k, n - k + 1);
}

/** P(X <= k) of n trials with probability p. */
function atMost(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  return k < 0 ? 0 : incompleteBetaAbove(p, k + 1, n - k);
}

/** The p at which an increasing function of p reaches a value, to twelve digits of where it is. */
function solve(increasing: (p: number) => number, value: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (increasing(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The p-value of "the share of `now` is not more than `tolerance` above that of `reference`" (and, two-sided, not below it
 * either). Exact for every true share by Berger and Boos (Journal of the American Statistical Association 89, 1994, 1012):
 * the binomial tail at the bound of the reference's share that is wrong with probability `beta`, plus beta. So no p-value is
 * below beta; a tenth of the level that it is compared with loses little.
 *
 * @param tolerance difference of shares, from 0
 * @param beta in (0, 1)
 */
export function shareTest({
  now,
  reference,
  tolerance,
  beta,
  side,
}: {
  now: Count;
  reference: Count;
  tolerance: number;
  beta: number;
  side: 'above' | 'both';
}): number {
  for (const { count, of } of [now, reference])
    if (!(Number.isSafeInteger(count) && Number.isSafeInteger(of) && count >= 0 && count <= of && of > 0))
      throw new RangeError(
        `shareTest: got ${count} of ${of}, expected whole numbers, the first at most the second`,
      );
  const each = side === 'both' ? beta / 2 : beta;
  const most =
    reference.count === reference.of ? 1 : solve((p) => -atMost(reference.count, reference.of, p), -each);
  const above = atLeast(now.count, now.of, min(1, most + tolerance)) + each;
  if (side === 'above') return min(1, above);
  const least = reference.count === 0 ? 0 : solve((p) => atLeast(reference.count, reference.of, p), each);
  const below = atMost(now.count, now.of, max(0, least - tolerance)) + each;
  return min(1, 2 * min(above, below));
}

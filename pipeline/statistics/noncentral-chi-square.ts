import { logGamma, upperGamma } from './gamma.ts';

const { exp, floor, log, max, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * P(X > x) of the noncentral chi-square distribution: the mixture of central ones with df + 2j degrees of freedom and Poisson
 * weights of mean noncentrality / 2 (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 2, 29.4). The sum
 * starts well below the weights' mode and goes up, where every step adds: no digits cancel in the far tail.
 *
 * @param df degrees of freedom, above 0
 * @param noncentrality at least 0; 0 is the central distribution
 */
export function upperTail(x: number, df: number, noncentrality: number): number {
  if (!(df > 0 && noncentrality >= 0) || Number.isNaN(x))
    throw new RangeError(
      `upperTail: got x ${x}, ${df} degrees of freedom and noncentrality ${noncentrality}, expected numbers, the second above 0, the third at least 0`,
    );
  if (x <= 0) return 1;
  const half = x / 2;
  if (noncentrality === 0) return upperGamma(df / 2, half);
  const mean = noncentrality / 2;
  const first = max(0, floor(mean - 12 * sqrt(mean) - 20));
  let weight = exp(first * log(mean) - mean - logGamma(first + 1));
  let shape = df / 2 + first;
  let tail = upperGamma(shape, half);
  // Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1)
  let logStep = shape * log(half) - half - logGamma(shape + 1);
  let sum = weight * tail;
  for (let j = first + 1; ; j++) {
    tail += exp(logStep);
    shape++;
    logStep += log(half / shape);
    weight *= mean / j;
    const term = weight * tail;
    sum += term;
    // Beyond the mode the weights fall faster than the tails rise to 1.
    if (j > mean && weight < 1e-17 * sum) break;
    if (j > mean + 60 * sqrt(mean) + 2000) break;
  }
  return Math.min(1, sum);
}

/** The x with P(X > x) = p, by bisection to twelve digits. */
export function upperQuantile(p: number, df: number, noncentrality: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`upperQuantile: p is ${p}, expected a number between 0 and 1`);
  let low = 0;
  let high = df + noncentrality + 10;
  while (upperTail(high, df, noncentrality) > p) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (upperTail(middle, df, noncentrality) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The noncentrality at which P(X > x) is `power`; 0 where it is at least that with none. */
export function noncentralityFor(power: number, x: number, df: number): number {
  if (upperTail(x, df, 0) >= power) return 0;
  let low = 0;
  let high = x + 10;
  while (upperTail(x, df, high) < power) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (upperTail(x, df, middle) < power) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

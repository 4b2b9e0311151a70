import type { Random } from './random.ts';

const { exp, log, log1p, max, min, round, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** From this variance on, counts are drawn from the normal distribution, rounded. */
const LARGE = 25;

/** A Poisson count: by inversion below a mean of 25, else normal. */
export function drawPoisson(random: Random, mean: number): number {
  if (mean >= LARGE) return max(0, round(mean + sqrt(mean) * random.normal()));
  let term = exp(-mean);
  let left = random.uniform() - term;
  let count = 0;
  while (left > 0 && count < 1000) {
    count++;
    term *= mean / count;
    left -= term;
  }
  return count;
}

/** A binomial count of n trials: by inversion where its variance is below 25, else normal. */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  const variance = n * p * (1 - p);
  if (variance >= LARGE) return min(n, max(0, round(n * p + sqrt(variance) * random.normal())));
  let term = exp(n * log1p(-p));
  let left = random.uniform() - term;
  let count = 0;
  const odds = exp(log(p) - log1p(-p));
  while (left > 0 && count < n) {
    count++;
    term *= ((n - count + 1) / count) * odds;
    left -= term;
  }
  return count;
}

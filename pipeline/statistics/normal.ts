/** The standard normal distribution, to about 1e-15 relative (Abramowitz and Stegun 26.2.10, 26.2.14). */

const { PI, exp, log, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

const density = (z: number): number => exp(-0.5 * z * z) / sqrt(2 * PI);

/** P(Z > z). */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-17 * sum; k += 2) sum += term *= (z * z) / k;
    return 0.5 - density(z) * sum;
  }
  let fraction = z;
  for (let k = 150; k > 0; k--) fraction = z + k / fraction;
  return density(z) / fraction;
}

/**
 * The z with P(Z <= z) = p.
 *
 * @param p in (0, 1)
 */
export function quantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`quantile: p is ${p}, expected a number between 0 and 1`);
  if (p < 0.5) return -upperQuantile(p);
  return upperQuantile(1 - p);
}

/** The z >= 0 with P(Z > z) = q, q <= 1/2: Abramowitz and Stegun 26.2.22 (to 3e-3), then Halley's method. */
function upperQuantile(q: number): number {
  const t = sqrt(-2 * log(q));
  let z = t - (2.30753 + 0.27061 * t) / (1 + t * (0.99229 + 0.04481 * t));
  for (let i = 0; i < 3; i++) {
    const step = (upperTail(z) - q) / density(z);
    z += step / (1 - 0.5 * z * step);
  }
  return z;
}

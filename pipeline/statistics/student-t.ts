import { betaFraction } from './incomplete-beta.ts';
import * as normal from './normal.ts';

const { PI, abs, exp, log, log1p, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Student's t distribution with `df` >= 1 degrees of freedom; equals scipy's to about 1e-12 relative. */

/** From here on Hill's transformation to the normal distribution is exact to 1e-12. */
const MANY = 1000;

/** P(T > t). */
export function upperTail(t: number, df: number): number {
  if (t < 0) return 1 - upperTail(-t, df);
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (df >= MANY) return normal.upperTail(asNormal(t, df));
  const square = t * t;
  // The incomplete beta function I(df / (df + t²); df/2, 1/2), from the end at which its fraction converges fast.
  return square / (df + square) < 3 / (df + 5)
    ? 0.5 * (1 - incompleteBeta(square / (df + square), 0.5, df / 2))
    : 0.5 * incompleteBeta(df / (df + square), df / 2, 0.5);
}

/**
 * The t with P(T <= t) = p.
 *
 * @param p in (0, 1)
 */
export function quantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`quantile: p is ${p}, expected a number between 0 and 1`);
  return p < 0.5 ? -upperQuantile(p, df) : upperQuantile(1 - p, df);
}

/** Brackets the root by doubling, then halves the bracket where Newton's step on the tail's logarithm would leave it. */
function upperQuantile(q: number, df: number): number {
  if (q === 0.5) return 0;
  let low = 0;
  let high = 1;
  while (upperTail(high, df) > q) {
    low = high;
    high *= 2;
  }
  let t = (low + high) / 2;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const tail = upperTail(t, df);
    if (tail > q) low = t;
    else high = t;
    const next = t + (log(tail / q) * tail) / density(t, df);
    if (abs(next - t) <= 1e-15 * t) return next;
    t = next > low && next < high ? next : (low + high) / 2;
  }
  return t;
}

function density(t: number, df: number): number {
  return exp(logGammaRatio(df) - 0.5 * log(df * PI) - ((df + 1) / 2) * log1p((t * t) / df));
}

/** Hill's algorithm 395 (Communications of the ACM 13, 1970): the normal deviate with the same tail. */
function asNormal(t: number, df: number): number {
  const a = df - 0.5;
  const b = 48 * a * a;
  const square = a * log1p((t * t) / df);
  const z = sqrt(square);
  const last = ((4 * square + 33) * square + 240) * square + 855;
  return z + (z * (square + 3)) / b - (z * last) / (10 * b * (b + 0.8 * square * square + 100));
}

/** ln(Gamma((df + 1) / 2) / Gamma(df / 2)): of large df by its asymptotic series, of others by recurrence up to it. */
function logGammaRatio(df: number): number {
  let below = 0;
  let x = df;
  for (; x < 60; x += 2) below += log(x / (x + 1));
  const square = x * x;
  return below + 0.5 * log(x / 2) - 1 / (4 * x) + 1 / (24 * x * square) - 1 / (20 * x * square * square);
}

/** The regularized incomplete beta function with a or b = 1/2, by its continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x === 0) return 0;
  const half = a === 0.5 ? b : a; // B(half, 1/2) = sqrt(pi) Gamma(half) / Gamma(half + 1/2)
  const front = exp(a * log(x) + b * log1p(-x) + logGammaRatio(2 * half) - 0.5 * log(PI));
  return (front * betaFraction(x, a, b, { close: 1e-16, most: 10_000 })) / a;
}

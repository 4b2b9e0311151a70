import { describe, expect, test } from '@jest/globals';
import { logGamma, upperGamma } from './gamma.ts';
import { incompleteBeta, incompleteBetaAbove } from './incomplete-beta.ts';
import { noncentralityFor, upperQuantile, upperTail } from './noncentral-chi-square.ts';

const near = (found: number, expected: number, digits = 1e-8) =>
  expect(Math.abs(found / expected - 1)).toBeLessThan(digits);

describe('the noncentral chi-square tail equals scipy', () => {
  // scipy.stats.ncx2.sf(x, df, nc), chi2.sf(x, df) where nc is 0 (scipy 1.15)
  test.each([
    [5, 9, 0, 0.8343082601934075],
    [20, 9, 0, 0.017912404529843298],
    [45, 9, 0, 9.226628710549154e-7],
    [5, 9, 10, 0.9928563524262588],
    [20, 9, 10, 0.4024998915044578],
    [70, 9, 10, 4.155873134102545e-6],
    [5600, 9, 5000, 2.376142775105355e-5],
    [60_000, 19, 50_000, 5.241159331338348e-101],
    [51_500, 9, 50_000, 0.00046388692267856294],
    [1, 1, 0.5, 0.42870298961325404],
    [120, 4, 10, 2.1363841154466276e-14],
    [505_000, 9, 500_000, 0.0002148833397364046],
  ])('P(X > %d), %d degrees of freedom, noncentrality %d', (x, df, noncentrality, expected) => {
    near(upperTail(x, df, noncentrality), expected, 1e-7);
  });

  test('quantile and noncentrality are its inverses', () => {
    const x = upperQuantile(1e-6, 9, 50);
    near(upperTail(x, 9, 50), 1e-6);
    near(upperTail(x, 9, noncentralityFor(0.8, x, 9)), 0.8);
    expect(noncentralityFor(0.8, 1, 9)).toBe(0);
  });

  test('what is no distribution is refused', () => {
    expect(() => upperTail(Number.NaN, 9, 1)).toThrow('got x NaN');
    expect(() => upperTail(1, 0, 1)).toThrow('0 degrees of freedom');
    expect(() => upperQuantile(0, 9, 1)).toThrow('p is 0');
  });
});

test('ln Gamma equals scipy.special.gammaln', () => {
  for (const [x, expected] of [
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247],
    [3.7, 1.428072326665388],
    [12, 17.502307845873887],
    [250.5, 1131.2840013322552],
    [1e6, 12815504.569147611],
  ] as const)
    near(logGamma(x), expected, 1e-13);
  expect(logGamma(1)).toBeCloseTo(0, 14);
  expect(() => logGamma(0)).toThrow('x is 0');
});

test('the upper incomplete gamma function is 1 at 0, and both its ways agree where they meet', () => {
  expect(upperGamma(3, 0)).toBe(1);
  near(upperGamma(50, 51 - 1e-9), upperGamma(50, 51 + 1e-9), 1e-8);
});

test('the incomplete beta function equals scipy.special.betainc', () => {
  for (const [x, a, b, expected] of [
    [0.3, 2, 5, 0.5798250000000003],
    [0.5, 10, 10, 0.5],
    [0.01, 0.5, 30, 0.560665631094749],
    [0.001, 3, 5000, 0.8756426259625869],
    [0.52, 50_000, 50_000, 1],
    [0.9999, 100, 0.5, 0.887673851077562],
  ] as const) {
    near(incompleteBeta(x, a, b), expected, 1e-10);
    expect(incompleteBeta(x, a, b) + incompleteBetaAbove(x, a, b)).toBeCloseTo(1, 12);
  }
  expect(incompleteBeta(0, 2, 2)).toBe(0);
  expect(incompleteBeta(1, 2, 2)).toBe(1);
});

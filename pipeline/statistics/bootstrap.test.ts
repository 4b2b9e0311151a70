import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bootstrap, Distribution } from './bootstrap.ts';
import { bootstrapEstimate, normalEstimate } from './estimate.ts';
import { Random } from './random.ts';

const python = JSON.parse(readFileSync(join(import.meta.dirname, '../gate/references/python.json'), 'utf8'));

test('the generator is xoshiro128** seeded by SplitMix32', () => {
  for (const [seed, numbers] of Object.entries<number[]>(python.random)) {
    const random = new Random(Number(seed));
    for (let i = 0; i < 4090; i++) random.uniform();
    expect(numbers.map(() => random.uniform() * 2 ** 32 - 0.5)).toEqual(numbers);
    // Resampling takes up the same numbers: here the 4,091st to the 4,100th.
    const resampled = new Random(Number(seed));
    for (let i = 0; i < 4090; i++) resampled.uniform();
    const counts = new Uint8Array(12);
    resampled.resample(counts, 2, 12);
    const expected = new Uint8Array(12);
    for (const number of numbers) expected[2 + Math.floor((number * 10) / 2 ** 32)]!++;
    expect(counts).toEqual(expected);
  }
});

test('each replicate draws every stratum whole, and statistics see the same rows', () => {
  const strata = [3, 10, 300];
  const sizes = strata.map((end, i) => end - (strata[i - 1] ?? 0));
  const drawn: number[][] = [];
  const first = (weights: Uint8Array) => {
    drawn.push(strata.map((end, i) => weights.subarray(strata[i - 1] ?? 0, end).reduce((a, b) => a + b, 0)));
    return weights.reduce((sum, weight, row) => sum + weight * row, 0);
  };
  const second = (weights: Uint8Array) => 2 * weights.reduce((sum, weight, row) => sum + weight * row, 0);
  const [a, b] = bootstrap([first, second], { strata, replicates: 50, seed: 1 });
  expect(drawn).toEqual(Array.from({ length: 50 }, () => sizes));
  expect(b).toEqual(a!.map((value) => 2 * value));
  expect(new Set(a).size).toBeGreaterThan(45);
  expect(bootstrap([second], { strata, replicates: 50, seed: 1 })[0]).toEqual(b);
  expect(bootstrap([second], { strata, replicates: 50, seed: 2 })[0]).not.toEqual(b);
});

test('the spread of a mean is what theory says', () => {
  const n = 400;
  const values = Float64Array.from({ length: n }, (_, i) => Math.sin(i * i));
  const mean = values.reduce((a, b) => a + b) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / n;
  const [means] = bootstrap(
    [(weights) => weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0) / n],
    {
      strata: [n],
      replicates: 20_000,
      seed: 0,
    },
  );
  const distribution = new Distribution(means!);
  expect(distribution.standardError / deviation).toBeCloseTo(1, 1.5);
  expect((distribution.quantile(0.975) - mean) / deviation).toBeCloseTo(1.96, 1);
  expect((distribution.quantile(0.025) - mean) / deviation).toBeCloseTo(-1.96, 1);
});

test('quantiles are those of numpy and R (type 7)', () => {
  const distribution = new Distribution(Float64Array.of(3, 1, 4, 1, 5));
  expect([0, 0.1, 0.25, 0.5, 0.9, 1].map((p) => distribution.quantile(p))).toEqual([1, 1, 1, 3, 4.6, 5]);
  expect(distribution.standardError).toBeCloseTo(Math.sqrt(3.2), 14);
});

test('the p-value is below alpha where the interval leaves out 0, and there only', () => {
  const random = new Random(3);
  const shifts = Array.from({ length: 60 }, (_, i) => (i - 30) / 8);
  const continuous = shifts.map((shift) => Array.from({ length: 400 }, () => shift + random.normal()));
  // Of labels: few values, 0 among them, and a skewed one.
  const samples = [
    ...continuous,
    ...continuous.map((values) => values.map((value) => Math.round(value * 2) / 20)),
    ...continuous.map((values) => values.map((value) => Math.exp(value) - 1)),
  ];
  let [inside, outside] = [0, 0];
  for (const values of samples) {
    const mean = values.reduce((a, b) => a + b) / values.length;
    const { pValue, quantile } = bootstrapEstimate(mean, Float64Array.from(values))!;
    for (const alpha of [0.006, 0.01, 0.03, 0.0501, 0.1, 0.2, 0.5, 0.9]) {
      const leavesOut = quantile(alpha / 2) > 0 || quantile(1 - alpha / 2) < 0;
      expect(pValue < alpha).toBe(leavesOut);
      if (leavesOut) outside++;
      else inside++;
    }
  }
  expect(Math.min(inside, outside)).toBeGreaterThan(300);
});

test('the p-value counts the replicates on either side of 0, and none is below what they can tell', () => {
  const p = (values: number[], value = 4) => bootstrapEstimate(value, Float64Array.from(values))!.pValue;
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  // The 21st of 101 is 0, which is the quantile at .2.
  expect(p(upTo(101).map((i) => 20 * i - 420))).toBeCloseTo(2 * 0.2, 12);
  // None up to 0: the normal approximation of 50 with the standard error of 1 to 99, 28.72.
  expect(p(upTo(99), 50)).toBeCloseTo(0.0817228, 6);
  expect(p(upTo(99), 5000)).toBe(2 / 100);
  expect(p([-1, 1], 0)).toBe(1);
  expect(p([0, 0, 0], 0)).toBe(1);
});

test('one replicate without a value leaves no estimate', () => {
  expect(bootstrapEstimate(1, Float64Array.of(1, Number.NaN, 2))).toBeNull();
  expect(bootstrapEstimate(Number.NaN, Float64Array.of(1, 2))).toBeNull();
  expect(normalEstimate(1, Number.NaN)).toBeNull();
});

test('far in the tail the wider of percentile and normal counts', () => {
  const random = new Random(5);
  const replicates = Float64Array.from({ length: 2000 }, () => random.normal());
  const estimate = bootstrapEstimate(0, replicates)!;
  expect(estimate.quantile(0.05)).toBe(new Distribution(replicates).quantile(0.05));
  expect(estimate.quantile(1e-6)).toBeCloseTo(-4.753424 * estimate.standardError, 5);
  expect(estimate.quantile(1 - 1e-6)).toBeCloseTo(4.753424 * estimate.standardError, 5);
  const skewed = replicates.map((value) => value ** 3);
  expect(bootstrapEstimate(0, skewed)!.quantile(1e-3)).toBe(new Distribution(skewed).quantile(1e-3));
});

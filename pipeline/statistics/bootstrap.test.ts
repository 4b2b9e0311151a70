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

test('each replicate draws as many rows as there are, and statistics see the same rows', () => {
  const classes = [30, 100, 300];
  const drawn: number[][] = [];
  const totals: number[] = [];
  const rowSum = (weights: Uint8Array) => weights.reduce((sum, weight, row) => sum + weight * row, 0);
  const first = (weights: Uint8Array, total: number) => {
    drawn.push(
      classes.map((end, i) => weights.subarray(classes[i - 1] ?? 0, end).reduce((a, b) => a + b, 0)),
    );
    totals.push(total);
    return rowSum(weights);
  };
  const second = (weights: Uint8Array) => 2 * rowSum(weights);
  const { values, redrawn } = bootstrap([first, second], { classes, replicates: 50, seed: 1 });
  expect(redrawn).toBe(0);
  expect(totals).toEqual(Array.from({ length: 50 }, () => 300));
  expect(drawn.map((sizes) => sizes.reduce((a, b) => a + b))).toEqual(totals);
  // The sizes of the classes vary, as they do between holdouts.
  for (const i of [0, 1, 2]) expect(new Set(drawn.map((sizes) => sizes[i])).size).toBeGreaterThan(10);
  const [a, b] = values;
  expect(b).toEqual(a!.map((value) => 2 * value));
  expect(new Set(a).size).toBeGreaterThan(45);
  const again = (seed: number) => bootstrap([second], { classes, replicates: 50, seed }).values[0];
  expect(again(1)).toEqual(b);
  expect(again(2)).not.toEqual(b);
});

test('a replicate without a class is drawn again and counted', () => {
  const positives = (weights: Uint8Array) => weights.subarray(98).reduce((a, b) => a + b, 0);
  const { values, redrawn } = bootstrap([positives], { classes: [98, 100], replicates: 2000, seed: 1 });
  expect(values[0]!.every((count) => count > 0)).toBe(true);
  // Of replicates of 100 rows .98^100 = 13 % miss both: for each that is kept .153 are drawn again.
  expect(redrawn / 2000).toBeGreaterThan(0.12);
  expect(redrawn / 2000).toBeLessThan(0.19);
  // Where hardly any has every class, the rest has no value.
  const rare = { classes: Array.from({ length: 30 }, (_, i) => i + 1), replicates: 50, seed: 1 };
  expect(bootstrap([() => 1], rare).values[0]!.some(Number.isNaN)).toBe(true);
});

test('with clusters, whole groups are drawn', () => {
  const codes = Uint32Array.from({ length: 60 }, (_, row) => row % 20);
  const seen = (weights: Uint8Array, total: number) => {
    for (let row = 0; row < 60; row++) expect(weights[row]).toBe(weights[row % 20]);
    expect(total).toBe(weights.reduce((a, b) => a + b, 0));
    return total;
  };
  const clusters = { count: 20, codes };
  const { values } = bootstrap([seen], { classes: [60], clusters, replicates: 20, seed: 1 });
  expect(new Set(values[0])).toEqual(new Set([60]));
});

test('the spread of a mean is what theory says', () => {
  const n = 400;
  const values = Float64Array.from({ length: n }, (_, i) => Math.sin(i * i));
  const mean = values.reduce((a, b) => a + b) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / n;
  const { values: means } = bootstrap(
    [(weights) => weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0) / n],
    { classes: [n], replicates: 20_000, seed: 0 },
  );
  const distribution = new Distribution(means[0]!);
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

test('a one-sided p-value of a limit is below alpha where the bound is beyond the limit, and there only', () => {
  const random = new Random(4);
  const replicates = Float64Array.from({ length: 500 }, () => Math.exp(random.normal() / 3) - 1);
  const { above, below, quantile } = bootstrapEstimate(0.02, replicates)!;
  for (let limit = -1; limit < 2; limit += 0.013) {
    for (const alpha of [0.005, 0.01, 0.05, 0.3]) {
      expect(above(limit) < alpha).toBe(quantile(alpha) > limit);
      expect(below(limit) < alpha).toBe(quantile(1 - alpha) < limit);
    }
  }
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

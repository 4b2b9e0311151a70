import { describe, expect, test } from '@jest/globals';
import { alarmFrom, joinBins, joined, psiTest, smallestPsi } from './psi.ts';
import { Random } from './random.ts';

const { floor, max } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** How many of n rows fall in each of equally likely bins; `more` rows of the first are as likely as 1 + more of another. */
function draw(n: number, bins: number, random: Random, more = 0): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < n; i++) {
    const place = random.uniform() * (bins + more);
    counts[max(0, floor(place - more))]!++;
  }
  return counts;
}

test('index and tail equal those of numpy and scipy', () => {
  // P, Q = (counts + .5) / (sum + 2); v = sum((Q - P) log(Q / P)); u = 1/1000 + 1/1000; chi2.sf(v / u, 3), ncx2.sf(v / u, 3, .01 / u)
  const [reference, now] = [
    [300, 400, 200, 100],
    [300, 380, 250, 70],
  ] as const;
  const none = psiTest(reference, now, 0)!;
  expect(none.value).toBeCloseTo(0.02274764072203141, 14);
  expect(none.byChance).toBeCloseTo(0.006, 14);
  expect(none.tail).toBeCloseTo(1.1, 12);
  expect(none.pValue / none.tail).toBeCloseTo(0.009867063970984923, 12);
  expect(psiTest(reference, now, 0.01)!.pValue / none.tail).toBeCloseTo(0.22142205757026187, 12);
  // An index at the limit has a p-value of the level.
  const limit = alarmFrom(none, 0.01, 0.002);
  expect(limit).toBeGreaterThan(none.value);
  expect(alarmFrom(none, 0.01, none.tail * 0.22142205757026187)).toBeCloseTo(none.value, 10);
});

describe('bins are joined', () => {
  test('until each expects twenty rows', () => {
    expect(joinBins([100, 100, 100, 100], 80)).toEqual([0, 1, 2, 3]);
    expect(joinBins([100, 100, 100, 100], 79)).toEqual([0, 2]);
    expect(joinBins([19, 19, 19], 10_000)).toEqual([0]);
    expect(joined([1, 2, 3, 4], [0, 2])).toEqual([3, 7]);
  });

  test('to the most that are asked for, of about equal count', () => {
    const starts = joinBins(new Array<number>(1000).fill(10), 100_000, 10);
    expect(starts).toHaveLength(10);
    expect(joined(new Array<number>(1000).fill(10), starts)).toEqual(new Array<number>(10).fill(1000));
  });

  test('a last bin with too few rows joins the one before', () => {
    expect(joinBins([50, 50, 5], 105)).toEqual([0, 1]);
  });
});

test('no test without two bins or without rows', () => {
  expect(psiTest([10], [10], 0.1)).toBeNull();
  expect(psiTest([10, 10], [0, 0], 0.1)).toBeNull();
  expect(psiTest([0, 0], [10, 10], 0.1)).toBeNull();
});

describe('false alarms are no more than the level', () => {
  // 2,000 windows each: a share of 5 % has a standard error of .5 %.
  test.each([
    ['100 rows, a holdout of 294', 294, 100],
    ['1,000 rows, a holdout of 294', 294, 1000],
  ])('%s', (_, n, m) => {
    const random = new Random(n + m);
    const alarms = { 0.05: 0, 0.01: 0 };
    for (let window = 0; window < 2000; window++) {
      const [reference, now] = [draw(n, 10, random), draw(m, 10, random)];
      const starts = joinBins(reference, m);
      const { pValue } = psiTest(joined(reference, starts), joined(now, starts), 0)!;
      for (const level of [0.05, 0.01] as const) if (pValue <= level) alarms[level]++;
    }
    expect(alarms[0.05] / 2000).toBeLessThan(0.065);
    expect(alarms[0.05] / 2000).toBeGreaterThan(0.015);
    expect(alarms[0.01] / 2000).toBeLessThan(0.017);
  });
});

test('a shift of the size that is said to be found is found with about 80 %', () => {
  const random = new Random(3);
  const [n, m, level] = [5000, 1000, 0.001];
  const reference = new Array<number>(10).fill(n / 10);
  const sizes = { bins: 10, reference: n, now: m, tail: 1.1 };
  // `more` rows for the first bin: p = .1 against (1 + more) / (10 + more), and the others 1 / (10 + more)
  const psiOf = (more: number) => {
    const [first, other] = [(1 + more) / (10 + more), 1 / (10 + more)];
    return (first - 0.1) * Math.log(first / 0.1) + 9 * (other - 0.1) * Math.log(other / 0.1);
  };
  const wanted = smallestPsi(sizes, 0.02, level, 0.8);
  let more = 0;
  while (psiOf(more) < wanted) more += 0.001;
  let found = 0;
  for (let window = 0; window < 1000; window++) {
    const drawn = draw(n, 10, random);
    if (psiTest(drawn, draw(m, 10, random, more), 0.02)!.pValue <= level) found++;
  }
  expect(reference).toHaveLength(10);
  expect(found / 1000).toBeGreaterThan(0.74);
  expect(found / 1000).toBeLessThan(0.86);
  expect(wanted).toBeLessThan(alarmFrom(sizes, 0.02, level) * 1.2);
});

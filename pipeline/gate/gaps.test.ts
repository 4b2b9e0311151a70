import { expect, test } from '@jest/globals';
import type { Interval } from '../statistics/estimate.ts';
import { withGaps } from './gaps.ts';
import type { SliceResult } from './verdict.ts';

const slice = (column: string, value: string, n: number, candidate: number | null, interval?: Interval) => ({
  column,
  value,
  n,
  positives: null,
  metric: 'accuracy',
  candidate,
  champion: null,
  ...(interval ? { interval } : {}),
  difference: null,
  difference_interval: null,
  level: null,
  outcome: 'not_judged' as const,
  reason: '',
});
const gaps = (slices: SliceResult[]) => withGaps(slices).map(({ gap }) => gap);

test('two shares give the interval that Newcombe published', () => {
  // 56 of 70 and 48 of 80, each with its 95 % Wilson interval; Newcombe, Statistics in Medicine 17 (1998) 873, method 10:
  // .0524 to .3339 for the difference.
  const [first, reference] = gaps([
    slice('site', 'a', 70, 0.8, [0.691_833_555, 0.876_952_608]),
    slice('site', 'b', 80, 0.6, [0.490_454_65, 0.700_381_724]),
  ]);
  expect(reference).toBeUndefined();
  expect(first?.reference).toBe('b');
  expect(first?.value).toBeCloseTo(0.2, 12);
  expect(first?.interval?.[0]).toBeCloseTo(0.0524, 4);
  expect(first?.interval?.[1]).toBeCloseTo(0.3339, 4);
});

test('the reference is the largest slice of the same column that has a value', () => {
  const found = gaps([
    slice('a', 'x', 10, 0.5, [0.4, 0.6]),
    slice('a', 'y', 90, null),
    slice('a', 'z', 20, 0.7, [0.6, 0.8]),
    slice('b', 'only', 120, 0.9, [0.8, 0.95]),
  ]);
  expect(found.map((gap) => gap?.reference)).toEqual(['z', undefined, undefined, undefined]);
  expect(found[0]?.value).toBeCloseTo(-0.2, 12);
});

test('without an interval of both there is a gap, but no interval of it', () => {
  const [gap] = gaps([slice('a', 'x', 10, 0.5), slice('a', 'z', 20, 0.7, [0.6, 0.8])]);
  expect(gap).toMatchObject({ reference: 'z', interval: null });
});

import { expect, test } from '@jest/globals';
import { ascendingOrder } from './order.ts';

const data: Record<string, number[]> = {
  nothing: [],
  one: [0.5],
  'zeros of both signs': [0, -0, 1e-320, -1e-320, 0, -0],
  'next to nothing': [5e-324, 1e-300, 0, 1e-17, 2e-300, 5e-324],
  'both signs and sizes': [-1, 1, -1e300, 1e300, -1e-300, 2, -2, 0.1, -0.1],
  // Equal in the upper 32 bits, and more of them than insertion takes.
  'differing in the last bits': Array.from({ length: 500 }, (_, i) => 0.5 + ((i * 7919) % 500) * 2 ** -50),
  'ties in the last bits': Array.from({ length: 500 }, (_, i) => 0.5 + (i % 3) * 2 ** -50),
  'all equal': Array.from({ length: 100 }, () => 0.25),
  'enough for the wide digits': Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 10 ** (i % 9)),
};

// A hundred times over, so that the radix sort gets them as well as the comparison sort.
const repeated = Object.entries(data).map(([name, values]) => {
  const many = Array.from({ length: 100 }, (_, i) => values.map((value) => value * (1 + (i % 3)))).flat();
  return [`${name}, a hundred times over`, many] as const;
});

test.each([...Object.entries(data), ...repeated])('sorts %s', (_, values) => {
  const scores = Float64Array.from(values, (value) => value + 0);
  const { rows, sorted } = ascendingOrder(Float64Array.from(values));
  expect(sorted.map((value) => value + 0)).toEqual(
    Float64Array.from(
      values.toSorted((a, b) => a - b),
      (value) => value + 0,
    ),
  );
  expect(Float64Array.from(rows, (row) => scores[row]!)).toEqual(sorted.map((value) => value + 0));
  expect(new Set(rows).size).toBe(values.length);
});

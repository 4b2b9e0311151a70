import { expect, test } from '@jest/globals';
import { isotonic } from './isotonic.ts';

test("the fit equals that of scikit-learn's IsotonicRegression", () => {
  const fitted = isotonic([0.1, 0.5, 0.3, 0.4, 0.2, 0.9, 0.8, 1], [10, 2, 5, 1, 8, 3, 3, 1]);
  expect([...fitted].map((value) => Number(value.toFixed(12)))).toEqual([
    0.1, 0.28125, 0.28125, 0.28125, 0.28125, 0.85, 0.85, 1,
  ]);
});

test('entries without weight take what is before them, the first ones what is after', () => {
  expect([...isotonic([9, 0.2, 9, 0.6, 9], [0, 1, 0, 1, 0])]).toEqual([0.2, 0.2, 0.2, 0.6, 0.6]);
  expect([...isotonic([9, 9], [0, 0])]).toEqual([0, 0]);
  expect([...isotonic([], [])]).toEqual([]);
});

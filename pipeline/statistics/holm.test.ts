import { expect, test } from '@jest/globals';
import { holm } from './holm.ts';

test("adjusted p-values equal those of statsmodels' multipletests(method='holm')", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005, 0.5]).map((p) => Number(p.toFixed(10)))).toEqual([
    0.04, 0.09, 0.09, 0.025, 0.5,
  ]);
  expect(holm([])).toEqual([]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
});

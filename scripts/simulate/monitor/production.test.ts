import { expect, test } from '@jest/globals';
import { Random } from '../../../pipeline/statistics/random.ts';
import { AUC, aucOf, drawRows, emptyRows, PREVALENCE } from './production.ts';

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

test('a decay lowers the AUC by what is asked and leaves the scores as they were', () => {
  const rows = emptyRows(200_000);
  drawRows(rows, new Random(1));
  const before = mean(rows.scores);
  expect(aucOf(rows)?.auc).toBeCloseTo(AUC, 2);
  expect(mean(rows.labels)).toBeCloseTo(PREVALENCE, 2);
  drawRows(rows, new Random(2), { loss: 0.1 });
  expect(aucOf(rows)?.auc).toBeCloseTo(AUC - 0.1, 2);
  expect(mean(rows.labels)).toBeCloseTo(PREVALENCE, 2);
  expect(mean(rows.scores)).toBeCloseTo(before, 2);
});

test('a shift moves the scores and leaves what each means as it was', () => {
  const rows = emptyRows(200_000);
  drawRows(rows, new Random(3), { shift: 0.5 });
  expect(mean(rows.scores)).toBeGreaterThan(PREVALENCE + 0.05);
  expect(mean(rows.labels)).toBeCloseTo(mean(rows.scores), 2);
  const high = [...rows.labels].filter((_, row) => Math.abs(rows.scores[row]! - 0.5) < 0.05);
  expect(mean(high)).toBeCloseTo(0.5, 1);
});

test('rows of one class have no AUC', () => {
  expect(aucOf({ scores: new Float64Array(3), labels: new Uint8Array(3) })).toBeNull();
});

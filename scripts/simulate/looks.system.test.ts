import { expect, test } from '@jest/globals';
import { Random } from '../../pipeline/statistics/random.ts';
import { NON_INFERIOR, promotions, SUPERIOR, seriesPromotions } from './looks.ts';

// Seeds are fixed, so each count is the same on every run; the limits are three standard errors around what the rule
// promises. npm run simulate prints the same with more holdouts.
const holdout = { rows: 2000, positives: 400 };
const champion = 0.85;

test('superior promotes about 5 % of tied challengers', () => {
  const promoted = promotions(
    400,
    { ...holdout, champion, challenger: champion, policy: SUPERIOR },
    new Random(1),
  );
  expect(promoted).toBeGreaterThanOrEqual(7);
  expect(promoted).toBeLessThanOrEqual(33);
});

test('non_inferior promotes about 5 % of challengers worse by the margin, and none that are worse by twice that', () => {
  const run = (loss: number, times: number) =>
    promotions(
      times,
      { ...holdout, champion, challenger: champion - loss, policy: NON_INFERIOR },
      new Random(2),
    );
  const promoted = run(0.03, 300);
  expect(promoted).toBeGreaterThanOrEqual(4);
  expect(promoted).toBeLessThanOrEqual(26);
  expect(run(0.06, 100)).toBe(0);
  expect(run(0, 100)).toBeGreaterThan(75);
});

test('of twenty tied challengers on one holdout a naive rule promotes two or three', () => {
  const random = new Random(3);
  const series = Array.from({ length: 20 }, () =>
    seriesPromotions(20, { ...holdout, auc: champion, policy: 'naive' }, random),
  );
  // The running maximum of 21 equal models changes 2.65 times in expectation (the 21st harmonic number less 1).
  const mean = series.reduce((sum, count) => sum + count, 0) / series.length;
  expect(mean).toBeGreaterThan(1.8);
  expect(mean).toBeLessThan(3.5);
});

test('with reuse: correct at most 5 % of such series promote any', () => {
  const random = new Random(4);
  const policy = { ...SUPERIOR, reuse: 'correct' } as const;
  const series = Array.from({ length: 60 }, () =>
    seriesPromotions(20, { ...holdout, auc: champion, policy }, random),
  );
  expect(series.filter((count) => count > 0).length).toBeLessThanOrEqual(3);
});

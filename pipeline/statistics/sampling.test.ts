import { expect, test } from '@jest/globals';
import type { Estimate } from './estimate.ts';
import { modelOf } from './model.ts';
import { Random } from './random.ts';
import { samplingOf } from './sampling.ts';
import type { BinaryScores } from './scores.ts';

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** The difference of two models' distances from a calibration slope of 1, of which the second's is near 1. */
function slopes(n: number, random: Random, replicates: number): Estimate {
  const rows = Array.from({ length: n }, () => {
    const logit = 1.5 * random.normal() - 1;
    const noisy = (slope: number) => logistic(logit / slope + 0.3 * random.normal());
    return { label: random.uniform() < logistic(logit) ? 1 : 0, scores: [noisy(1.3), noisy(1)] };
  }).sort((a, b) => a.label - b.label);
  const [candidate, champion] = [0, 1].map((which) => {
    const scores: BinaryScores = {
      problem: 'binary',
      source: 'memory',
      ids: rows.map((_, i) => `r${i}`),
      positions: null,
      slices: new Map(),
      classes: ['0', '1'],
      labels: Uint8Array.from(rows, ({ label }) => label),
      scores: Float64Array.from(rows, (row) => row.scores[which] ?? Number.NaN),
      predicted: null,
    };
    return modelOf(scores, 0.5);
  });
  if (!candidate || !champion) throw new Error('no models');
  const sampling = samplingOf([candidate, champion], { replicates, seed: 1, metrics: ['calibration_slope'] });
  const difference = sampling.orientedDifference(candidate, champion, 'calibration_slope');
  if (difference === null) throw new Error('no difference');
  return difference;
}

test('bounds of a distance from the ideal hold near it, where it has a fold', () => {
  const random = new Random(5);
  const truth = slopes(100_000, random, 2).value;
  expect(truth).toBeCloseTo(-0.135, 1);
  const [runs, errors] = [200, { low: 0, high: 0 }];
  for (let run = 0; run < runs; run++) {
    const difference = slopes(300, random, 200);
    if (difference.quantile(0.05) > truth) errors.low++;
    if (difference.quantile(0.95) < truth) errors.high++;
  }
  // Each is to be 5 %. Had both sides of 1 been taken for the one of the estimate, the upper bound would err in 16 %.
  expect(errors.low / runs).toBeLessThanOrEqual(0.09);
  expect(errors.high / runs).toBeLessThanOrEqual(0.09);
});

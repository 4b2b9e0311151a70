import { expect, test } from '@jest/globals';
import { binormal, labelsOf, probabilitiesOf, rowsOf, scoresOf } from '../../scripts/simulate/models.ts';
import { type Costs, costThreshold } from './costs.ts';
import { metricOf, modelOf } from './model.ts';
import { Random } from './random.ts';

const costs = (fp: number, fn: number, tp = 0, tn = 0): Costs => ({
  false_positive: fp,
  false_negative: fn,
  true_positive: tp,
  true_negative: tn,
});

test('the threshold is where both decisions cost the same', () => {
  expect(costThreshold(costs(1, 1))).toBe(0.5);
  // A missed positive that costs nine times a false alarm: from 10 % on.
  expect(costThreshold(costs(1, 9))).toBeCloseTo(0.1, 12);
  const odd = costs(1.5, 7, -2, 0.25);
  const p = costThreshold(odd);
  expect(p * odd.true_positive + (1 - p) * odd.false_positive).toBeCloseTo(
    p * odd.false_negative + (1 - p) * odd.true_negative,
    12,
  );
});

test('the expected cost of four rows, by hand', () => {
  // From .2 on: a true positive, a false positive, a false negative and a true negative.
  const rows = rowsOf(Uint8Array.of(1, 0, 1, 0), Float64Array.of(0.9, 0.2, 0.19, 0.1));
  const model = modelOf(rows, 0.5, costs(1, 4));
  expect(metricOf(model, 'expected_cost')).toBe((0 + 1 + 4 + 0) / 4);
  expect(model.notes.get('expected_cost')).toContain('.200');
  expect(metricOf(modelOf(rows, 0.5), 'expected_cost')).toBeNull();
});

test('with calibrated probabilities no other threshold is cheaper', () => {
  const labels = labelsOf({ positives: 40_000, negatives: 160_000 });
  const scores = probabilitiesOf(scoresOf(labels, binormal(0.8), new Random(1)), 0.8, 0.2);
  const asked = costs(1, 6);
  const own = metricOf(modelOf(rowsOf(labels, scores), 0.5, asked), 'expected_cost') ?? Number.NaN;
  for (const threshold of [0.05, 0.1, 0.25, 0.5]) {
    const [fp, fn] = [0, 1].map(
      (label) => scores.filter((p, i) => labels[i] === label && p >= threshold !== (label === 1)).length,
    );
    expect(((fp ?? 0) + 6 * (fn ?? 0)) / labels.length).toBeGreaterThan(own);
  }
});

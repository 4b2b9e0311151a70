import { expect, test } from '@jest/globals';
import { scoresOf } from '../report/report.fixture.ts';
import type { Curve } from './curve.ts';
import { heightAt } from './curve.ts';
import { multiclassPlotsOf, plotsOf, regressionPlotsOf } from './plots.ts';

const area = (curve: Curve) =>
  curve.slice(1).reduce((sum, [x, y], i) => {
    const [x0, y0] = curve[i] ?? [0, 0];
    return sum + ((x - x0) * (y + y0)) / 2;
  }, 0);

/** The share of pairs that are ranked right, a tie counting half. */
function aucByPairs({ labels, scores }: { labels: Uint8Array; scores: Float64Array }): number {
  let right = 0;
  let pairs = 0;
  for (let i = 0; i < labels.length; i++)
    for (let j = 0; j < labels.length; j++)
      if (labels[i] === 1 && labels[j] === 0) {
        pairs++;
        right += (scores[i] ?? 0) > (scores[j] ?? 0) ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }
  return right / pairs;
}

test('the area under the ROC curve is the share of pairs ranked right', () => {
  const sample = scoresOf(255, 41, 44);
  expect(area(plotsOf(sample).roc ?? [])).toBeCloseTo(aucByPairs(sample), 10);
});

test('ties are one slanted piece', () => {
  const { roc, pr } = plotsOf({
    labels: Uint8Array.of(0, 1, 0, 1),
    scores: Float64Array.of(0.5, 0.5, 0.1, 0.9),
  });
  expect(roc).toEqual([
    [0, 0],
    [0, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  expect(pr?.at(0)).toEqual([0, 1]);
  expect(pr?.at(-1)).toEqual([1, 0.5]);
});

test('a curve of 100,000 rows is thinned to 200 points and keeps its shape', () => {
  const sample = scoresOf(100_000, 16_000, 7);
  const { roc = [], pr = [] } = plotsOf(sample);
  expect(roc.length).toBeLessThanOrEqual(200);
  expect(pr.length).toBeLessThanOrEqual(200);
  const negatives = [...sample.scores].filter((_, row) => sample.labels[row] === 0).sort((a, b) => b - a);
  const positives = [...sample.scores].filter((_, row) => sample.labels[row] === 1);
  for (const fpr of [0.01, 0.05, 0.2, 0.5, 0.9]) {
    const threshold = negatives[Math.floor(fpr * negatives.length)] ?? 0;
    const tpr = positives.filter((score) => score > threshold).length / positives.length;
    expect(Math.abs(heightAt(roc, fpr) - tpr)).toBeLessThan(0.003);
  }
});

test('calibration bins hold all rows, with equal scores in one bin', () => {
  const { labels, scores } = scoresOf(255, 41, 44);
  const bins = plotsOf({ labels, scores }).calibration ?? [];
  expect(bins).toHaveLength(10);
  expect(bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(255);
  expect(bins.reduce((sum, bin) => sum + bin.n * bin.observed, 0)).toBeCloseTo(41, 9);
  for (const bin of bins) {
    expect(bin.interval[0]).toBeLessThanOrEqual(bin.observed);
    expect(bin.interval[1]).toBeGreaterThanOrEqual(bin.observed);
  }
  const constant = plotsOf({ labels, scores: new Float64Array(255).fill(0.16) });
  expect(constant.calibration).toHaveLength(1);
});

test('the interval of a bin is Wilson’s: 8 of 10 gives .490 to .943', () => {
  const labels = Uint8Array.from({ length: 10 }, (_, row) => Number(row < 8));
  const [bin] = plotsOf({ labels, scores: new Float64Array(10).fill(0.5) }).calibration ?? [];
  expect(bin?.interval[0]).toBeCloseTo(0.4901625, 6);
  expect(bin?.interval[1]).toBeCloseTo(0.9433178, 6);
});

test('the histogram counts every row once, with scores at both ends', () => {
  const { histogram } = plotsOf({
    labels: Uint8Array.of(0, 0, 1, 1),
    scores: Float64Array.of(0, 0.999, 1, 0.5),
  });
  expect(histogram?.edges).toHaveLength(21);
  expect(histogram?.negatives).toEqual([1, ...new Array(18).fill(0), 1]);
  expect(histogram?.positives.at(-1)).toBe(1);
  expect(histogram?.positives[10]).toBe(1);
});

test('one class alone has no curves, and says no more than it can', () => {
  const { roc, pr, histogram } = plotsOf({ labels: Uint8Array.of(0, 0), scores: Float64Array.of(0.1, 0.2) });
  expect(roc).toBeUndefined();
  expect(pr).toBeUndefined();
  expect(histogram).toBeDefined();
});

test('what cannot be plotted is refused', () => {
  const scores = Float64Array.of(0.1, Number.NaN);
  expect(() => plotsOf({ labels: Uint8Array.of(0, 1), scores })).toThrow('position 2 is NaN');
  expect(() => plotsOf({ labels: Uint8Array.of(0, 2), scores: Float64Array.of(0, 1) })).toThrow('0 and 1');
  expect(() => plotsOf({ labels: Uint8Array.of(0), scores: Float64Array.of(0, 1) })).toThrow('Expected 1');
  expect(() => plotsOf({ labels: new Uint8Array(), scores: new Float64Array() })).toThrow('no rows');
});

test('multiclass: the confusion matrix has truth in rows, and each class a curve', () => {
  const { confusion, confidence, roc_by_class } = multiclassPlotsOf({
    labels: [0, 1, 2, 2],
    scores: Float64Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.6, 0.1, 0.3, 0, 0, 1),
    classes: ['a', 'b', 'c'],
  });
  expect(confusion?.counts).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
  ]);
  // The largest scores are .7 (right), .8 (right), .6 (wrong) and 1 (right).
  expect(confidence?.map(({ predicted, observed }) => [predicted, observed])).toEqual([
    [0.6, 0],
    [0.7, 1],
    [0.8, 1],
    [1, 1],
  ]);
  expect(roc_by_class?.map((curve) => curve.class)).toEqual(['a', 'b', 'c']);
  expect(area(roc_by_class?.[0]?.roc ?? [])).toBeCloseTo(1, 12);
  expect(() =>
    multiclassPlotsOf({ labels: [3], scores: Float64Array.of(1, 0, 0), classes: ['a', 'b', 'c'] }),
  ).toThrow('Row 1 has label 3');
});

test('regression: at most 500 points from the least to the largest prediction, and all residuals', () => {
  const actual = Float64Array.from({ length: 2000 }, (_, row) => row);
  const { predicted_actual, residuals } = regressionPlotsOf({ actual, predicted: actual.map((v) => v + 1) });
  expect(predicted_actual).toHaveLength(500);
  expect(predicted_actual?.at(0)).toEqual([1, 0]);
  expect(predicted_actual?.at(-1)).toEqual([2000, 1999]);
  expect(residuals?.counts.reduce((a, b) => a + b, 0)).toBe(2000);
});

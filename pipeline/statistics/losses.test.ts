import { describe, expect, test } from '@jest/globals';
import { type LabelledScores, lossAt, lossValue, rawLosses, scaled, scaleOf, usable } from './losses.ts';

const binary: LabelledScores = {
  problem: 'binary',
  classes: 2,
  scores: Float64Array.of(0.1, 0.2, 0.2, 0.4, 0.45, 0.6, 0.6, 0.8, 0.05, 0.9),
  labels: Float64Array.of(0, 0, 1, 0, 1, 1, 0, 1, 0, 1),
  threshold: 0.5,
  decided: false,
};

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the metric at the mean loss equals scikit-learn's", () => {
  test.each([
    ['accuracy', 0.7, 10],
    ['f1', 0.6666666666666666, 6],
    ['precision', 0.75, 4],
    ['recall', 0.6, 5],
    ['brier', 0.17250000000000001, 10],
    ['log_loss', 0.505418901638963, 10],
  ])('%s', (metric, expected, terms) => {
    const { values, labels } = rawLosses(metric, binary, 1);
    expect(values).toHaveLength(terms);
    expect(labels).toBeCloseTo(10 / terms, 12);
    expect(lossValue(metric, mean(values), 1)).toBeCloseTo(expected, 12);
    expect(lossAt(metric, expected, 1)).toBeCloseTo(mean(values), 12);
  });

  test('roc_auc, on average over the ways to draw pairs: .84', () => {
    let sum = 0;
    for (let seed = 0; seed < 4000; seed++) sum += mean(rawLosses('roc_auc', binary, seed).values);
    expect(1 - sum / 4000).toBeCloseTo(0.84, 2);
  });
});

test('each row is in one pair block, drawn by the seed alone', () => {
  const n = 600;
  const rows: LabelledScores = {
    ...binary,
    labels: Float64Array.from({ length: n }, (_, i) => (i % 6 === 0 ? 1 : 0)),
    scores: Float64Array.from({ length: n }, (_, i) => ((i * 7919) % n) / n),
  };
  const first = rawLosses('roc_auc', rows, 5);
  expect(rawLosses('roc_auc', rows, 5)).toEqual(first);
  expect(rawLosses('roc_auc', rows, 6)).not.toEqual(first);
  expect(first.values.length * first.labels).toBeCloseTo(n, 9);
  expect(Math.max(...first.values)).toBeLessThanOrEqual(1);
});

test('rows of one class have no pairs, and no rows no losses', () => {
  const one = { ...binary, labels: new Float64Array(10) };
  expect(rawLosses('roc_auc', one, 1).values).toHaveLength(0);
  expect(rawLosses('recall', one, 1).values).toHaveLength(0);
  const none = { ...binary, labels: new Float64Array(0), scores: new Float64Array(0) };
  for (const metric of ['roc_auc', 'accuracy', 'f1', 'brier'])
    expect(rawLosses(metric, none, 1).values).toHaveLength(0);
});

test('losses without a bound are cut where hardly any are', () => {
  const rows: LabelledScores = {
    problem: 'regression',
    classes: 0,
    scores: new Float64Array(1000),
    labels: Float64Array.from({ length: 1000 }, (_, i) => (i + 1) / 100),
    threshold: null,
    decided: false,
  };
  for (const metric of ['mae', 'rmse']) {
    const raw = rawLosses(metric, rows, 1);
    const scale = scaleOf(metric, raw);
    expect(scale).toBeGreaterThan(14);
    expect(scale).toBeLessThan(20);
    const { values } = scaled(metric, raw, scale);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    expect(lossValue(metric, mean(values), scale)).toBeCloseTo(lossValue(metric, mean(raw.values), 1), 9);
  }
  expect(scaleOf('brier', rawLosses('brier', binary, 1))).toBe(1);
});

test('multiclass: the most probable class, and the log of what the true one was given', () => {
  const rows: LabelledScores = {
    problem: 'multiclass',
    classes: 3,
    scores: Float64Array.of(0.7, 0.2, 0.1, 0.3, 0.3, 0.4, 0.2, 0.5, 0.3),
    labels: Float64Array.of(0, 1, 1),
    threshold: null,
    decided: false,
  };
  expect([...rawLosses('accuracy', rows, 1).values]).toEqual([0, 1, 0]);
  expect(rawLosses('log_loss', rows, 1).values[1]).toBeCloseTo(-Math.log(0.3), 12);
  expect([
    ...rawLosses('accuracy', { ...rows, decided: true, scores: Float64Array.of(0, 1, 2) }, 1).values,
  ]).toEqual([0, 0, 1]);
});

test('rows without a finite score, or a label that is a class, are taken out and counted', () => {
  const broken = {
    ...binary,
    scores: Float64Array.of(0.5, Number.NaN, 0.5, 0.5, Number.POSITIVE_INFINITY),
    labels: Float64Array.of(1, 1, 2, Number.NaN, 0),
  };
  const { rows, bad } = usable(broken);
  expect(bad).toBe(4);
  expect([...rows.scores]).toEqual([0.5]);
  expect(usable(binary)).toEqual({ rows: binary, bad: 0 });
});

test('a metric without a bounded loss is refused with the reason', () => {
  expect(() => rawLosses('pr_auc', binary, 1)).toThrow('it is no mean over rows');
  expect(() => rawLosses('rmse', binary, 1)).toThrow('binary models do not have it');
});

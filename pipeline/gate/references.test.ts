import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Problem } from '../metrics.ts';
import { aucDifference, aucEstimate } from '../statistics/auc.ts';
import { clusteredVariance } from '../statistics/clustered-delong.ts';
import type { Clusters } from '../statistics/clusters.ts';
import { aucVariance, compareAucs } from '../statistics/delong.ts';
import { type Estimate, type Interval, intervalOf, valueIntervalOf } from '../statistics/estimate.ts';
import { metricOf, modelOf } from '../statistics/model.ts';
import * as normal from '../statistics/normal.ts';
import { pick } from '../statistics/scores.ts';
import * as studentT from '../statistics/student-t.ts';
import { joinTo } from './join.ts';
import { readScores } from './scores.ts';

// The values of scikit-learn, statsmodels, R's pROC and glm on score files (references/make.py, references/make.R), and of
// numpy and scipy by formula (references/score.py).
const folder = join(import.meta.dirname, 'references');
const python = JSON.parse(readFileSync(join(folder, 'python.json'), 'utf8'));
const r = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'));
const score = JSON.parse(readFileSync(join(folder, 'score.json'), 'utf8'));
const roles = ['candidate', 'champion'] as const;

async function reference(name: string, problem: Problem) {
  return modelOf(await readScores(join(folder, `${name}.csv`), { problem }), python.threshold);
}

/** Equal to 1e-9, of the value's size where that is above 1. */
function expectClose(value: number | null, expected: number | null): void {
  if (value === null || expected === null) expect(value).toBe(expected);
  else expect(Math.abs(value - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-9);
}

const binary = Object.keys(python.binary).flatMap((name) => roles.map((role) => [name, role] as const));

test.each(binary)(
  'every binary metric of %s, %s, is that of scikit-learn and statsmodels',
  async (name, role) => {
    const model = await reference(`binary-${name}-${role}`, 'binary');
    const expected: Record<string, number | null> = python.binary[name][role];
    expect(Object.keys(expected)).toHaveLength(9);
    for (const [metric, value] of Object.entries(expected)) expectClose(metricOf(model, metric), value);
    expectClose(metricOf(model, 'calibration_slope'), r[name][role].calibration_slope);
  },
);

test.each(Object.keys(python.multiclass))(
  'every multiclass metric of %s is that of scikit-learn',
  async (name) => {
    const model = await reference(`multiclass-${name}`, 'multiclass');
    const expected: Record<string, number> = python.multiclass[name];
    expect(Object.keys(expected)).toHaveLength(4);
    for (const [metric, value] of Object.entries(expected)) expectClose(metricOf(model, metric), value);
  },
);

test.each(Object.keys(python.regression))(
  'every regression metric of %s is that of scikit-learn',
  async (name) => {
    const model = await reference(`regression-${name}`, 'regression');
    const expected: Record<string, number> = python.regression[name];
    expect(Object.keys(expected)).toHaveLength(4);
    for (const [metric, value] of Object.entries(expected)) expectClose(metricOf(model, metric), value);
  },
);

test.each(Object.keys(python.binary))('DeLong on %s is that of pROC', async (name) => {
  const [candidate, champion] = await Promise.all(
    roles.map(async (role) => (await reference(`binary-${name}-${role}`, 'binary')).placements!),
  );
  const expected = r[name];
  expectClose(candidate!.auc, expected.candidate.auc);
  expectClose(aucVariance(candidate!), expected.candidate.variance);
  expectClose(aucVariance(champion!), expected.champion.variance);
  const compared = compareAucs(candidate!, champion!);
  const covariance = (aucVariance(candidate!) + aucVariance(champion!) - compared.variance) / 2;
  expectClose(covariance, expected.covariance);
  expectClose(compared.p_value, expected.p_value);
  const half = normal.quantile(0.95) * Math.sqrt(compared.variance);
  expectClose(compared.difference - half, expected.difference_interval_90[0]);
  expectClose(compared.difference + half, expected.difference_interval_90[1]);
  const ownHalf = normal.quantile(0.975) * Math.sqrt(aucVariance(candidate!));
  expectClose(Math.min(1, candidate!.auc + ownHalf), expected.candidate.interval[1]);
});

/** The rows of both models by id, as score.py sorts them. */
async function sortedPair(name: string) {
  const [candidate, champion] = await Promise.all(
    roles.map((role) => readScores(join(folder, `binary-${name}-${role}.csv`), { problem: 'binary' })),
  );
  const { ids } = candidate!;
  const order = Uint32Array.from(ids.keys()).sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
  const first = pick(candidate!, order);
  return [first, joinTo(first, champion!)].map((rows) => modelOf(rows, 0.5).placements!);
}

/** An interval ends where a test's curve crosses a level, found to 1e-9. */
function expectInterval([low, high]: Interval, expected: [number, number]): void {
  expectClose(low, expected[0]);
  expectClose(high, expected[1]);
}

function expectDifference(estimate: Estimate, expected: { interval: [number, number]; p_value: number }) {
  expectInterval(intervalOf(estimate, score.confidence), expected.interval);
  expect(estimate.pValue).toBeCloseTo(expected.p_value, 6);
}

test.each(Object.keys(score.binary))(
  "an AUC's interval and the score test on %s are what numpy and scipy find by brute force",
  async (name) => {
    const [candidate, champion] = await sortedPair(name);
    const { interval, difference, clustered } = score.binary[name];
    const own = aucEstimate(candidate!, null)!;
    expectInterval(valueIntervalOf('roc_auc', own, score.confidence), interval);
    expectDifference(aucDifference(candidate!, champion!, null)!, difference);
    if (clustered === undefined) return;
    const codes = Uint32Array.from(candidate!.labels, (_, row) => row >> 2);
    const clusters: Clusters = { count: codes.at(-1)! + 1, codes };
    expectClose(clusteredVariance(candidate!, null, clusters).variance, clustered.variance);
    expectClose(clusteredVariance(candidate!, champion!, clusters).variance, clustered.difference_variance);
    const grouped = aucEstimate(candidate!, clusters)!;
    expectInterval(valueIntervalOf('roc_auc', grouped, score.confidence), clustered.interval);
    expectDifference(aucDifference(candidate!, champion!, clusters)!, clustered.difference);
  },
);

test.each(Object.entries<{ upper_tail: [number, number][]; quantile: [number, number][] }>(score.student_t))(
  "Student's t with %s degrees of freedom is that of scipy, far into the tails",
  (df, { upper_tail, quantile }) => {
    for (const [t, tail] of upper_tail) expect(studentT.upperTail(t, Number(df)) / tail).toBeCloseTo(1, 9);
    for (const [p, t] of quantile) expect(studentT.quantile(p, Number(df)) / t).toBeCloseTo(1, 11);
  },
);

test('the normal distribution is that of scipy, far into the tails', () => {
  for (const [z, tail] of python.normal.upper_tail) expect(normal.upperTail(z) / tail).toBeCloseTo(1, 12);
  for (const [p, z] of python.normal.quantile) expect(normal.quantile(p)).toBeCloseTo(z, 11);
  expect(() => normal.quantile(1)).toThrow(RangeError);
});

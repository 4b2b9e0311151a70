import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Problem } from '../metrics.ts';
import { aucVariance, compareAucs } from '../statistics/delong.ts';
import { metricOf, modelOf } from '../statistics/model.ts';
import * as normal from '../statistics/normal.ts';
import { readScores } from './scores.ts';

// The values of scikit-learn, statsmodels, R's pROC and glm on score files (references/make.py, references/make.R).
const folder = join(import.meta.dirname, 'references');
const python = JSON.parse(readFileSync(join(folder, 'python.json'), 'utf8'));
const r = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'));
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

test('the normal distribution is that of scipy, far into the tails', () => {
  for (const [z, tail] of python.normal.upper_tail) expect(normal.upperTail(z) / tail).toBeCloseTo(1, 12);
  for (const [p, z] of python.normal.quantile) expect(normal.quantile(p)).toBeCloseTo(z, 11);
  expect(() => normal.quantile(1)).toThrow(RangeError);
});

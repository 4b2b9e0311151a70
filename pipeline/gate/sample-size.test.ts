import { describe, expect, test } from '@jest/globals';
import { pairOf } from '../../scripts/simulate/models.ts';
import { aucDifference } from '../statistics/auc.ts';
import { normalEstimate } from '../statistics/estimate.ts';
import { Random } from '../statistics/random.ts';
import { chanceOf, powerCurve, rowsFor, spreadOf, spreadOfPair } from './sample-size.ts';

const estimate = (standardError: number) => normalEstimate(0, standardError ** 2)!;

describe('a normal difference', () => {
  // Chow, Shao and Wang, Sample Size Calculations in Clinical Research: n = (z_.95 + z_.8)² sd² / (lead + margin)².
  // With sd 1, that is 6.1826 / (lead + margin)².
  const spread = spreadOf(estimate(0.1), { rows: 100, rarer: null, least: 1 });
  test.each([
    [{ margin: 0.1, lead: 0 }, 619],
    [{ margin: 0.05, lead: 0 }, 2474],
    [{ margin: 0, lead: 0.05 }, 2474],
    [{ margin: 0.05, lead: 0.05 }, 619],
    [{ margin: 0.05, lead: -0.02 }, 6870],
  ])('%j needs %d rows', (asked, rows) => {
    const question = { ...asked, confidence: 0.95 };
    expect(rowsFor(question, spread, 0.8)).toBe(rows);
    expect(chanceOf(question, spread, rows)).toBeGreaterThanOrEqual(0.8);
    expect(chanceOf(question, spread, rows - 1)).toBeLessThan(0.8);
  });

  test('at the end of the margin a candidate passes with 1 - confidence, whatever the rows', () => {
    for (const rows of [10, 1e6])
      expect(chanceOf({ margin: 0.03, lead: -0.03, confidence: 0.95 }, spread, rows)).toBeCloseTo(0.05, 12);
    expect(rowsFor({ margin: 0.03, lead: -0.03, confidence: 0.95 }, spread, 0.8)).toBeNull();
    expect(rowsFor({ margin: 0, lead: 0, confidence: 0.95 }, spread, 0.8)).toBeNull();
  });
});

test('fewer rows than the gate concludes from are never enough', () => {
  const question = { margin: 1, lead: 0, confidence: 0.95 };
  const spread = spreadOf(estimate(0.1), { rows: 100, rarer: null, least: 51 });
  expect(chanceOf(question, spread, 50)).toBe(0);
  expect(rowsFor(question, spread, 0.8)).toBe(51);
});

test('two models with correlation r need 2 (1 - r) times the variance of one', () => {
  const spread = spreadOfPair(estimate(0.1), 0.75, { rows: 100, rarer: null, least: 1 });
  expect(spread.errorAt(0)).toBeCloseTo(0.1 * Math.sqrt(0.5), 12);
});

test('the curve rises and holds both today and the need', () => {
  const spread = spreadOf(estimate(0.1), { rows: 100, rarer: 40, least: 1 });
  const question = { margin: 0.05, lead: 0, confidence: 0.95 };
  const needed = rowsFor(question, spread, 0.8)!;
  const curve = powerCurve(question, spread, needed, 30);
  expect(curve).toHaveLength(30);
  for (let i = 1; i < 30; i++) expect(curve[i]!.chance).toBeGreaterThan(curve[i - 1]!.chance);
  expect(curve[0]!.rows).toBeLessThan(100);
  expect(curve.at(-1)!.rows).toBeGreaterThan(needed);
});

// The rates of equal candidates that pass a margin of .03, by simulation (docs/gate-simulation.md, 4,000 holdouts).
test.each([
  { positives: 39, negatives: 255, auc: 0.87, rho: 0.5, passes: 0.21 },
  { positives: 39, negatives: 255, auc: 0.87, rho: 0.9, passes: 0.58 },
  { positives: 20, negatives: 200, auc: 0.95, rho: 0.9, passes: 0.53 },
])('predicts from a larger holdout what happens at $positives/$negatives, AUC $auc', (setting) => {
  const { positives, negatives, auc, rho, passes } = setting;
  const sizes = { positives: 40 * positives, negatives: 40 * negatives };
  const pair = pairOf(sizes, { champion: auc, candidate: auc, rho }, new Random(1));
  const difference = aucDifference(pair.candidate, pair.champion, null)!;
  const rows = 40 * (positives + negatives);
  const spread = spreadOf(difference, { rows, rarer: 40 * positives, least: 1 });
  const predicted = chanceOf({ margin: 0.03, lead: 0, confidence: 0.95 }, spread, positives + negatives);
  expect(Math.abs(predicted - passes)).toBeLessThan(0.07);
});

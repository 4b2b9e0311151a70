import { describe, expect, jest, test } from '@jest/globals';
import { aucCoverage, aucDifferences } from './auc-tables.ts';
import { bootstrapCoverage } from './bootstrap-table.ts';
import { floorOfRegression } from './floor-table.ts';
import { guidedStandings, guidedWhereNothingChanges, guidedWhereTheBestMoves } from './guided-tables.ts';
import { slicesOfEqualCandidate } from './slices-table.ts';
import { isBeyond, measure, shareOf, type Table } from './table.ts';

// The short form of `npm run simulate`, with fixed seeds. The limits leave room for three standard errors.

// It computes for seconds, and a busy machine may take its time.
jest.setTimeout(600_000);

/** The table's rows, of which none may be beyond a limit. */
function held(table: Table, runs: number) {
  const rows = measure(table, { runs, seed: 1 });
  const beyond = rows.filter(({ measured }) => measured.some((each) => isBeyond(each, 3)));
  expect(beyond.map(({ labels }) => labels.join(', '))).toEqual([]);
  expect(rows.some(({ measured }) => measured.some(({ most, least }) => most ?? least))).toBe(true);
  return rows.map(({ labels, measured }) => ({ labels, shares: measured.map(shareOf) }));
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the simulations keep their limits, and show what other methods miss', () => {
  test('one AUC', () => {
    const rows = held(aucCoverage, 60);
    expect(rows).toHaveLength(18);
    expect(mean(rows.map(({ shares }) => shares[0]!))).toBeLessThan(0.85);
    // DeLong at 5 positives.
    expect(rows.find(({ labels }) => labels[0] === '5/100')?.shares[1]).toBeLessThan(0.9);
  });

  test('the difference of two AUCs', () => {
    const rows = held(aucDifferences, 150);
    expect(rows).toHaveLength(9);
    const [naive, delong, ours] = [0, 1, 2].map((i) => mean(rows.map(({ shares }) => shares[i]!)));
    expect(naive).toBeGreaterThan(0.4);
    expect(delong).toBeGreaterThan(0.07);
    expect(ours).toBeLessThan(0.055);
    // Where the holdout is large, an equal candidate passes nearly always.
    expect(rows.at(-1)?.shares[5]).toBeGreaterThan(0.95);
  });

  test('bootstrap intervals', () => {
    const rows = held({ ...bootstrapCoverage, rows: bootstrapCoverage.rows.slice(0, 1) }, 250);
    const brier = rows.find(({ labels }) => labels[1] === '`brier`')?.shares;
    expect(brier![0]).toBeLessThan(0.92);
  });

  test('slices of an equal candidate', () => {
    const rows = held(slicesOfEqualCandidate, 320);
    expect(rows[0]!.shares[0]).toBeGreaterThan(0.3);
    // A drop is still found: on large slices by a failure, on small ones at least by a word.
    expect(rows.at(-1)?.shares[3]).toBeGreaterThan(0.9);
    expect(Math.min(...rows.map(({ shares }) => shares[4]!))).toBeGreaterThan(0.8);
  });

  test('the floor', () => {
    const rows = held(floorOfRegression, 160);
    const good = rows.filter(({ labels }) => labels[0] === 'R² .2').map(({ shares }) => shares[1]!);
    expect(Math.min(...good)).toBeGreaterThan(0.9);
  });

  test('guided tuning', () => {
    for (const { shares } of held(guidedWhereNothingChanges, 60)) {
      const [random, , , newest] = shares;
      expect(newest).toBeLessThan(random! / 3);
    }
    // A past that misleads costs the first run, and no more than a few.
    for (const { shares } of held(guidedWhereTheBestMoves, 60)) {
      const [random, first, , fourth] = shares;
      expect(first).toBeGreaterThan(random!);
      expect(fourth).toBeLessThan(random!);
    }
    held(guidedStandings, 60);
  });
});

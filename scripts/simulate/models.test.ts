import { expect, test } from '@jest/globals';
import { placements } from '../../pipeline/statistics/delong.ts';
import { Random } from '../../pipeline/statistics/random.ts';
import { binormal, halfEasy, labelsOf, pairOf, probabilitiesOf, scoresOf, unequal } from './models.ts';
import { countOf, isBeyond, measure, shareOf, type Table, tableMarkdown } from './table.ts';

test('a simulated model has the AUC that its shape states', () => {
  const labels = labelsOf({ positives: 20_000, negatives: 20_000 });
  for (const shape of [binormal(0.87), unequal(0.87, 3), unequal(0.95, 1 / 3), halfEasy(0.95)]) {
    const { auc } = placements(labels, scoresOf(labels, shape, new Random(1)));
    expect(Math.abs(auc - shape.auc)).toBeLessThan(0.006);
  }
});

test('two models with rho near 1 rank nearly alike, and with rho 0 do not', () => {
  const apart = (rho: number) => {
    const models = { champion: 0.8, candidate: 0.8, rho };
    const { champion, candidate } = pairOf({ positives: 500, negatives: 500 }, models, new Random(2));
    return champion.doubled.reduce((sum, rank, row) => sum + Math.abs(rank - candidate.doubled[row]!), 0);
  };
  expect(apart(0.98)).toBeLessThan(apart(0) / 3);
});

test('probabilities of a simulated model are calibrated', () => {
  const random = new Random(3);
  const labels = labelsOf({ positives: 4_000, negatives: 26_000 });
  const probabilities = probabilitiesOf(scoresOf(labels, binormal(0.85), random), 0.85, 4 / 30);
  const mean = probabilities.reduce((sum, p) => sum + p, 0) / labels.length;
  expect(Math.abs(mean - 4 / 30)).toBeLessThan(0.005);
  const high = [...labels.keys()].filter((row) => probabilities[row]! > 0.4 && probabilities[row]! < 0.6);
  const positive = high.filter((row) => labels[row] === 1).length / high.length;
  expect(Math.abs(positive - 0.5)).toBeLessThan(0.06);
});

const coin = (chance: number) => (runs: number, random: Random) => ({
  labels: [String(chance)],
  measured: [{ count: countOf(runs, () => [random.uniform() < chance])[0]!, of: runs, most: 0.3 }],
});
const table: Table = {
  name: 'coins',
  title: 'Coins',
  about: 'Heads.',
  columns: ['chance', 'heads'],
  rows: [coin(0.1), coin(0.9)],
};

test('a row has its own seed: it gives the same numbers alone', () => {
  const both = measure(table, { runs: 500, seed: 1 });
  const second = measure({ ...table, rows: [coin(0.5), coin(0.9)] }, { runs: 500, seed: 1 });
  expect(second[1]).toEqual(both[1]);
  expect(measure(table, { runs: 500, seed: 2 })).not.toEqual(both);
});

test('a share beyond its limit is bold in the table and found by isBeyond', () => {
  const rows = measure({ ...table, share: 0.5 }, { runs: 1000, seed: 1 });
  const [low, high] = rows.map(({ measured }) => measured[0]!);
  expect(shareOf(low!)).toBeCloseTo(0.1, 1);
  expect(isBeyond(low!)).toBe(false);
  expect(isBeyond(high!, 3)).toBe(true);
  const markdown = tableMarkdown(table, rows);
  expect(markdown).toMatch(/\| 0\.9 \| \*\*(89|90|91)\.\d\*\* \(at most 30 expected\) \|/);
  expect(markdown).toContain('500 simulations of each row');
  // A limit that is missed by less than chance explains is not beyond it.
  expect(isBeyond({ count: 32, of: 100, most: 0.3 }, 3)).toBe(false);
  expect(isBeyond({ count: 32, of: 100, most: 0.3 })).toBe(true);
});

import { expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Price } from './price-table.ts';
import { estimateRelease, type ReleaseWork, releaseCostText, unpricedText } from './release-cost.ts';

const region = 'eu-central-1';
const price = (component: Price['component'], usd_per_hour: number, instance = 'ml.m5.large'): Price => ({
  region,
  component,
  instance,
  usd_per_hour,
  source: 'test',
  date: '2026-01-02',
});
const table = [
  price('processing', 0.1),
  price('transform', 0.2),
  price('hosting', 0.115),
  price('serverless', 0.144, '2048 MB'),
];

const parsed = (settings = '') =>
  parseConfig(
    `project: small\nproblem: binary\ndata: { source: data.csv, target: y, positive: "yes" }\n${settings}`,
  );
const served = (mode: Config['inference']['mode'], settings = ''): Config =>
  parsed(`inference: { mode: ${mode}${settings} }\n`);

const job = (seconds: number) => ({ instance: 'ml.m5.large', count: 1, seconds });
const work: ReleaseWork = { predicts: true, earlier: { prepare: job(180), score: job(360) } };

test('a batch costs its three jobs, and nothing at rest', () => {
  const cost = estimateRelease(served('batch'), region, work, table);
  expect(cost.jobs.map(({ name, seconds, basis }) => [name, seconds, basis])).toEqual([
    ['Lay out rows', 180, 'expected'],
    ['Predict', 360, 'expected'],
    ['Deliver', 180, 'expected'],
  ]);
  // Twice three minutes at $0.1, six minutes at $0.2 an hour.
  expect(cost.usd).toBeCloseTo(0.01 + 0.02, 12);
  expect(cost).toMatchObject({
    at_rest_usd_per_hour: 0,
    at_rest_usd_per_month: 0,
    updating_usd_per_hour: null,
  });
  expect(releaseCostText(cost)).toBe('$0.03; at rest $0/month');
  expect(unpricedText(cost)).toBe('');
});

test('without an earlier job it is the most that the jobs may take', () => {
  const cost = estimateRelease(served('batch'), region, { predicts: true, earlier: {} }, table);
  // An hour each of laying out and delivering, six hours of predicting.
  expect(cost.usd).toBeCloseTo(0.2 + 1.2, 12);
  expect(releaseCostText(cost)).toBe('at most $1.40; at rest $0/month');
  // A job on other instances says nothing.
  const other = { predicts: true, earlier: { prepare: { ...job(1), count: 2 }, score: job(360) } };
  expect(releaseCostText(estimateRelease(served('batch'), region, other, table))).toMatch(/^at most \$0\.22/);
});

test('without rows to predict, a batch costs nothing', () => {
  const cost = estimateRelease(served('batch'), region, { ...work, predicts: false }, table);
  expect(cost).toMatchObject({ jobs: [], usd: 0, at_rest_usd_per_month: 0 });
  expect(releaseCostText(cost)).toBe('at rest $0/month');
});

test('an endpoint costs its instances at rest, and both fleets while it is updated', () => {
  const cost = estimateRelease(served('endpoint', ', instance: { count: 2 }'), region, work, table);
  expect(cost).toMatchObject({ jobs: [], at_rest_usd_per_hour: 0.23, updating_usd_per_hour: 0.46 });
  expect(cost.at_rest_usd_per_month).toBeCloseTo(0.23 * 730, 10);
  expect(releaseCostText(cost)).toBe(
    'at rest $0.23/hour, $167.90/month; $0.46/hour while an update is under way and both fleets run',
  );
});

test('a serverless endpoint costs nothing at rest, and each second of computing by its memory', () => {
  const cost = estimateRelease(served('serverless'), region, work, table);
  expect(cost).toMatchObject({ at_rest_usd_per_hour: 0, at_rest_usd_per_month: 0 });
  expect(cost.computing?.usd_per_second).toBeCloseTo(0.00004, 15);
  expect(releaseCostText(cost)).toBe('at rest $0/month; $0.00004 for a second of computing with 2048 MB');
  const larger = served('serverless', ', serverless: { memory_mb: 4096 }');
  const other = estimateRelease(larger, region, work, table);
  expect(releaseCostText(other)).toBe('at rest $0/month; the price of computing with 4096 MB is not known');
  expect(other.unpriced).toEqual(['4096 MB (serverless)']);
});

test.each<[string, Config['inference']['mode'], string, string[]]>([
  [
    'a batch',
    'batch',
    'price not known; at rest $0/month',
    ['ml.m5.large (processing)', 'ml.m5.large (transform)'],
  ],
  ['an endpoint', 'endpoint', 'price not known', ['ml.m5.large (hosting)']],
])('a price that is missing for %s is said, not guessed', (_, mode, text, unpriced) => {
  // Another region has prices.
  const cost = estimateRelease(served(mode), 'xx-nowhere-1', work, table);
  expect(releaseCostText(cost)).toBe(text);
  expect(cost.unpriced).toEqual(unpriced);
  expect(unpricedText(cost)).toContain('`node scripts/update-prices.ts xx-nowhere-1` gets it from AWS.');
});

test('the jobs of the prepare program are those of its engine', () => {
  const config = parsed('prepare: { engine: glue, instance: { type: ml.m5.2xlarge } }\n');
  const units = [price('glue', 0.44, 'DPU'), price('transform', 0.2)];
  const cost = estimateRelease(config, region, { predicts: true, earlier: {} }, units);
  expect(cost.jobs.map(({ instance, count }) => [instance, count])).toEqual([
    ['G.2X', 2],
    ['ml.m5.large', 1],
    ['G.2X', 2],
  ]);
});

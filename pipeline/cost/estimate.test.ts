import { expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import { BudgetError } from '../errors.ts';
import { type Estimate, estimate, explainEstimate, requireBudget } from './estimate.ts';
import { type OfferFile, pricesIn, withRegion } from './offer-file.ts';
import { type Price, priceTable } from './price-table.ts';
import { spentOn } from './spent.ts';

const price = (component: Price['component'], usd_per_hour: number, instance = 'ml.m5.large'): Price => ({
  region: 'eu-central-1',
  component,
  instance,
  usd_per_hour,
  source: 'test',
  date: '2026-01-02',
});
const table = [price('processing', 0.1), price('training', 1), price('transform', 0.01)];
const everything = { prepares: 1, trains: true, scores: 2, earlier: {} };
const config = (settings = '') =>
  parseConfig(
    `project: small\nproblem: binary\ndata: { source: data.csv, target: y, positive: "yes" }\n${settings}`,
  );
const tuned = `training: { max_runtime: 30m, instance: { count: 2 }, metrics: { auc: 'auc=([0-9.]+)' } }
tuning: { max_jobs: 8, parallel_jobs: 4, objective: { metric: auc, goal: maximize }, ranges: { C: { min: 0.1, max: 1 } } }
`;
const usdByName = ({ jobs }: Estimate) => Object.fromEntries(jobs.map(({ name, usd }) => [name, usd]));

test('each job counts with its instances and its longest time, tuning with every one of its jobs', () => {
  const found = estimate(config(tuned), 'eu-central-1', everything, table);
  // 1 h; 8 jobs x 2 instances x 30 min; two transforms of 6 h.
  expect(usdByName(found)).toEqual({ Prepare: 0.1, Tune: 8, Score: expect.closeTo(0.12, 10) });
  expect(found.usd).toBeCloseTo(8.22, 10);
  expect(explainEstimate(found)).toContain(
    'Tune: 8 jobs on 2 x ml.m5.large, 30 min 00 s each at most: $8.00',
  );
});

test('a job of the run that made the champion counts with the time that it took, on the same instances only', () => {
  const run = { instance: 'ml.m5.large', count: 1, seconds: 360 };
  const found = estimate(
    config(),
    'eu-central-1',
    { ...everything, earlier: { prepare: run, train: { ...run, count: 2 }, score: run } },
    table,
  );
  expect(found.jobs.map(({ name, basis, seconds }) => [name, basis, seconds])).toEqual([
    ['Prepare', 'expected', 360],
    ['Train', 'most', 3600],
    ['Score', 'expected', 360],
  ]);
  expect(found.usd).toBeCloseTo(0.01 + 1 + 0.002, 10);
});

test('what is reused costs nothing', () => {
  const work = { prepares: 0, trains: false, scores: 1, earlier: {} };
  expect(usdByName(estimate(config(tuned), 'eu-central-1', work, table))).toEqual({
    Score: expect.closeTo(0.06, 10),
  });
});

test('an instance or region without a price is said, not estimated', () => {
  const found = estimate(
    config('training: { instance: { type: ml.x9.large } }'),
    'eu-central-1',
    everything,
    table,
  );
  expect(found.usd).toBeNull();
  expect(usdByName(found).Train).toBeNull();
  expect(explainEstimate(found)).toContain('no price is known for ml.x9.large (training) in eu-central-1');
  const elsewhere = estimate(config(), 'xx-nowhere-1', everything);
  expect(elsewhere.jobs.map(({ usd }) => usd)).toEqual([null, null, null]);
});

test('spot capacity counts at the on-demand price, and says so', () => {
  const of = (spot: boolean) =>
    estimate(config(`training: { spot: ${spot} }`), 'eu-central-1', everything, table);
  expect(of(true).usd).toBe(of(false).usd);
  expect(explainEstimate(of(true))).toContain('Spot capacity');
  expect(explainEstimate(of(false))).not.toContain('Spot capacity');
});

test('over the budget it is a BudgetError with estimate, limit and what to change', () => {
  const over = config(`${tuned}budget: { max_run_usd: 8.2 }\n`);
  const found = estimate(over, 'eu-central-1', everything, table);
  expect(() => requireBudget(found, over)).toThrow(BudgetError);
  expect(() => requireBudget(found, over)).toThrow(
    /estimated at \$8\.22, the limit is \$8\.20 .*Raise budget.max_run_usd, or lower tuning.max_jobs, training.max_runtime or training.instance/,
  );
  for (const limit of ['8.23', 'off']) {
    expect(() => requireBudget(found, config(`${tuned}budget: { max_run_usd: ${limit} }\n`))).not.toThrow();
  }
});

test('what is known of a partly unknown estimate is held to the budget', () => {
  const priced = table.filter(({ component }) => component === 'training');
  const small = config('budget: { max_run_usd: 0.9 }');
  const found = estimate(small, 'eu-central-1', everything, priced);
  expect(() => requireBudget(found, small)).toThrow(/no price is known for ml.m5.large \(processing\)/);
});

test('spent: billable seconds of every instance at its price, the dates of the prices beside', () => {
  const job = { instance: 'ml.m5.large', count: 2, seconds: 90 };
  const found = spentOn(
    [
      { ...job, component: 'training' },
      { ...job, count: 1, component: 'processing' },
    ],
    'eu-central-1',
    table,
  );
  expect(found.usd).toBeCloseTo((2 * 90 * 1 + 90 * 0.1) / 3600, 12);
  expect(found.dates).toEqual(['2026-01-02', '2026-01-02']);
  expect(
    spentOn([{ ...job, component: 'training', instance: 'ml.x9.large' }], 'eu-central-1', table),
  ).toEqual({
    usd: null,
    unpriced: ['ml.x9.large (training)'],
    dates: null,
  });
  expect(spentOn([], 'eu-central-1', table).usd).toBe(0);
});

test('the table names every price once, with its source and date', () => {
  const names = priceTable.map(({ region, component, instance }) => `${region} ${component} ${instance}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  for (const row of priceTable) {
    expect(row).toEqual({
      region: expect.stringMatching(/^[a-z]{2}(-[a-z]+)+-\d$/),
      component: expect.stringMatching(/^(processing|training|transform|glue|fargate|hosting|serverless)$/),
      instance: expect.stringMatching(/^(ml\.[\w-]+\.[\w-]+|DPU|vCPU|GB|\d+ MB)$/),
      usd_per_hour: expect.any(Number),
      source: expect.stringMatching(/AWS/),
      date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
    });
    expect(row.usd_per_hour).toBeGreaterThan(0);
  }
});

test("AWS's price list of a region gives the prices of jobs, in place of those that the table had", () => {
  const usage = {
    A: 'EUC1-Train:ml.m5.large',
    B: 'EUC1-Processing:ml.m5.large',
    C: 'EUC1-Tsform:ml.m5.large',
    D: 'EUC1-Notebk:ml.m5.large',
    E: 'EUC1-TrainWarmPool:ml.m5.large',
    F: 'EUC1-Train:ml.m5.xlarge',
    G: 'Train:ml.g5.xlarge',
  };
  const term = (usd: string, unit = 'Hrs') => ({
    term: { priceDimensions: { dimension: { unit, pricePerUnit: { USD: usd } } } },
  });
  const file: OfferFile = {
    publicationDate: '2026-10-04T01:02:03Z',
    products: Object.fromEntries(
      Object.entries(usage).map(([sku, usagetype]) => [sku, { attributes: { usagetype } }]),
    ),
    terms: {
      OnDemand: {
        A: term('0.1380000000'),
        B: term('0.1390000000'),
        C: term('0.1400000000'),
        D: term('9'),
        E: term('9'),
        F: term('9', 'GB-Mo'),
        G: term('1.7600000000'),
      },
    },
  };
  const found = pricesIn(file, 'AmazonSageMaker', 'eu-central-1');
  expect(
    found.map(({ component, instance, usd_per_hour, date }) => [component, instance, usd_per_hour, date]),
  ).toEqual([
    ['processing', 'ml.m5.large', 0.139, '2026-10-04'],
    ['training', 'ml.g5.xlarge', 1.76, '2026-10-04'],
    ['training', 'ml.m5.large', 0.138, '2026-10-04'],
    ['transform', 'ml.m5.large', 0.14, '2026-10-04'],
  ]);
  const us = { ...price('training', 3), region: 'us-east-1' };
  expect(withRegion([...table, us], 'eu-central-1', found)).toEqual([...found, us]);
});

test("AWS's price list gives the prices of endpoints, a serverless one's by the second", () => {
  const usage: [usagetype: string, unit: string, usd: string][] = [
    ['EUC1-Host:ml.m5.large', 'Hrs', '0.1380000000'],
    ['EUC1-ServerlessInf:Mem-2GB', 'Seconds', '0.0000400000'],
    ['EUC1-ServerlessInf:Mem-6GB', 'Second', '0.0001200000'],
    ['EUC1-ServerlessInf:Mem-4GB', 'Requests', '9'],
    ['EUC1-ProvisionedConcurrency:Mem-2GB', 'Seconds', '9'],
    ['EUC1-AsyncInf:ml.m5.large', 'Hrs', '9'],
  ];
  const file: OfferFile = {
    publicationDate: '2026-10-04T01:02:03Z',
    products: Object.fromEntries(usage.map(([usagetype]) => [usagetype, { attributes: { usagetype } }])),
    terms: {
      OnDemand: Object.fromEntries(
        usage.map(([usagetype, unit, USD]) => [
          usagetype,
          { term: { priceDimensions: { dimension: { unit, pricePerUnit: { USD } } } } },
        ]),
      ),
    },
  };
  const found = pricesIn(file, 'AmazonSageMaker', 'eu-central-1');
  expect(found.map((row) => [row.component, row.instance, row.usd_per_hour])).toEqual([
    ['hosting', 'ml.m5.large', 0.138],
    ['serverless', '2048 MB', 0.144],
    ['serverless', '6144 MB', 0.432],
  ]);
});

test('Glue is billed by DPU and Fargate by vCPU and GB: of every worker, of every task', () => {
  const units = [
    price('glue', 0.44, 'DPU'),
    price('fargate', 0.04, 'vCPU'),
    { ...price('fargate', 0.005, 'GB'), date: '2025-12-31' },
  ];
  const of = (engine: string, type: string) =>
    estimate(
      config(`prepare: { engine: ${engine}, max_runtime: 30m, instance: { type: ${type} } }`),
      'eu-central-1',
      { prepares: 1, trains: false, scores: 0, earlier: {} },
      units,
    ).jobs[0];
  // Two workers of two DPUs, half an hour.
  expect(of('glue', 'ml.m5.2xlarge')).toMatchObject({ instance: 'G.2X', count: 2, usd: 2 * 2 * 0.44 * 0.5 });
  expect(of('fargate', 'ml.m5.xlarge')).toMatchObject({
    instance: '4 vCPU 16 GB',
    usd: expect.closeTo((4 * 0.04 + 16 * 0.005) / 2, 12),
  });
  const job = { component: 'fargate', instance: '4 vCPU 16 GB', count: 1, seconds: 3600 } as const;
  expect(spentOn([job], 'eu-central-1', units)).toEqual({
    usd: expect.closeTo(0.24, 12),
    unpriced: [],
    dates: ['2025-12-31', '2025-12-31'],
  });
  // Half a price is none.
  expect(spentOn([job], 'eu-central-1', units.slice(0, 2))).toMatchObject({
    usd: null,
    unpriced: ['4 vCPU 16 GB (fargate)'],
  });
});

test("AWS's price lists of Glue and ECS give theirs", () => {
  const list = (usage: [usagetype: string, unit: string, usd: string][]): OfferFile => ({
    publicationDate: '2026-10-04T01:02:03Z',
    products: Object.fromEntries(usage.map(([usagetype]) => [usagetype, { attributes: { usagetype } }])),
    terms: {
      OnDemand: Object.fromEntries(
        usage.map(([usagetype, unit, USD]) => [
          usagetype,
          { term: { priceDimensions: { dimension: { unit, pricePerUnit: { USD } } } } },
        ]),
      ),
    },
  });
  const glue = list([
    ['EUC1-ETL-DPU-Hour', 'DPU-Hour', '0.4400000000'],
    ['EUC1-Crawler-DPU-Hour', 'DPU-Hour', '9'],
    ['EUC1-ETL-Flex-DPU-Hour', 'DPU-Hour', '9'],
  ]);
  const ecs = list([
    ['EUC1-Fargate-vCPU-Hours:perCPU', 'hours', '0.0465600000'],
    ['EUC1-Fargate-GB-Hours', 'hours', '0.0051100000'],
    ['EUC1-Fargate-ARM-GB-Hours', 'hours', '9'],
    ['EUC1-SpotUsage-Fargate-GB-Hours', 'hours', '9'],
  ]);
  const named = (found: Price[]) => found.map((row) => [row.component, row.instance, row.usd_per_hour]);
  expect(named(pricesIn(glue, 'AWSGlue', 'eu-central-1'))).toEqual([['glue', 'DPU', 0.44]]);
  expect(named(pricesIn(ecs, 'AmazonECS', 'eu-central-1'))).toEqual([
    ['fargate', 'GB', 0.00511],
    ['fargate', 'vCPU', 0.04656],
  ]);
});

test("the environment's ceiling holds whatever the run's own budget says", () => {
  const found = estimate(config(tuned), 'eu-central-1', everything, table);
  const free = config(`${tuned}budget: { max_run_usd: off }\n`);
  const cost = found.usd ?? 0;
  expect(() => requireBudget(found, free, { ceiling: cost - 0.01 })).toThrow(
    /but the environment was deployed with a limit of .* A run cannot raise it/,
  );
  expect(() => requireBudget(found, free, { ceiling: cost + 0.01, trusted: false })).not.toThrow();
  // A job of unknown price would be above any ceiling.
  const unpriced = estimate(config(tuned), 'eu-central-1', everything, []);
  expect(() => requireBudget(unpriced, free, { ceiling: 1000, trusted: false })).toThrow(
    /no price is known for/,
  );
  expect(() => requireBudget(unpriced, free, { ceiling: 1000 })).not.toThrow();
  expect(() => requireBudget(unpriced, free, { ceiling: null, trusted: false })).not.toThrow();
});

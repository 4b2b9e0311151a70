import { expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import { quotaCheck, quotasNeeded } from './quotas.ts';

const config = (settings: string) =>
  parseConfig(
    `project: small\nproblem: binary\ndata: { source: data.csv, target: y, positive: "yes" }\n${settings}`,
  );
const needed = quotasNeeded(
  config(`training: { instance: { type: ml.c5.xlarge, count: 2 }, spot: true, metrics: { auc: 'auc=([0-9.]+)' } }
tuning: { max_jobs: 8, parallel_jobs: 4, objective: { metric: auc }, ranges: { C: { min: 0.1, max: 1 } } }
gate: { anchor: { package: small/1 } }
`),
);
const spot = 'ml.c5.xlarge for spot training job usage';
const enough: [string, number][] = [
  ['ml.m5.large for processing job usage', 4],
  [spot, 8],
  ['ml.m5.large for transform job usage', 3],
];

test('a run takes the instances of jobs that go side by side', () => {
  expect(Object.fromEntries(needed)).toEqual({
    'ml.m5.large for processing job usage': 1,
    [spot]: 8,
    'ml.m5.large for transform job usage': 3,
  });
  expect(quotaCheck(needed, new Map(enough), 'eu-west-1').outcome).toBe('ok');
});

test('a quota that is too small: which, how much, and where to ask for more', () => {
  expect(quotaCheck(needed, new Map([...enough, [spot, 7]]), 'eu-west-1')).toEqual({
    name: 'Quotas',
    outcome: 'problem',
    detail: `${spot}: 7, a run needs 8`,
    mend: expect.stringContaining('https://eu-west-1.console.aws.amazon.com/servicequotas/'),
  });
});

test('an instance type that has no quota is said', () => {
  expect(quotaCheck(needed, new Map(enough.filter(([name]) => name !== spot)), 'eu-west-1')).toMatchObject({
    outcome: 'warning',
    detail: `AWS lists no quota named ${spot}`,
  });
});

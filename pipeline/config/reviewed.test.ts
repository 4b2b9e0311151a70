import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { requireReviewed } from './reviewed.ts';

const here = process.cwd();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-reviewed-'));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(here);
  await rm(folder, { recursive: true });
});

/** What is refused of a run in mode promote; null if nothing is. */
const refusal = (choices: { set?: string[]; data?: string; mode?: 'evaluate' | 'promote' }) =>
  requireReviewed({ mode: 'promote', set: [], config: 'mlops.yaml', ...choices }).then(
    () => null,
    (error: Error) => `${error.name}: ${error.message}`,
  );
const reviewed = (source: string) =>
  writeFile(
    'mlops.yaml',
    `project: churn\nproblem: binary\ndata: { source: "${source}", target: left, format: csv }\n`,
  );

test.each([
  'gate=',
  'gate={}',
  '"gate".enforce=false',
  ' gate .floor=false',
  'defaults.gate.enforce=no',
  'defaults={}',
  'defaults.training.spot=true',
  'data={source: x.csv, target: y}',
  'data.source=s3://mallory/rows/',
  'data.holdout={share: 0.05}',
  '"data".slices=[]',
  'data.exclude=[a]',
  'problem=regression',
  'project=other',
  'name=other',
  'models=[a]',
  'model.image=mallory/image@sha256:0',
  'model={}',
  'environments.production.approval=true',
  'prepare.script=other.py',
  'prepare={script: other.py}',
  'prepare=',
  'new_setting=1',
])('mode promote refuses %s, mode evaluate does not', async (setting) => {
  expect(await refusal({ set: ['training.spot=true', setting] })).toBe(
    `InputError: set: got ${setting} in mode promote, expected settings of budget, inference, training, tuning or ` +
      'prepare (not its script) only: all others stand in mlops.yaml, which is reviewed. Mode evaluate tries others',
  );
  expect(await refusal({ mode: 'evaluate', set: [setting] })).toBe(null);
});

test('how a model is trained and scored may be set for one run', async () => {
  const set = [
    'training.hyperparameters.gate=1',
    'training.hyperparameters={}',
    'tuning=off',
    'prepare.instance.type=ml.m5.large',
    'inference.instance.count=2',
    'budget.max_run_usd=30',
  ];
  expect(await refusal({ set })).toBe(null);
});

test.each([
  ['s3://rows/churn', 's3://rows/churn', true],
  ['s3://rows/churn', 's3://rows/churn/', true],
  ['s3://rows/churn/', 's3://rows/churn/2026/10/', true],
  ['s3://rows', 's3://rows/anything', true],
  ['s3://rows/churn', 's3://rows/churn-of-mallory/', false],
  ['s3://rows/churn', 's3://rows-of-mallory/churn/', false],
  ['s3://rows', 's3://rows-of-mallory/', false],
  ['s3://rows/churn', 's3://mallory/churn/', false],
  ['s3://rows/churn', 's3://rows/', false],
  ['s3://rows/churn', 's3://rows/churn/../mallory/', false],
  ['s3://rows/churn', 's3://rows/churn/..', false],
  ['rows.csv', 's3://rows/churn/', false],
])('with data.source %s, mode promote takes the data %s: %s', async (source, data, taken) => {
  await reviewed(source);
  const why =
    `InputError: data: got ${JSON.stringify(data)} in mode promote, expected a path inside the checkout` +
    `${source.startsWith('s3://') ? `, or data below ${source}` : ''}, without .. (data.source of mlops.yaml, which is reviewed, is ${JSON.stringify(source)}). ` +
    'Mode evaluate tries other data';
  expect(await refusal({ data })).toBe(taken ? null : why);
  expect(await refusal({ data, mode: 'evaluate' })).toBe(null);
});

test('data inside the checkout is reviewed, data outside and of earlier runs is not', async () => {
  await reviewed('rows.csv');
  await mkdir('data');
  await symlink(tmpdir(), 'link');
  for (const data of ['data', 'data/', './data', join(folder, 'data'), '..data', 'missing.csv'])
    expect([data, await refusal({ data })]).toEqual([data, null]);
  for (const data of [
    tmpdir(),
    '..',
    '../x.csv',
    'data/../../x.csv',
    'link',
    'link/x.csv',
    '.mlops/s3/x',
    'data/../.mlops',
  ])
    expect([data, await refusal({ data })]).toEqual([
      data,
      expect.stringContaining(`data: got ${JSON.stringify(data)}`),
    ]);
});

test('data is refused where mlops.yaml cannot say what is reviewed', async () => {
  expect(await refusal({ data: 's3://rows/churn/' })).toMatch(/^ConfigError: mlops.yaml: no such file/);
});

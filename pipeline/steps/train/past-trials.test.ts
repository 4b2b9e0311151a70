import { expect, test } from '@jest/globals';
import { trialsTable } from '../../queries/recorded-tables.ts';
import { recordRows } from '../record-rows.ts';
import { FakeSageMaker, requestOf, tuned } from './fake-sagemaker.fixture.ts';
import { pastRuns, recordTrials } from './past-trials.ts';
import type { RunRecord } from './run-record.ts';

const trial = (more: object = {}) =>
  ({
    ...{ model: 'small', execution: 'e', started_at: new Date(0), data_version: 'd', alike: 'like' },
    ...{ strategy: 'random', trial: 't', status: 'completed', objective: 'auc', goal: 'maximize' },
    ...{ value: 0.5, seconds: 1, hyperparameters: { C: '1' }, guided: false, best: true },
    ...more,
  }) as never;

const worldOf = () => {
  const { context } = new FakeSageMaker();
  const write = (file: string, ...rows: never[]) => recordRows(trialsTable, file, rows, context);
  return { context, write, past: () => pastRuns('like', context) };
};

test('the runs on like data are found, the newest first', async () => {
  const { write, past } = worldOf();
  await write('2026-01-01-a', trial({ value: 1 }));
  await write('2026-01-03-b', trial({ value: 3, guided: true }), trial({ value: null }));
  await write('2026-01-02-c', trial({ value: 2 }));
  await write('2026-01-04-d', trial({ alike: 'other' }));
  await write('2026-01-05-e', trial({ alike: null }));
  await write('2026-01-06-f');
  const { runs, notes } = await past();
  expect(notes).toEqual([]);
  expect(runs.map(({ trials }) => trials.map(({ value, guided }) => [value, guided]))).toEqual([
    [
      [3, true],
      [null, false],
    ],
    [[2, false]],
    [[1, false]],
  ]);
});

test('a file that cannot be read, or holds something else, is left out with its name', async () => {
  const { context, write, past } = worldOf();
  await write('1', trial());
  const folder = `${context.root}/trials/small/`;
  await context.storage.write(`${folder}2.parquet`, 'PAR1 no more');
  await context.storage.write(`${folder}3.txt`, 'no table');
  await write('4', trial({ hyperparameters: null }));
  const { runs, notes } = await past();
  expect(runs).toHaveLength(1);
  expect(notes).toEqual([expect.stringContaining('4.parquet'), expect.stringContaining('2.parquet')]);
});

test('without any run there are none', async () => {
  expect(await worldOf().past()).toEqual({ runs: [], notes: [] });
});

test('a run that failed after its search leaves its trials to the one that uses its model', async () => {
  const world = new FakeSageMaker();
  world.context.jobs.trials = async (job) => [
    { name: `${job}-1`, hyperparameters: { C: '0.3' }, value: 0.9, seconds: 1, status: 'completed' },
  ];
  const files = async () => (await world.context.storage.list(`${world.context.root}/trials/`)).length;
  const request = await requestOf(world, tuned);
  world.failures.set('Score candidate', ['{"FailureReason":"AlgorithmError: no"}']);
  expect((await world.run(request)).result.status).toBe('FAILED');
  expect(await files()).toBe(0);
  const second = await world.run(request);
  expect([second.result.status, await files()]).toEqual(['SUCCEEDED', 1]);
  const { runs } = await pastRuns(
    (await stateOf(world, second.execution)).model?.tuning?.search?.alike ?? '',
    world.context,
  );
  expect(runs).toEqual([{ trials: [{ value: 0.9, hyperparameters: { C: '0.3' }, guided: false }] }]);
});

test('a run without a search records nothing', async () => {
  const world = new FakeSageMaker();
  const { execution } = await world.run(await requestOf(world));
  expect(await recordTrials(execution, await stateOf(world, execution), world.context)).toBeNull();
  expect(await world.context.storage.list(`${world.context.root}/trials/`)).toEqual([]);
});

async function stateOf(world: FakeSageMaker, execution: string) {
  const record = await world.context.ledger.get<RunRecord>('run', execution);
  if (record === null) throw new Error(`${execution}: not recorded`);
  return record.value.state;
}

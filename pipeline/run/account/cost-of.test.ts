import { expect, test } from '@jest/globals';
import type { Request } from '../../machines/request.ts';
import {
  FakeSageMaker,
  type Run,
  requestOf,
  scriptOf,
  tuned,
} from '../../steps/train/fake-sagemaker.fixture.ts';
import { record as recordStep } from '../../steps/train/record.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { costOf } from './cost-of.ts';
import { failureOf, isInputError } from './failure.ts';

/** USD an hour of ml.m5.large in us-east-1, in the table for processing, training and transform alike. */
const rate = 0.115;
/** What each of the fixture's jobs takes, in hours. */
const second = 1 / 3600;

const onAws = () => new FakeSageMaker('small', 'us-east-1');
const model = (name: string) => ({ images: { model: `model@sha256:${name}`, prepare: 'prepare@sha256:1' } });

async function recordOf(world: FakeSageMaker, { execution }: Run): Promise<RunRecord> {
  const item = await world.context.ledger.get<RunRecord>(runKind, execution);
  if (item === null) throw new Error(`${execution}: no record`);
  return item.value;
}

async function costs(world: FakeSageMaker, settings = '', changes: Partial<Request> = {}) {
  const run = await world.run(await requestOf(world, settings, changes));
  const record = await recordOf(world, run);
  return { run, record, cost: await costOf(record, world.context) };
}

test('a first run is estimated by the longest times; billable seconds are what was spent', async () => {
  const { run, cost } = await costs(onAws());
  expect(run.calls.filter(({ action }) => action.endsWith('Job'))).toHaveLength(3);
  // One hour each to prepare and train, six to score.
  expect(cost.estimated_usd).toBeCloseTo(8 * rate, 10);
  expect(cost.actual_usd).toBeCloseTo(3 * second * rate, 10);
  expect(cost.note).toMatch(/^Estimate: Prepare: 1 x ml\.m5\.large, 1 h 00 min at most: \$0\.12; Train: /);
  expect(cost.note).toMatch(/Spent: billable seconds of 3 jobs at the on-demand prices of 2026-07-30/);
});

test('with a champion its jobs tell what is expected, and what is reused costs nothing', async () => {
  const world = onAws();
  await costs(world, '', model('first'));
  const other = await costs(world, '', model('second'));
  // Trained and scored beside the champion, whose scores turn out to serve again.
  expect(other.cost.estimated_usd).toBeCloseTo(3 * second * rate, 10);
  expect(other.cost.actual_usd).toBeCloseTo(2 * second * rate, 10);
  expect(other.cost.note).toContain("as in the champion's run");
  const again = await costs(world, '', model('second'));
  expect(again.run.calls.filter(({ action }) => action.endsWith('Job'))).toEqual([]);
  expect(again.cost.actual_usd).toBe(0);
});

test('a champion that was prepared otherwise costs one more prepare job', async () => {
  const world = onAws();
  await costs(world, '', model('first'));
  const script = await scriptOf(world, '1');
  const { run, record, cost } = await costs(world, '', { ...model('first'), script });
  const prepares = run.calls.filter(({ action }) => action === 'createProcessingJob').length;
  expect(prepares).toBe(2);
  expect(record.state.plan?.cost?.jobs.find(({ name }) => name === 'Prepare')?.jobs).toBe(prepares);
  const jobs = run.calls.filter(({ action }) => action.endsWith('Job')).length;
  expect(cost.actual_usd).toBeCloseTo(jobs * second * rate, 10);
});

test('tuning costs every trial, not the best alone', async () => {
  const world = onAws();
  const trial = { name: 't', hyperparameters: {}, value: 1, seconds: 10, status: 'completed' as const };
  world.context.jobs.trials = async () => [trial, { ...trial, seconds: 20 }, { ...trial, status: 'failed' }];
  const { cost } = await costs(world, tuned);
  expect(cost.actual_usd).toBeCloseTo((2 + 40) * second * rate, 10);
});

test('over the budget nothing is started, and it is the user who can fix it', async () => {
  const world = onAws();
  const { run, record, cost } = await costs(world, 'budget: { max_run_usd: 0.5 }\n');
  expect(run.result.status).toBe('FAILED');
  expect(run.calls).toEqual([]);
  const failure = failureOf(record);
  expect(failure).toMatchObject({ step: 'Plan', error: 'BudgetError' });
  expect(failure.cause).toMatch(/estimated at \$0\.92, the limit is \$0\.50 .*Raise budget\.max_run_usd/);
  expect(isInputError(failure)).toBe(true);
  expect(cost.actual_usd).toBe(0);
});

test('this machine costs nothing, whatever the budget', async () => {
  const world = new FakeSageMaker();
  const { run, cost } = await costs(world, 'budget: { max_run_usd: 0.0001 }\n');
  expect(run.result.status).toBe('SUCCEEDED');
  expect(cost).toEqual({
    estimated_usd: 0,
    actual_usd: 0,
    note: 'Ran on this machine: no AWS cost.',
  });
});

test('an instance without a price is said, and not estimated', async () => {
  const { run, cost } = await costs(onAws(), 'training: { instance: { type: ml.x9.large } }\n');
  expect(run.result.status).toBe('SUCCEEDED');
  expect(cost).toMatchObject({ estimated_usd: null, actual_usd: null });
  expect(cost.note).toContain('Not estimated: no price is known for ml.x9.large (training) in us-east-1');
  expect(cost.note).toContain('Not counted as spent');
});

test('the job that a run failed on is counted by its Describe response', async () => {
  const world = onAws();
  const described = {
    FailureReason: 'AlgorithmError: , exit code: 1',
    TrainingStartTime: 1000,
    TrainingEndTime: 101_000,
    BillableTimeInSeconds: 60,
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
  };
  world.failures.set('Train', [JSON.stringify(described)]);
  const { record, cost } = await costs(world);
  expect(record.status).toBe('failed');
  expect(cost.actual_usd).toBeCloseTo((1 + 60) * second * rate, 10);
});

test.each([
  // Two workers of one DPU each, an hour at most; the job took a minute and a half.
  ['glue', 2 * 0.44],
  ['fargate', 2 * 0.04048 + 8 * 0.004445],
] as const)('prepared by %s, the job counts as that service bills it', async (engine, hourly) => {
  const { cost } = await costs(onAws(), `prepare: { engine: ${engine} }`);
  expect(cost.estimated_usd).toBeCloseTo(hourly + 7 * rate, 10);
  expect(cost.actual_usd).toBeCloseTo(90 * second * hourly + 2 * second * rate, 10);
  expect(cost.note).toMatch(engine === 'glue' ? /Prepare: 2 x G\.1X/ : /Prepare: 1 x 2 vCPU 8 GB/);
});

test('a machine deployed with another engine than the one asked for says so in the record', async () => {
  const world = onAws();
  const { record } = await costs(world, 'prepare: { engine: glue }');
  expect(record.notes).toEqual([]);
  const asked = await requestOf(world);
  const state = { ...record.state, request: asked };
  await recordStep(
    { execution: 'other', arn: 'other', started: '2026-01-01', status: 'succeeded', state },
    world.context,
  );
  const other = await world.context.ledger.get<RunRecord>(runKind, 'other');
  expect(other?.value.notes).toEqual([
    expect.stringMatching(
      /^prepare\.engine is processing, but glue ran, with which the environment is deployed/,
    ),
  ]);
});

import { expect, test } from '@jest/globals';
import { costOf } from '../../run/account/cost-of.ts';
import { FakeSageMaker, requestOf, tuned } from './fake-sagemaker.fixture.ts';
import { runMetrics } from './run-metrics.ts';
import { type RunRecord, runKind } from './run-record.ts';

async function recorded(settings = '', failing?: string) {
  const world = new FakeSageMaker('small', 'us-east-1');
  if (failing !== undefined) world.failures.set(failing, ['AlgorithmError: no']);
  world.context.jobs.trials = async () => [
    { name: 't', hyperparameters: {}, value: 0.9, seconds: 7, status: 'completed' },
  ];
  const { execution } = await world.run(await requestOf(world, settings));
  const record = (await world.context.ledger.get<RunRecord>(runKind, execution))?.value as RunRecord;
  return { record, context: world.context };
}

test('a run is one line of the embedded metric format, with the cost that its report tells', async () => {
  const { record, context } = await recorded();
  const run = { ...record, started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:05:00Z' };
  const line = await runMetrics(run, 'small--staging', context);
  expect(line).not.toContain('\n');
  const { _aws, ...values } = JSON.parse(line);
  expect(_aws).toEqual({
    Timestamp: Date.parse('2026-01-01T00:05:00Z'),
    CloudWatchMetrics: [
      {
        Namespace: 'mlops',
        Dimensions: [['Stack'], ['Stack', 'Model']],
        Metrics: [
          { Name: 'RunSeconds', Unit: 'Seconds' },
          { Name: 'JobSeconds', Unit: 'Seconds' },
          { Name: 'CostUsd', Unit: 'None' },
        ],
      },
    ],
  });
  const cost = await costOf(run, context);
  // Prepare, train and score last a second each.
  expect(values).toMatchObject({
    Stack: 'small--staging',
    Model: 'small',
    status: 'succeeded',
    RunSeconds: 300,
    JobSeconds: 3,
  });
  expect(values.CostUsd).toBeGreaterThan(0);
  expect(values.CostUsd).toBeCloseTo(cost.actual_usd ?? 0, 9);
});

test("a search counts its trials, by the gate's evidence: the function may not ask for jobs", async () => {
  const { record, context } = await recorded(tuned);
  const jobs = {
    ...context.jobs,
    trials: async () => {
      throw new Error('AccessDenied');
    },
  };
  expect(JSON.parse(await runMetrics(record, 's', { ...context, jobs })).JobSeconds).toBe(1 + 7 + 1);
});

test('a run that failed has what it spent until then; one without a price has no cost', async () => {
  const { record, context } = await recorded('', 'Train');
  expect(JSON.parse(await runMetrics(record, 's', context))).toMatchObject({
    status: 'failed',
    JobSeconds: 1,
  });
  const unknown = JSON.parse(await runMetrics(record, 's', { ...context, region: 'xx-nowhere-1' }));
  expect(unknown.CostUsd).toBeUndefined();
  expect(JSON.stringify(unknown._aws)).not.toContain('CostUsd');
});

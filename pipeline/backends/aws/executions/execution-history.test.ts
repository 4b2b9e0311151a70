import { expect, test } from '@jest/globals';
import { ExecutionHistory } from './execution-history.ts';
import { WrittenHistory } from './history.fixture.ts';

const training = (name: string) => ({ TrainingJobName: name });

test('tells of steps, of jobs with the link to their log, and of nothing twice', () => {
  const written = new WrittenHistory();
  const history = new ExecutionHistory('us-east-1');
  const task = written.wait(1).task('Train', 'createTrainingJob.sync', training('churn-train-1'));
  expect(history.add(written.events)).toEqual([
    { kind: 'started', state: 'Train', seconds: 0 },
    {
      kind: 'job',
      state: 'Train',
      name: 'churn-train-1',
      url:
        'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/' +
        '$252Faws$252Fsagemaker$252FTrainingJobs$3FlogStreamNameFilter$3Dchurn-train-1',
    },
  ]);
  written.wait(90).end(task, 'TaskSucceeded', 'Train');
  expect(history.add(written.events)).toEqual([{ kind: 'succeeded', state: 'Train', seconds: 90 }]);
  expect(history.add(written.events)).toEqual([]);
  expect(history.steps).toEqual([{ name: 'Train', seconds: 90 }]);
});

test('branches that run at once are told apart, though events name only the one before', () => {
  const written = new WrittenHistory();
  const candidate = written.task('Score candidate', 'createTransformJob.sync', { TransformJobName: 'a' }, 0);
  const champion = written.task('Score champion', 'createTransformJob.sync', { TransformJobName: 'b' }, 0);
  written.wait(5).end(champion, 'TaskSucceeded', 'Score champion');
  written.wait(5).end(candidate, 'TaskFailed', 'Score candidate');
  const history = new ExecutionHistory('us-east-1');
  const ends = history.add(written.events).filter(({ kind }) => kind === 'succeeded' || kind === 'failed');
  expect(ends).toEqual([
    { kind: 'succeeded', state: 'Score champion', seconds: 5 },
    { kind: 'failed', state: 'Score candidate', seconds: 10 },
  ]);
});

test('knows the jobs that may still run: those without an end, and those whose state ran out of time', () => {
  const written = new WrittenHistory();
  const prepare = written.task('Prepare', 'createProcessingJob.sync', { ProcessingJobName: 'done' });
  written.end(prepare, 'TaskSucceeded', 'Prepare');
  const first = written.task('Train', 'createTrainingJob.sync', training('failed'));
  written.end(first, 'TaskFailed', 'Train');
  const late = written.task('Train', 'createTrainingJob.sync', training('late'));
  written.end(late, 'TaskTimedOut', 'Train');
  written.task('Tune', 'createHyperParameterTuningJob.sync', { HyperParameterTuningJobName: 'tuning' });
  const history = new ExecutionHistory('us-east-1');
  history.add(written.events);
  expect(history.openJobs().map(({ kind, name }) => [kind, name])).toEqual([
    ['training', 'late'],
    ['tuning', 'tuning'],
  ]);
  expect(history.tuning()).toMatchObject([{ name: 'tuning', state: 'Tune' }]);
});

test('a Glue run and an ECS task are known once they are submitted: linked, and left until they end', () => {
  const written = new WrittenHistory();
  const history = new ExecutionHistory('us-east-1');
  const glue = written.task('Prepare', 'startJobRun.sync', { JobName: 'churn--test--prepare' }, 0, {
    JobRunId: 'jr_1',
  });
  const arn = 'arn:aws:ecs:us-east-1:111111111111:task/churn--test/0a1b';
  written.task('Prepare for champion', 'runTask.sync', { Cluster: 'c' }, 0, { Tasks: [{ TaskArn: arn }] });
  const told = history.add(written.events).filter(({ kind }) => kind === 'job');
  expect(told).toEqual([
    {
      kind: 'job',
      state: 'Prepare',
      name: 'churn--test--prepare/jr_1',
      url: 'https://us-east-1.console.aws.amazon.com/gluestudio/home?region=us-east-1#/job/churn--test--prepare/run/jr_1',
    },
    {
      kind: 'job',
      state: 'Prepare for champion',
      name: arn,
      url: 'https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/churn--test/tasks/0a1b/logs?region=us-east-1',
    },
  ]);
  written.end(glue, 'TaskSucceeded', 'Prepare');
  history.add(written.events);
  expect(history.openJobs()).toEqual([
    { kind: 'ecs', name: arn, state: 'Prepare for champion', waits: true },
  ]);
});

test('a model stays to be deleted until it is, though its creation ends at once', () => {
  const written = new WrittenHistory();
  const made = written.task('Create model: candidate', 'createModel', { ModelName: 'm' });
  written.end(made, 'TaskSucceeded', 'Create model: candidate');
  const history = new ExecutionHistory('us-east-1');
  history.add(written.events);
  expect(history.openJobs()).toMatchObject([{ kind: 'model', name: 'm' }]);
  written.task('Delete model: candidate', 'deleteModel', { ModelName: 'm' });
  history.add(written.events);
  expect(history.openJobs()).toEqual([]);
});

test('tells once for whose lease a run waits, and again when it is another', () => {
  const written = new WrittenHistory();
  const held = (execution: string) =>
    JSON.stringify({
      errorType: 'LeaseHeldError',
      errorMessage: `run ${execution} has the lease (until 2026-12-01 at most): runs that promote go one after the other`,
    });
  let task = written.task('Take lease', 'invoke', {});
  for (const holder of ['77-1', '77-1', '78-1'])
    task = written.wait(60).retry(task, 'LeaseHeldError', held(holder));
  written.end(task, 'TaskSucceeded', 'Take lease', { request: {} });
  const history = new ExecutionHistory('us-east-1');
  expect(history.add(written.events)).toEqual([
    {
      kind: 'waiting',
      state: 'Take lease',
      reason: 'waiting for the lease held by 77-1',
      since: '1970-01-01T00:01:00.000Z',
    },
    {
      kind: 'waiting',
      state: 'Take lease',
      reason: 'waiting for the lease held by 78-1',
      since: '1970-01-01T00:01:00.000Z',
    },
  ]);
});

test('tells once that a job waits for a quota and since when, not that it failed or starts again', () => {
  const written = new WrittenHistory();
  const history = new ExecutionHistory('us-east-1');
  const refused = (used: number) =>
    written.refuse(
      written.task('Train', 'createTrainingJob.sync', training('churn-train-1')),
      'SageMaker.ResourceLimitExceededException',
      `The account-level service limit 'ml.m5.large for training job usage' is 2 Instances, with current utilization of ${used} Instances`,
    );
  refused(2);
  written.wait(30);
  refused(1);
  written.wait(60);
  expect(history.openJobs()).toEqual([]);
  const task = written.task('Train', 'createTrainingJob.sync', training('churn-train-1'));
  written.wait(90).end(task, 'TaskSucceeded', 'Train');
  const told = history.add(written.events).filter(({ kind }) => kind !== 'job');
  expect(told).toEqual([
    { kind: 'started', state: 'Train', seconds: 0 },
    {
      kind: 'waiting',
      state: 'Train',
      reason: "waiting for room in the account's quota 'ml.m5.large for training job usage' of 2",
      since: '1970-01-01T00:00:00.000Z',
    },
    { kind: 'succeeded', state: 'Train', seconds: 90 },
  ]);
});

test('keeps the newest state of the machine, not of a branch', () => {
  const written = new WrittenHistory();
  const output = { request: { mode: 'promote' }, plan: { fingerprint: 'f' } };
  written.end(written.task('Plan', 'invoke', {}), 'TaskSucceeded', 'Plan', output);
  written.end(written.task('Score candidate', 'invoke', {}), 'TaskSucceeded', 'Score candidate', {
    job: 'j',
  });
  const history = new ExecutionHistory('us-east-1');
  history.add(written.events);
  expect(history.state).toEqual(output);
});

test.each([
  ['ExecutionSucceeded', {}, { status: 'succeeded', error: null }],
  [
    'ExecutionFailed',
    { executionFailedEventDetails: { error: 'DataContractError', cause: 'no target' } },
    { status: 'failed', error: { name: 'DataContractError', cause: 'no target' } },
  ],
  [
    'ExecutionAborted',
    {},
    {
      status: 'cancelled',
      error: { name: 'ExecutionAborted', cause: 'the execution was stopped from outside' },
    },
  ],
] as const)('%s is its end', (type, details, end) => {
  const written = new WrittenHistory();
  written.finish(type, details);
  const history = new ExecutionHistory('us-east-1');
  history.add(written.events);
  expect(history.end).toEqual(end);
});

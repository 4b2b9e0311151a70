import { expect, test } from '@jest/globals';
import type { RunRecord } from '../../steps/train/run-record.ts';
import { failedJobOf, failureOf, isInputError, lookFailureOf } from './failure.ts';

function failed(error: string, Cause: string, failed_step = 'Train') {
  const run = { state: { failed_step, error: { Error: error, Cause } } };
  return failureOf(run as unknown as RunRecord);
}
const job = (fields: object) =>
  failed('States.TaskFailed', JSON.stringify({ TrainingJobName: 'x-1', ...fields }));

test("a job's failure is the sentence that its program left, with the end of its log", () => {
  expect(
    job({ FailureReason: 'AlgorithmError: weight is 7, exit code: 1', LogTail: ['reading', 'giving up'] }),
  ).toMatchObject({
    step: 'Train',
    error: 'AlgorithmError',
    cause: 'weight is 7, exit code: 1',
    log: ['reading', 'giving up'],
  });
});

test('a program that left no sentence is told by its last line', () => {
  const tail = ['Traceback (most recent call last):', "KeyError: 'age'"];
  expect(job({ FailureReason: 'AlgorithmError: , exit code: 1', LogTail: tail }).cause).toBe(
    "KeyError: 'age', exit code: 1",
  );
  expect(job({ FailureReason: 'AlgorithmError: , exit code: 137' }).cause).toBe('no reason, exit code: 137');
});

test('a job that ran too long is told by the setting that stopped it', () => {
  const limits = { 'training.max_runtime': 'mlops.yaml: training.max_runtime: 2h (line 7, column 16)' };
  const config = { training: { max_runtime: 7200 }, prepare: { max_runtime: 90 } };
  const stopped = (fields: object, request: object) =>
    failureOf({
      state: {
        request,
        failed_step: 'Train',
        error: { Error: 'States.TaskFailed', Cause: JSON.stringify(fields) },
      },
    } as unknown as RunRecord);
  const training = {
    TrainingJobStatus: 'Stopped',
    SecondaryStatus: 'MaxRuntimeExceeded',
    LogTail: ['epoch 7'],
  };
  expect(stopped(training, { config, limits })).toMatchObject({
    error: 'TimeLimitError',
    cause:
      'it ran longer than it may, and was stopped: mlops.yaml: training.max_runtime: 2h (line 7, column 16)',
    log: ['epoch 7'],
    hint: expect.stringContaining('Raise the limit'),
  });
  const tuning = { FailureReason: 'Stopped (MaxRuntimeExceeded) (none of 2 training jobs succeeded; ...)' };
  expect(stopped(tuning, { config, limits }).cause).toContain('(line 7, column 16)');
  const older = stopped({ ProcessingJobStatus: 'Stopped' }, { config });
  expect(older.cause).toBe('it ran longer than it may, and was stopped: prepare.max_runtime: 1m30s');
});

test("a processing job's own message has a name of its own, and comes before the service's reason", () => {
  const failure = job({
    ExitMessage: 'DataContractError: data.csv: line 3: column y: got nothing, expected a value in every row',
    FailureReason: 'AlgorithmError: DataContractError: data.csv: line 3, exit code: 1',
  });
  expect(failure.error).toBe('DataContractError');
  expect(failure.cause).toBe('data.csv: line 3: column y: got nothing, expected a value in every row');
  expect(isInputError(failure)).toBe(true);
});

test('a Glue run and an ECS task that never came to their program are told as their services tell it', () => {
  const glue = { Id: 'jr_1', JobRunState: 'FAILED', ErrorMessage: 'Failed to install modules' };
  expect(failed('States.TaskFailed', JSON.stringify(glue), 'Prepare').cause).toBe(
    'Failed to install modules',
  );
  const task = {
    TaskArn: 'x',
    StoppedReason: 'CannotPullContainerError: pull image manifest has been retried',
  };
  expect(failed('States.TaskFailed', JSON.stringify(task), 'Prepare')).toMatchObject({
    error: 'CannotPullContainerError',
    cause: 'pull image manifest has been retried',
  });
});

test("a function's failure is its message, never its stack", () => {
  const cause = { errorType: 'ConflictError', errorMessage: 'expected version 1', trace: ['at plan.ts:1'] };
  const failure = failed('ConflictError', JSON.stringify(cause), 'Promote');
  expect(failure).toMatchObject({
    step: 'Promote',
    error: 'ConflictError',
    cause: 'expected version 1',
    log: [],
  });
  expect(failure.hint).toContain('Run again');
  expect(isInputError(failure)).toBe(false);
});

test('what failed in a branch is told by its own state: which model was scored', () => {
  expect(failed('Score champion: States.Timeout', 'more than 60 seconds', 'Score')).toMatchObject({
    step: 'Score champion',
    error: 'States.Timeout',
    hint: expect.stringContaining('max_runtime'),
  });
  const view = JSON.stringify({ ExitMessage: 'DataContractError: no target' });
  expect(failed('Prepare for anchor: States.TaskFailed', view, 'Score')).toMatchObject({
    step: 'Prepare for anchor',
    error: 'DataContractError',
  });
});

test('many problems are told one a line', () => {
  const errorMessage = 'a.csv: line 2: bad\na.csv: line 3: bad\na.csv: line 4: bad';
  const failure = failed(
    'DataContractError',
    JSON.stringify({ errorType: 'DataContractError', errorMessage }),
  );
  expect(failure.cause).toBe('a.csv: line 2: bad (and 2 more, below)');
  // The cause is not told again.
  expect(failure.log).toEqual(errorMessage.split('\n').slice(1));
});

test('a cause that is no JSON, or none, is told as it is', () => {
  expect(failed('States.Timeout', 'the run took too long')).toMatchObject({
    error: 'States.Timeout',
    cause: 'the run took too long',
  });
  expect(failed('States.TaskFailed', '[1').cause).toBe('[1');
  expect(failed('States.TaskFailed', '').cause).toBe('no cause was given');
});

test("what the user's own input caused is told apart from what failed", () => {
  for (const name of ['ConfigError', 'DataContractError', 'PrepareScriptError', 'SetupError'])
    expect(isInputError(failed(name, 'text'))).toBe(true);
  for (const name of ['AlgorithmError', 'ModelOutputError', 'ScoreFileError', 'States.Timeout', 'Error'])
    expect(isInputError(failed(name, 'text'))).toBe(false);
});

test("a job's log that its error did not bring along is asked for by the job's name", () => {
  const run = (error: object) =>
    ({
      state: { failed_step: 'Train', error: { Error: 'E', Cause: JSON.stringify(error) } },
    }) as unknown as RunRecord;
  const reason = { FailureReason: 'AlgorithmError: , exit code: 1' };
  const trained = run({ TrainingJobName: 'x-train-1', TuningJobArn: 'arn', ...reason });
  expect(failedJobOf(trained)).toEqual({ kind: 'training', name: 'x-train-1' });
  expect(failedJobOf(run({ HyperParameterTuningJobName: 'x-1' }))).toEqual({ kind: 'tuning', name: 'x-1' });
  expect(failedJobOf(run({ TransformJobName: 'x-c-1' }))).toEqual({ kind: 'transform', name: 'x-c-1' });
  expect(failedJobOf(run({ TrainingJobName: 'x', LogTail: ['here'] }))).toBeNull();
  expect(failedJobOf(run({ errorType: 'ConfigError', errorMessage: 'no' }))).toBeNull();
  expect(failureOf(trained, ['Traceback', "KeyError: 'age'"])).toMatchObject({
    cause: "KeyError: 'age', exit code: 1",
    log: ['Traceback', "KeyError: 'age'"],
  });
});

test.each([
  [
    "The account-level service limit 'ml.p5.48xlarge for training job usage' is 0 Instances (Error Code: ResourceLimitExceeded)",
    /higher quota .* doctor/,
  ],
  [
    'CapacityError: Unable to provision requested ML compute capacity.',
    /no such instances in three attempts/,
  ],
  ['User: arn:aws:sts::1:x is not authorized to perform: sagemaker:AddTags', /deploy again/],
])('what AWS refuses says what to do: %s', (reason, hint) => {
  const cause = JSON.stringify({ TrainingJobName: 'x', FailureReason: reason });
  const state = {
    failed_step: 'Train',
    error: { Error: 'SageMaker.AmazonSageMakerException', Cause: cause },
  };
  expect(failureOf({ state } as unknown as RunRecord).hint).toMatch(hint);
});

test.each([
  ['NotFoundError', 's3://a/looks/1/history.json: no such object', /Restore the object .* starts anew/],
  [
    'ArtifactChangedError',
    's3://a/looks/1/history.json: got another one',
    /Restore the object .* starts anew/,
  ],
  ['NotFoundError', 's3://a/runs/1/reference.json: no such object', /Restore the object .*looks need\.$/],
  ['DataContractError', 'truth.csv: column "id" is missing', /monitoring\.truth.*look again/],
  ['MonitorError', 'no', /the history of looks is what it was/],
])('a look that failed says what to do for looks: %s', (name, cause, hint) => {
  const record = {
    state: { failed_step: 'Judge', error: { Error: name, Cause: cause } },
  } as unknown as RunRecord;
  const told = lookFailureOf(record);
  expect(told).toMatchObject({
    step: 'Judge',
    error: name,
    cause,
    hint: expect.stringMatching(hint),
  });
  expect(told.hint).not.toMatch(/promoted|train again|[Rr]un again/);
});

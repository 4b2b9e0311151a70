import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import type { CreateHyperParameterTuningJob } from './api.ts';
import { failedJob, failure, IMAGE, running, TestBed } from './image.fixture.ts';

function job(
  strategy: 'Random' | 'Grid' | 'Bayesian',
  more: Partial<CreateHyperParameterTuningJob['HyperParameterTuningJobConfig']> = {},
): CreateHyperParameterTuningJob {
  return {
    HyperParameterTuningJobName: 'tune-1',
    HyperParameterTuningJobConfig: {
      Strategy: strategy,
      HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'auc' },
      ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 1 },
      ParameterRanges:
        strategy === 'Grid'
          ? { CategoricalParameterRanges: [{ Name: 'C', Values: ['1', '4', '2', '3'] }] }
          : {
              ContinuousParameterRanges: [
                { Name: 'C', MinValue: '0.03', MaxValue: '3', ScalingType: 'Logarithmic' },
              ],
            },
      RandomSeed: 1,
      ...more,
    },
    TrainingJobDefinition: {
      StaticHyperParameters: { fixed: 'yes' },
      AlgorithmSpecification: {
        TrainingImage: IMAGE,
        TrainingInputMode: 'File',
        MetricDefinitions: [{ Name: 'auc', Regex: 'auc=([0-9.]+);' }],
      },
      OutputDataConfig: { S3OutputPath: 's3://out/models' },
      StoppingCondition: { MaxRuntimeInSeconds: 60 },
    },
  };
}

const scoring = `
const { C } = JSON.parse(read('input/config/hyperparameters.json'));
write('model/C', C);
console.log('auc=' + C + ';');`;

async function trials(it: TestBed): Promise<{ name: string; value: number | null; status: string }[]> {
  return JSON.parse(await it.file('hyper-parameter-tuning-job/tune-1/trials.json'));
}

test('a grid runs every point as a training job of its own, side by side, and names the best', async () => {
  await using it = await TestBed.make({
    train: `${scoring} write('model/env', JSON.stringify(process.env));`,
  });
  const described = await it.sagemaker.createHyperParameterTuningJob(job('Grid'), it.context);
  expect(described).toMatchObject({
    HyperParameterTuningJobStatus: 'Completed',
    TrainingJobStatusCounters: { Completed: 4, InProgress: 0, NonRetryableError: 0, Stopped: 0 },
    ObjectiveStatusCounters: { Succeeded: 4, Failed: 0 },
    BestTrainingJob: {
      TunedHyperParameters: { C: '4' },
      FinalHyperParameterTuningJobObjectiveMetric: { Type: 'Maximize', MetricName: 'auc', Value: 4 },
    },
  });
  expect(described).not.toHaveProperty('RanAs');
  const best = described.BestTrainingJob?.TrainingJobName ?? '';
  expect(best).toMatch(/^tune-1-002-[0-9a-f]{8}$/);
  expect(await it.sagemaker.describeTrainingJob({ TrainingJobName: best })).toMatchObject({
    TuningJobArn: described.HyperParameterTuningJobArn,
    HyperParameters: { fixed: 'yes', C: '4', _tuning_objective_metric: 'auc' },
    ModelArtifacts: { S3ModelArtifacts: `s3://out/models/${best}/output/model.tar.gz` },
  });
  const archive = it.path(`s3://out/models/${best}/output/model.tar.gz`);
  const env = JSON.parse(execFileSync('tar', ['-xOzf', archive, './env'], { encoding: 'utf8' }));
  expect(env.OMP_NUM_THREADS).toBe('1');
  expect((await trials(it)).map(({ value, status }) => [value, status])).toEqual([
    [1, 'completed'],
    [4, 'completed'],
    [2, 'completed'],
    [3, 'completed'],
  ]);
  expect(it.progress.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4]);
  expect(it.progress[0]).toEqual({ kind: 'trial', job: 'tune-1', done: 0, total: 4, best: null, name: null });
  expect(it.progress.at(-1)?.best).toBe(4);
});

test('minimize takes the least', async () => {
  await using it = await TestBed.make({ train: scoring });
  const described = await it.sagemaker.createHyperParameterTuningJob(
    job('Grid', { HyperParameterTuningJobObjective: { Type: 'Minimize', MetricName: 'auc' } }),
    it.context,
  );
  expect(described.BestTrainingJob?.TunedHyperParameters).toEqual({ C: '1' });
});

test('what only SageMaker has runs as random search, said in the progress and in describe.json', async () => {
  await using it = await TestBed.make({ train: scoring });
  await using other = await TestBed.make({ train: scoring });
  const bayesian = await it.sagemaker.createHyperParameterTuningJob(job('Bayesian'), it.context);
  const random = await other.sagemaker.createHyperParameterTuningJob(job('Random'), other.context);
  expect(bayesian.BestTrainingJob?.TrainingJobName).toBe(random.BestTrainingJob?.TrainingJobName);
  expect(bayesian).not.toHaveProperty('RanAs');
  expect(it.progress[0]?.ran_as).toBe('Random');
  expect(await it.json('hyper-parameter-tuning-job/tune-1/describe.json')).toMatchObject({ RanAs: 'Random' });
  expect(await trials(it)).toMatchObject((await trials(other)).map(({ name, value }) => ({ name, value })));
});

const parentsOf = (...names: string[]) => ({
  ParentHyperParameterTuningJobs: names.map((HyperParameterTuningJobName) => ({
    HyperParameterTuningJobName,
  })),
  WarmStartType: 'TransferLearning' as const,
});

test('a warm start begins with the best trials of the parents, and repeats none of the others', async () => {
  await using it = await TestBed.make({ train: scoring });
  await it.sagemaker.createHyperParameterTuningJob(job('Random'), it.context);
  const ranked = (await trials(it)).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const described = await it.sagemaker.createHyperParameterTuningJob(
    {
      ...job('Random', { ResourceLimits: { MaxNumberOfTrainingJobs: 4, MaxParallelTrainingJobs: 2 } }),
      HyperParameterTuningJobName: 'tune-2',
      WarmStartConfig: parentsOf('tune-1'),
    },
    it.context,
  );
  const child: typeof ranked = JSON.parse(await it.file('hyper-parameter-tuning-job/tune-2/trials.json'));
  expect(child.slice(0, 2).map(({ value }) => value)).toEqual(ranked.slice(0, 2).map(({ value }) => value));
  const values = ranked.map(({ value }) => value);
  expect(child.slice(2).filter(({ value }) => values.includes(value))).toEqual([]);
  const best = described.BestTrainingJob?.FinalHyperParameterTuningJobObjectiveMetric.Value ?? 0;
  expect(best).toBeGreaterThanOrEqual(ranked[0]?.value ?? 1);
});

test('a warm start that SageMaker would refuse is refused: no such parent, another objective, a grid', async () => {
  await using it = await TestBed.make({ train: scoring });
  await it.sagemaker.createHyperParameterTuningJob(job('Random'), it.context);
  const refused = async (params: CreateHyperParameterTuningJob, ...parents: string[]) => {
    const WarmStartConfig = parentsOf(...parents);
    const error = await failure(
      it.sagemaker.createHyperParameterTuningJob(
        { ...params, HyperParameterTuningJobName: 'tune-2', WarmStartConfig },
        it.context,
      ),
    );
    expect(error.name).toBe('SageMaker.ValidationException');
    return error.message;
  };
  expect(await refused(job('Random'), 'tune-1', 'tune-0')).toContain(
    'parent tune-0: there is no such tuning job',
  );
  const minimize = { HyperParameterTuningJobObjective: { Type: 'Minimize' as const, MetricName: 'auc' } };
  expect(await refused(job('Random', minimize), 'tune-1')).toContain(
    'parent tune-1: its objective is to Maximize auc',
  );
  expect(await refused(job('Grid'), 'tune-1')).toContain(
    'got it with strategy Grid, expected Bayesian or Random',
  );
  expect(await it.jobs('hyper-parameter-tuning-job')).toEqual(['tune-1']);
});

test('failed trials and trials without the objective are tried, not chosen', async () => {
  await using it = await TestBed.make({
    train: `
      const { C } = JSON.parse(read('input/config/hyperparameters.json'));
      if (C === '4') { console.log('auc=9;'); process.exit(1); }
      if (C !== '3') console.log('auc=' + C + ';');`,
  });
  const described = await it.sagemaker.createHyperParameterTuningJob(job('Grid'), it.context);
  expect(described.BestTrainingJob?.TunedHyperParameters).toEqual({ C: '2' });
  expect(described.TrainingJobStatusCounters).toMatchObject({ Completed: 3, NonRetryableError: 1 });
  expect(described.ObjectiveStatusCounters).toEqual({ Succeeded: 2, Pending: 0, Failed: 2 });
  expect((await trials(it)).map(({ value, status }) => [value, status])).toEqual([
    [1, 'completed'],
    [9, 'failed'],
    [2, 'completed'],
    [null, 'completed'],
  ]);
});

test('where every trial fails, the job fails with the reason and the log of one', async () => {
  await using it = await TestBed.make({
    train: `console.log('looking for C'); write('output/failure', 'no C'); process.exit(2);`,
  });
  const described = await failedJob(it.sagemaker.createHyperParameterTuningJob(job('Grid'), it.context));
  expect(described.HyperParameterTuningJobStatus).toBe('Failed');
  expect(described.FailureReason).toMatch(
    /^AlgorithmError: no C, exit code: 2 \(none of 4 training jobs succeeded; this is tune-1-00\d-/,
  );
  expect(described.TrainingJobStatusCounters).toMatchObject({ NonRetryableError: 4 });
  expect((described.LogTail as string[]).at(-1)).toMatch(/^tune-1-00\d-\w+: looking for C$/);
});

test('where no trial reports the objective, the job fails and quotes the expression', async () => {
  await using it = await TestBed.make({ train: `console.log('AUC 0.8');` });
  const described = await failedJob(it.sagemaker.createHyperParameterTuningJob(job('Grid'), it.context));
  expect(described.FailureReason).toContain('no training job reported the objective metric auc');
  expect(described.FailureReason).toContain('"auc=([0-9.]+);"');
});

test('abort ends every trial that runs and begins no other', async () => {
  await using it = await TestBed.make({
    train: `write('pid', String(process.pid)); console.log('up'); forever();`,
  });
  const call = failure(it.sagemaker.createHyperParameterTuningJob(job('Grid'), it.context));
  const names: string[] = [];
  for (const n of ['001', '002']) names.push((await started(it, n)).slice('training-job/'.length));
  const pids = await Promise.all(
    names.map(async (name) => {
      await it.logged(`training-job/${name}`, /up/);
      return Number(await it.file(`training-job/${name}/ml/pid`));
    }),
  );
  it.abort();
  expect((await call).name).toBe('AbortError');
  expect(await running(pids)).toEqual([]);
  for (const name of names) {
    expect(await it.json(`training-job/${name}/describe.json`)).toMatchObject({
      TrainingJobStatus: 'Stopped',
    });
  }
  expect(await it.json('hyper-parameter-tuning-job/tune-1/describe.json')).toMatchObject({
    HyperParameterTuningJobStatus: 'Stopped',
  });
  expect(await it.jobs('training-job')).toEqual(names);
});

async function started(it: TestBed, n: string): Promise<string> {
  for (;;) {
    const name = (await it.jobs('training-job')).find((job) => job.startsWith(`tune-1-${n}`));
    if (name !== undefined) return `training-job/${name}`;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('an objective that no metric definition defines is refused', async () => {
  await using it = await TestBed.make({ train: '' });
  const params = job('Grid', { HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'f1' } });
  const error = await failure(it.sagemaker.createHyperParameterTuningJob(params, it.context));
  expect(error.name).toBe('SageMaker.ValidationException');
  expect(error.message).toContain('objective metric f1: expected one of the MetricDefinitions (auc)');
  expect(await it.jobs('hyper-parameter-tuning-job')).toEqual([]);
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { z } from 'zod';
import type { Trial } from '../../../ports.ts';
import {
  type CreateHyperParameterTuningJob,
  type HyperParameterTuningJob,
  parse,
  type requests,
  type TrainingJob,
} from './api.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { type Ending, Job, jobFolder, writeJson } from './job.ts';
import { MetricReader } from './metrics.ts';
import { type Candidate, candidates } from './search.ts';
import { runTrainingJob } from './training.ts';

/**
 * Runs a tuning job and returns its description, also if it fails. Each trial is a training job NAME-001-HASH. As
 * many run at a time as there are cores, because MaxParallelTrainingJobs only limits costs. Failed trials count; the
 * job fails if none reported the objective. `trials.json` in its folder lists them, in the order in which they
 * started. Bayesian and Hyperband run as Random; `describe.json` (RanAs) and the progress say so. With
 * WarmStartConfig the parents' best trials start.
 */
export async function runTuningJob(
  jobs: Jobs,
  params: CreateHyperParameterTuningJob,
  context: JobContext,
): Promise<HyperParameterTuningJob> {
  const request = parse('CreateHyperParameterTuningJob', params);
  const config = request.HyperParameterTuningJobConfig;
  const { StaticHyperParameters, DefinitionName: _, ...definition } = request.TrainingJobDefinition;
  const objective = config.HyperParameterTuningJobObjective;
  const metrics = definition.AlgorithmSpecification.MetricDefinitions ?? [];
  new MetricReader(metrics); // refuses what a trial would refuse
  const metric = metrics.find(({ Name }) => Name === objective.MetricName);
  if (!metric) {
    throw serviceError(
      'ValidationException',
      `CreateHyperParameterTuningJob: objective metric ${objective.MetricName}: expected one of the ` +
        `MetricDefinitions (${metrics.map(({ Name }) => Name).join(', ') || 'none'})`,
    );
  }
  const better = (a: number, b: number) => (objective.Type === 'Maximize' ? a > b : a < b);
  const earlier = await trialsOfParents(jobs, request, better);
  const points = candidates(
    config,
    earlier.map(({ hyperparameters }) => hyperparameters),
  );
  const ranAs = config.Strategy === 'Grid' || config.Strategy === 'Random' ? undefined : 'Random';
  const job = await Job.create(jobs, 'hyper-parameter-tuning-job', request.HyperParameterTuningJobName, {
    ...params,
    ...(ranAs && { RanAs: ranAs }),
  });

  const sideBySide = Math.max(1, Math.min(jobs.cores, points.length));
  const trials: (Trial | undefined)[] = points.map(() => undefined);
  const finished: TrainingJob[] = [];
  const best = () =>
    trials.reduce<Trial | null>((leader, trial) => {
      if (trial?.status !== 'completed' || trial.value === null) return leader;
      return leader?.value != null && !better(trial.value, leader.value) ? leader : trial;
    }, null);
  const report = (name: string | null) =>
    context.progress({
      kind: 'trial',
      job: job.name,
      done: finished.length,
      total: points.length,
      best: best()?.value ?? null,
      name,
      ...(ranAs && { ran_as: ranAs }),
    });

  const runTrial = async (point: Candidate, index: number, signal: AbortSignal): Promise<void> => {
    const name = trialName(job.name, index, point);
    const ended = await runTrainingJob(
      jobs,
      {
        ...definition,
        TrainingJobName: name,
        HyperParameters: {
          ...StaticHyperParameters,
          ...point,
          _tuning_objective_metric: objective.MetricName,
        },
      },
      { signal },
      // One thread per trial, because libraries that each use every core slow one another down.
      { tuningJobArn: job.arn, environment: sideBySide > 1 ? { OMP_NUM_THREADS: '1' } : {} },
    );
    const value =
      ended.FinalMetricDataList.find(({ MetricName }) => MetricName === metric.Name)?.Value ?? null;
    const trial: Trial = {
      name,
      hyperparameters: point,
      value,
      seconds: (Date.parse(ended.TrainingEndTime) - Date.parse(ended.TrainingStartTime)) / 1000,
      status:
        ended.TrainingJobStatus === 'Completed'
          ? 'completed'
          : ended.TrainingJobStatus === 'Failed'
            ? 'failed'
            : 'stopped',
    };
    trials[index] = trial;
    finished.push(ended);
    const reason = ended.FailureReason === undefined ? '' : `: ${ended.FailureReason}`;
    job.log(`${name} ${trial.status}, ${metric.Name} ${value ?? 'not reported'}${reason}`);
    report(name);
  };

  const work = async (): Promise<Ending> => {
    report(null);
    // An error outside any trial ends all trials; every process has ended before this job ends.
    const fault = new AbortController();
    const signal = AbortSignal.any([context.signal, fault.signal]);
    const limit = pLimit(sideBySide);
    let saving = Promise.resolve();
    const runs = points.map((point, index) =>
      limit(async () => {
        if (signal.aborted) return;
        await runTrial(point, index, signal);
        saving = saving.then(() => writeJson(join(job.folder, 'trials.json'), trials.filter(Boolean)));
        await saving;
      }).catch((error: unknown) => fault.abort(error)),
    );
    await Promise.all(runs);
    fault.signal.throwIfAborted();
    const fields = counters(finished, trials);
    const winner = best();
    const winning = finished.find(({ TrainingJobName }) => TrainingJobName === winner?.name);
    if (!winner || !winning) {
      const last = finished.at(-1) as TrainingJob & { LogTail?: string[] };
      for (const line of last.LogTail ?? []) job.log(`${last.TrainingJobName}: ${line}`);
      throw new JobFailure(whyNone(trials, last, metric), fields);
    }
    return {
      status: 'Completed',
      fields: {
        ...fields,
        BestTrainingJob: {
          TrainingJobName: winning.TrainingJobName,
          TrainingJobArn: winning.TrainingJobArn,
          CreationTime: winning.CreationTime,
          TrainingStartTime: winning.TrainingStartTime,
          TrainingEndTime: winning.TrainingEndTime,
          TrainingJobStatus: winning.TrainingJobStatus,
          TunedHyperParameters: winner.hyperparameters,
          FinalHyperParameterTuningJobObjectiveMetric: {
            Type: objective.Type,
            MetricName: metric.Name,
            Value: winner.value,
          },
          ObjectiveStatus: 'Succeeded',
        },
      },
    };
  };
  const { RanAs: _ran, ...description } = await job.conduct<HyperParameterTuningJob & { RanAs?: string }>(
    context.signal,
    work,
  );
  return description;
}

/**
 * The trials with a value of the parents in WarmStartConfig, best first.
 * @throws `SageMaker.ValidationException` for a parent that SageMaker would refuse
 */
async function trialsOfParents(
  jobs: Jobs,
  request: z.output<typeof requests.CreateHyperParameterTuningJob>,
  better: (a: number, b: number) => boolean,
): Promise<Trial[]> {
  const { WarmStartConfig, HyperParameterTuningJobConfig: config } = request;
  if (WarmStartConfig === undefined) return [];
  const refuse = (what: string) =>
    serviceError('ValidationException', `CreateHyperParameterTuningJob: WarmStartConfig: ${what}`);
  if (config.Strategy === 'Grid' || config.Strategy === 'Hyperband')
    throw refuse(`got it with strategy ${config.Strategy}, expected Bayesian or Random`);
  const trials: Trial[] = [];
  for (const { HyperParameterTuningJobName: name } of WarmStartConfig.ParentHyperParameterTuningJobs) {
    const read = async (file: string) =>
      JSON.parse(
        await readFile(join(jobFolder(jobs.root, 'hyper-parameter-tuning-job', name), file), 'utf8'),
      );
    const parent: HyperParameterTuningJob | null = await read('describe.json').catch(() => null);
    if (parent === null) throw refuse(`parent ${name}: there is no such tuning job`);
    if (parent.HyperParameterTuningJobStatus === 'InProgress')
      throw refuse(`parent ${name}: it has not ended`);
    const theirs = parent.HyperParameterTuningJobConfig.HyperParameterTuningJobObjective;
    const { Type, MetricName } = config.HyperParameterTuningJobObjective;
    if (theirs.Type !== Type || theirs.MetricName !== MetricName)
      throw refuse(
        `parent ${name}: its objective is to ${theirs.Type} ${theirs.MetricName}, expected to ${Type} ${MetricName}`,
      );
    trials.push(...((await read('trials.json').catch(() => [])) as Trial[]));
  }
  const value = (trial: Trial) => trial.value ?? Number.NaN;
  return trials
    .filter((trial) => trial.status === 'completed' && trial.value !== null)
    .sort((a, b) => (value(a) === value(b) ? 0 : better(value(a), value(b)) ? -1 : 1));
}

function trialName(job: string, index: number, point: Candidate): string {
  const hash = createHash('sha256').update(JSON.stringify(point)).digest('hex').slice(0, 8);
  return `${job}-${String(index + 1).padStart(3, '0')}-${hash}`;
}

function counters(finished: TrainingJob[], trials: (Trial | undefined)[]): Record<string, unknown> {
  const count = (status: string) => finished.filter((job) => job.TrainingJobStatus === status).length;
  const succeeded = trials.filter((trial) => trial?.status === 'completed' && trial.value !== null).length;
  return {
    TrainingJobStatusCounters: {
      Completed: count('Completed'),
      InProgress: 0,
      RetryableError: 0,
      NonRetryableError: count('Failed'),
      Stopped: count('Stopped'),
    },
    ObjectiveStatusCounters: { Succeeded: succeeded, Pending: 0, Failed: finished.length - succeeded },
  };
}

function whyNone(
  trials: (Trial | undefined)[],
  last: TrainingJob,
  metric: { Name: string; Regex: string },
): string {
  if (trials.some((trial) => trial?.status === 'completed')) {
    return (
      `AlgorithmError: no training job reported the objective metric ${metric.Name}: ` +
      `no line of their logs has a number where ${JSON.stringify(metric.Regex)} looks for it`
    );
  }
  const reason = last.FailureReason ?? `${last.TrainingJobStatus} (${last.SecondaryStatus})`;
  return `${reason} (none of ${trials.length} training jobs succeeded; this is ${last.TrainingJobName})`;
}

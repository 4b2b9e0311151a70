import type { PrepareSize } from '../../config/prepare-size.ts';
import type { JobRun } from '../../cost/estimate.ts';
import type { Component } from '../../cost/price-table.ts';
import type { BilledJob } from '../../cost/spent.ts';
import type { Trial } from '../../ports.ts';
import { jobRun, type Prepared, type StepContext, type TrainedModel } from '../context.ts';
import type { RunRecord } from './run-record.ts';
import { trialsOfSearch } from './searched-trials.ts';

/** The engine that prepared the data. Records of an earlier version lack it; all of those ran on Processing. */
export const engineOf = ({ state }: RunRecord): PrepareSize['engine'] =>
  state.plan?.prepare.size?.engine ?? 'processing';

type Tuning = NonNullable<TrainedModel['tuning']>;

/** Glue and Fargate bill at least one minute. */
const leastSeconds = (component: Component): number =>
  component === 'glue' || component === 'fargate' ? 60 : 0;

/**
 * The jobs that this run started. Reused results cost nothing.
 *
 * @param trialsOf the trials of a search, for a caller that may not list them
 */
export async function billedJobs(
  run: RunRecord,
  { ledger, jobs }: Pick<StepContext, 'ledger' | 'jobs'>,
  trialsOf: (tuning: Tuning) => Promise<readonly Trial[]> = (tuning) => trialsOfSearch(tuning, jobs),
): Promise<BilledJob[]> {
  const { state } = run;
  const { plan, prepared, scoring, model, scores } = state;
  const views = Object.values(scoring ?? {}).flatMap(({ view }) => (view.needed ? [view.key] : []));
  const viewed = await Promise.all(views.map((key) => ledger.get<Prepared>('prepared', key)));
  const trained = plan?.train.reused ? null : jobRun(model?.trained);
  const trials = trained && model?.tuning ? await trialsOf(model.tuning) : null;
  const training = trained && trials ? { ...trained, seconds: total(trials) } : trained;
  const scored = (['candidate', 'champion', 'anchor'] as const).map((who) =>
    scoring?.[who].score ? jobRun(scores?.[who]) : null,
  );
  return [
    ...billed(
      engineOf(run),
      plan?.prepare.reused ? null : jobRun(prepared),
      ...viewed.map((item) => jobRun(item?.value)),
    ),
    ...billed('training', training),
    ...billed('transform', ...scored),
    ...failedJob(state.error?.Cause),
  ];
}

const total = (trials: readonly { seconds: number }[]): number =>
  trials.reduce((seconds, trial) => seconds + trial.seconds, 0);

/** Jobs of one kind that are known, each with at least what its service bills. */
export const billed = (component: Component, ...runs: (JobRun | null)[]): BilledJob[] =>
  runs.flatMap((run) =>
    run === null ? [] : [{ ...run, component, seconds: Math.max(run.seconds, leastSeconds(component)) }],
  );

/** The job on which a run failed: the error's cause is its Describe response. */
function failedJob(cause: string | undefined): BilledJob[] {
  const job = describedJob(cause);
  const of = (resources: Resources | undefined, started?: string | number, ended?: string | number) =>
    jobRun({
      ...(resources?.InstanceType !== undefined && { instance: resources.InstanceType }),
      ...(resources?.InstanceCount !== undefined && { count: resources.InstanceCount }),
      ...(started !== undefined && { started }),
      ...(ended !== undefined && { ended }),
      ...(job.BillableTimeInSeconds !== undefined && { billable_seconds: job.BillableTimeInSeconds }),
    });
  return [
    ...billed(
      'processing',
      of(job.ProcessingResources?.ClusterConfig, job.ProcessingStartTime, job.ProcessingEndTime),
    ),
    ...billed('training', of(job.ResourceConfig, job.TrainingStartTime, job.TrainingEndTime)),
    ...billed('transform', of(job.TransformResources, job.TransformStartTime, job.TransformEndTime)),
  ];
}

interface Resources {
  InstanceType?: string;
  InstanceCount?: number;
}

type Time = string | number;

interface DescribedJob {
  BillableTimeInSeconds?: number;
  ProcessingResources?: { ClusterConfig?: Resources };
  ProcessingStartTime?: Time;
  ProcessingEndTime?: Time;
  ResourceConfig?: Resources;
  TrainingStartTime?: Time;
  TrainingEndTime?: Time;
  TransformResources?: Resources;
  TransformStartTime?: Time;
  TransformEndTime?: Time;
}

function describedJob(cause = ''): DescribedJob {
  try {
    const value: unknown = JSON.parse(cause);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

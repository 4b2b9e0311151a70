import type { PrepareSize } from '../../config/prepare-size.ts';
import { explainEstimate, type JobRun, lookUp } from '../../cost/estimate.ts';
import type { Component } from '../../cost/price-table.ts';
import { type BilledJob, spentOn } from '../../cost/spent.ts';
import { formatCountOf } from '../../format.ts';
import type { Report } from '../../report/report.ts';
import { jobRun, type Prepared, type StepContext } from '../../steps/context.ts';
import type { RunRecord } from '../../steps/train/record.ts';

/** What a run was estimated to cost and what its jobs' billable seconds came to. */
export async function costOf(
  run: RunRecord,
  context: Pick<StepContext, 'ledger' | 'jobs' | 'region'>,
): Promise<Report['cost']> {
  const { region } = context;
  if (region === null) {
    return { estimated_usd: 0, actual_usd: 0, note: 'Ran on this machine: no AWS cost.' };
  }
  const estimated = run.state.plan?.cost ?? null;
  const jobs = await billedJobs(run, context);
  const { usd, unpriced, dates } = spentOn(jobs, region);
  const days = dates && (dates[0] === dates[1] ? dates[0] : `${dates[0]} to ${dates[1]}`);
  return {
    estimated_usd: estimated?.usd ?? null,
    actual_usd: usd,
    note: [
      estimated === null ? '' : explainEstimate(estimated),
      days === null
        ? ''
        : `Spent: billable seconds of ${formatCountOf(jobs.length, 'job')} at the on-demand prices of ${days}.`,
      unpriced.length === 0 ? '' : `Not counted as spent: ${lookUp(unpriced, region)}.`,
      run.status === 'succeeded' ? '' : notCounted(engineOf(run)),
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
  };
}

/** What prepared; records of an earlier version do not say. */
const engineOf = ({ state }: RunRecord): PrepareSize['engine'] =>
  state.plan?.prepare.size?.engine ?? 'processing';

/** SageMaker describes the job that failed; Glue and ECS do not, where the program itself says why. */
const notCounted = (engine: PrepareSize['engine']): string =>
  engine === 'processing'
    ? 'Jobs that were stopped, or tried again, are not counted.'
    : 'Jobs that were stopped, tried again, or failed to prepare are not counted.';

/** Glue and Fargate bill a minute at least. */
const leastSeconds = (component: Component): number =>
  component === 'glue' || component === 'fargate' ? 60 : 0;

/** The jobs of this run; what was reused cost nothing again. */
export async function billedJobs(
  run: RunRecord,
  { ledger, jobs }: Pick<StepContext, 'ledger' | 'jobs'>,
): Promise<BilledJob[]> {
  const { state } = run;
  const { plan, prepared, scoring, model, scores } = state;
  const views = Object.values(scoring ?? {}).flatMap(({ view }) => (view.needed ? [view.key] : []));
  const viewed = await Promise.all(views.map((key) => ledger.get<Prepared>('prepared', key)));
  const trained = plan?.train.reused ? null : jobRun(model?.trained);
  const trials = trained && model?.tuning ? await jobs.trials(model.tuning.tuning_job) : null;
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

const billed = (component: Component, ...runs: (JobRun | null)[]): BilledJob[] =>
  runs.flatMap((run) =>
    run === null ? [] : [{ ...run, component, seconds: Math.max(run.seconds, leastSeconds(component)) }],
  );

/** The job that a run failed on: the cause is its Describe response. */
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

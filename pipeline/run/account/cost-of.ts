import type { PrepareSize } from '../../config/prepare-size.ts';
import { explainEstimate, lookUp } from '../../cost/estimate.ts';
import { spentOn } from '../../cost/spent.ts';
import { formatCountOf } from '../../format.ts';
import type { Report } from '../../report/report.ts';
import type { StepContext } from '../../steps/context.ts';
import { billedJobs, engineOf } from '../../steps/train/billed-jobs.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';

/** A run's estimated cost, and the actual cost of its jobs' billable seconds. */
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

/** SageMaker describes a failed job. Glue and ECS do not if the program itself reports the error. */
const notCounted = (engine: PrepareSize['engine']): string =>
  engine === 'processing'
    ? 'Stopped and retried jobs are not counted.'
    : 'Stopped and retried jobs and failed prepare jobs are not counted.';

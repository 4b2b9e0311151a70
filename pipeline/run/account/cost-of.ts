import type { PrepareSize } from '../../config/prepare-size.ts';
import { explainEstimate, lookUp } from '../../cost/estimate.ts';
import { spentOn } from '../../cost/spent.ts';
import { formatCountOf } from '../../format.ts';
import type { Report } from '../../report/report.ts';
import type { StepContext } from '../../steps/context.ts';
import { billedJobs, engineOf } from '../../steps/train/billed-jobs.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';

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

/** SageMaker describes the job that failed; Glue and ECS do not, where the program itself says why. */
const notCounted = (engine: PrepareSize['engine']): string =>
  engine === 'processing'
    ? 'Jobs that were stopped, or tried again, are not counted.'
    : 'Jobs that were stopped, tried again, or failed to prepare are not counted.';

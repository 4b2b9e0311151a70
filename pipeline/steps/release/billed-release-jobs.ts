import type { JobRun } from '../../cost/estimate.ts';
import type { BilledJob } from '../../cost/spent.ts';
import { type JobTimes, jobRun } from '../context.ts';
import { billed } from '../train/billed-jobs.ts';
import type { ReleaseRecord } from './release-record.ts';

/** The jobs that a release started itself: what an earlier one had made cost nothing again. */
export function billedReleaseJobs({
  started_at,
  state: { plan, laid, scored, delivered },
}: Pick<ReleaseRecord, 'started_at' | 'state'>): BilledJob[] {
  const since = Date.parse(started_at);
  const own = (job: Partial<JobTimes> | undefined): JobRun | null =>
    job?.started !== undefined && new Date(job.started).getTime() >= since ? jobRun(job) : null;
  const engine = plan?.prepare.size.engine ?? 'processing';
  return [...billed(engine, own(laid), own(delivered)), ...billed('transform', own(scored))];
}

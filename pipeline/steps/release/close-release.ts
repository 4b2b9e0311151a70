import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { StepContext } from '../context.ts';
import { claimRun } from '../train/claim.ts';
import { type ClosedExecution, errorOf } from '../train/close-run.ts';
import { freeLease } from '../train/lease.ts';
import { type ReleaseRecord, releaseKind } from './release-record.ts';
import type { ReleaseState } from './state.ts';

/** An execution of the release machine that has ended, as the service describes it. */
export type ClosedRelease = Omit<ClosedExecution, 'request' | 'state'> & {
  request: ReleaseRequest;
  state: ReleaseState | null;
};

/**
 * Records a release that its machine did not record, because it was stopped, timed out or broke, and frees its lease. What
 * readers see is what the pointer says, which is old or new and never half of either. Throws ConflictError if another
 * execution has its name.
 */
export async function closeRelease(
  closed: ClosedRelease,
  context: Pick<StepContext, 'ledger' | 'clock'>,
): Promise<ReleaseRecord> {
  const { ledger } = context;
  await claimRun(closed, context);
  const recorded = await ledger.get<ReleaseRecord>(releaseKind, closed.execution);
  const record = recorded?.value ?? recordOf(closed);
  if (recorded === null) await ledger.put(releaseKind, closed.execution, record);
  await freeLease(closed, context);
  return record;
}

function recordOf(closed: ClosedRelease): ReleaseRecord {
  const { execution, status, started_at, finished_at, request, state, steps } = closed;
  const error = errorOf(closed);
  return {
    release: execution,
    status: status === 'ABORTED' ? 'cancelled' : 'failed',
    started_at,
    finished_at,
    request,
    state: { ...(state ?? { request }), ...(error && { error }) },
    steps,
  };
}

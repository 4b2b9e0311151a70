import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { StepContext } from '../context.ts';
import { claimRun } from '../train/claim.ts';
import { type ClosedExecution, errorOf } from '../train/close-run.ts';
import { findingKind, type LookRecord } from './records.ts';
import type { MonitorState } from './state.ts';

/** An execution of the monitor machine that has ended, as the service describes it. */
export type ClosedLook = Omit<ClosedExecution, 'request' | 'state'> & {
  request: MonitorRequest;
  state: MonitorState | null;
};

/**
 * Records a look that its machine did not record, because it was stopped, timed out or broke. The history is the old one, or the
 * look's own whole one. Throws ConflictError if another execution has its name.
 */
export async function closeLook(
  closed: ClosedLook,
  context: Pick<StepContext, 'ledger' | 'clock'>,
): Promise<LookRecord> {
  const { ledger } = context;
  await claimRun(closed, context);
  const recorded = await ledger.get<LookRecord>(findingKind, closed.execution);
  const record = recorded?.value ?? unrecordedLook(closed);
  if (recorded === null) await ledger.put(findingKind, closed.execution, record);
  return record;
}

/** The record of a look that its machine did not record. */
export function unrecordedLook(closed: Omit<ClosedLook, 'arn'>): LookRecord {
  const { execution, status, started_at, finished_at, request, state, steps } = closed;
  const error = errorOf(closed);
  return {
    look: execution,
    status: status === 'ABORTED' ? 'cancelled' : 'failed',
    started_at,
    finished_at,
    request,
    state: { ...(state ?? { request }), ...(error && { error }) },
    superseded: false,
    finding: null,
    retrain: { wanted: false, why: 'The look did not end.' },
    steps,
  };
}

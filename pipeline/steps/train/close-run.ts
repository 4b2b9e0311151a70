import type { Request } from '../../machines/request.ts';
import type { StepContext } from '../context.ts';
import { claimRun } from './claim.ts';
import { freeLease } from './lease.ts';
import { notesOf } from './record.ts';
import { type RunRecord, runKind } from './run-record.ts';
import type { TrainState } from './state.ts';

/** An execution that has ended, as the service describes it. */
export interface ClosedExecution {
  execution: string;
  arn: string;
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  started_at: string;
  finished_at: string;
  request: Request;
  error: { name: string; cause: string } | null;
  /** The state when the machine stopped; null if only the request is known. */
  state: TrainState | null;
  steps: RunRecord['steps'];
}

/** The record of a run that its machine did not record, because it was stopped, timed out or broke. */
export function closeRun(closed: Omit<ClosedExecution, 'arn'>): RunRecord {
  const { execution, status, started_at, finished_at, request } = closed;
  const error = errorOf(closed);
  return {
    execution,
    status: status === 'ABORTED' ? 'cancelled' : 'failed',
    started_at,
    finished_at,
    state: {
      ...(closed.state ?? { request }),
      ...(error && { error }),
    },
    steps: closed.steps,
    notes: notesOf(closed.state ?? { request }),
  };
}

/** The error of an execution that was not recorded; null if it was just stopped. */
export function errorOf({
  status,
  error,
}: Pick<ClosedExecution, 'status' | 'error'>): { Error: string; Cause: string } | null {
  if (status === 'ABORTED' && error === null) return null;
  const { name, cause } = error ?? {
    name: status === 'TIMED_OUT' ? 'States.Timeout' : 'States.Runtime',
    cause: status === 'TIMED_OUT' ? 'the run took too long' : 'the run ended without a record',
  };
  return { Error: name, Cause: cause };
}

/**
 * Records a run in the ledger unless it is recorded already, and frees its lease. Throws ConflictError if another execution
 * has its name.
 */
export async function close(
  closed: ClosedExecution,
  context: Pick<StepContext, 'ledger' | 'clock'>,
): Promise<RunRecord> {
  const { ledger } = context;
  await claimRun(closed, context);
  const recorded = await ledger.get<RunRecord>(runKind, closed.execution);
  const record = recorded?.value ?? closeRun(closed);
  if (recorded === null) await ledger.put(runKind, closed.execution, record);
  await freeLease(closed, context);
  return record;
}

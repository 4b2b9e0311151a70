import type { StepContext } from '../context.ts';
import { claimRun } from '../train/claim.ts';
import { freeLease } from '../train/lease.ts';
import { type ReleaseRecord, releaseKind } from './release-record.ts';
import type { ReleaseState } from './state.ts';

export interface RecordReleaseEvent {
  execution: string;
  arn: string;
  started: string;
  status: 'succeeded' | 'failed';
  state: ReleaseState;
}

/**
 * Records the release in the ledger and frees its lease. `steps` comes from the execution's history; on this machine, the
 * caller adds it. Throws ConflictError if another execution has its name.
 */
export async function recordRelease(
  event: RecordReleaseEvent,
  context: Pick<StepContext, 'ledger' | 'clock'>,
  steps: ReleaseRecord['steps'] = [],
): Promise<ReleaseRecord> {
  await claimRun(event, context);
  const record: ReleaseRecord = {
    release: event.execution,
    status: event.status,
    started_at: event.started,
    finished_at: context.clock.now().toISOString(),
    request: event.state.request,
    state: event.state,
    steps,
  };
  await context.ledger.put(releaseKind, event.execution, record);
  await freeLease(event, context);
  return record;
}

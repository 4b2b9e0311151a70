import type { StepContext } from '../context.ts';
import { claimRun } from './claim.ts';
import { freeLease } from './lease.ts';
import { recordTrials } from './past-trials.ts';
import { type RunRecord, runKind } from './run-record.ts';
import type { TrainState } from './state.ts';

export interface RecordEvent {
  execution: string;
  arn: string;
  started: string;
  status: 'succeeded' | 'failed';
  state: TrainState;
}

/**
 * Records the run in the ledger and frees its lease. `steps` comes from the execution's history; on this machine, the caller
 * adds it. The trials of its search become rows of the table `trials`. Throws ConflictError if another execution has the run's name.
 */
export async function record(
  event: RecordEvent,
  context: Pick<StepContext, 'ledger' | 'clock' | 'storage' | 'root' | 'model'>,
  steps: RunRecord['steps'] = [],
): Promise<RunRecord> {
  await claimRun(event, context);
  const run: RunRecord = {
    execution: event.execution,
    status: event.status,
    started_at: event.started,
    finished_at: context.clock.now().toISOString(),
    state: event.state,
    steps,
    notes: notesOf(event.state),
  };
  // First, because a run that is recorded is not recorded again.
  await recordTrials(event.execution, event.state, context);
  await context.ledger.put(runKind, event.execution, run);
  await freeLease(event, context);
  return run;
}

/** Notes for the reader on how the run came about. A state of an earlier version of the pipeline may have none. */
export const notesOf = (state: TrainState): string[] => [
  ...(state.request.notes ?? []),
  ...(state.plan?.notes ?? []),
  ...(state.package?.notes ?? []),
  ...engineNote(state),
];

function engineNote({ request, plan }: TrainState): string[] {
  const [asked, deployed] = [request.config.prepare.engine, plan?.prepare.size.engine];
  if (deployed === undefined || asked === deployed) return [];
  return [
    `prepare.engine is ${asked}, but ${deployed} ran, with which the environment is deployed: deploy to change it.`,
  ];
}

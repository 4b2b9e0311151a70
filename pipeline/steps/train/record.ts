import type { StepContext } from '../context.ts';
import { freeLease } from './lease.ts';
import { type RunRecord, runKind } from './run-record.ts';
import type { TrainState } from './state.ts';

export interface RecordEvent {
  execution: string;
  /** As its service finds it. */
  arn: string;
  started: string;
  status: 'succeeded' | 'failed';
  state: TrainState;
}

/**
 * Closes the run in the ledger and frees its lease. `steps`: what the execution's history tells; on this machine whoever
 * runs it adds them.
 */
export async function record(
  event: Omit<RecordEvent, 'arn'>,
  context: Pick<StepContext, 'ledger' | 'clock'>,
  steps: RunRecord['steps'] = [],
): Promise<RunRecord> {
  const run: RunRecord = {
    execution: event.execution,
    status: event.status,
    started_at: event.started,
    finished_at: context.clock.now().toISOString(),
    state: event.state,
    steps,
    notes: notesOf(event.state),
  };
  await context.ledger.put(runKind, event.execution, run);
  await freeLease(event, context);
  return run;
}

/** What a reader must know of how the run came about; a state from before a deployment may have none. */
export const notesOf = (state: TrainState): string[] => [
  ...(state.request.notes ?? []),
  ...(state.plan?.notes ?? []),
  ...engineNote(state),
];

function engineNote({ request, plan }: TrainState): string[] {
  const [asked, deployed] = [request.config.prepare.engine, plan?.prepare.size.engine];
  if (deployed === undefined || asked === deployed) return [];
  return [
    `prepare.engine is ${asked}, the environment is deployed with ${deployed}, which ran here: deploy to change it.`,
  ];
}

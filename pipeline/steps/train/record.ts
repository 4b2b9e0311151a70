import type { Request } from '../../machines/request.ts';
import type { Prepared, Scored, StepContext, TrainedModel } from '../context.ts';
import type { Scoring } from './inspect.ts';
import { freeLease } from './lease.ts';
import type { Plan } from './plan.ts';

/** The state of the train machine when it ends; a failed run has what came before the failure. */
export interface TrainState {
  request: Request;
  lease?: { fence: number };
  plan?: Plan;
  prepared?: Prepared;
  scoring?: Scoring;
  model?: TrainedModel;
  scores?: { candidate: Partial<Scored>; champion: Partial<Scored>; anchor: Partial<Scored> };
  gate?: { outcome: string; reason: string; verdict: string; evidence: string; promotable: boolean };
  package?: { name: string };
  promotion?: { promoted: boolean; version: number };
  failed_step?: string;
  error?: { Error: string; Cause: string };
}

export interface RecordEvent {
  execution: string;
  /** As its service finds it. */
  arn: string;
  started: string;
  status: 'succeeded' | 'failed';
  state: TrainState;
}

/** A run as the ledger keeps it: all that its report is made from. */
export interface RunRecord {
  execution: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  started_at: string;
  finished_at: string;
  state: TrainState;
  /** Wall time of the states, in order of their end. */
  steps: { name: string; seconds: number }[];
  /** What a reader must know of how the run came about, one sentence each. */
  notes: string[];
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

export const runKind = 'run';

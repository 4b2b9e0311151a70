import type { TrainState } from './state.ts';

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

export const runKind = 'run';

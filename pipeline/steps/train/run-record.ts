import type { TrainState } from './state.ts';

/** The ledger item of a run: everything that its report is made from. */
export interface RunRecord {
  execution: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  started_at: string;
  finished_at: string;
  state: TrainState;
  /** Wall time of the states, in the order in which they ended. */
  steps: { name: string; seconds: number }[];
  /** Notes for the reader on how the run came about, one sentence each. */
  notes: string[];
}

export const runKind = 'run';

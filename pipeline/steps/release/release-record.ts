import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { ReleaseState } from './state.ts';

/** One release or rollback, finished or not. Its id is the execution's name. */
export interface ReleaseRecord {
  release: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  started_at: string;
  finished_at: string;
  request: ReleaseRequest;
  state: ReleaseState;
  /** Wall time of the states, in the order in which they ended. */
  steps: { name: string; seconds: number }[];
}

export const releaseKind = 'release';

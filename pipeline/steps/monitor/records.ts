import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { FindingName } from '../../monitor/finding.ts';
import type { History } from '../../monitor/history.ts';
import type { TruthSummary } from '../../monitor/window.ts';
import type { CapturedCopy, MonitorState, Retrain } from './state.ts';

/*
 * The ledger items of looks, and the object that they name. Each kind is one model's own.
 */

/** The history that is true now. Every look that ends well moves it by one conditional write. */
export interface CurrentHistory {
  /** The object of KeptHistory. */
  uri: string;
  sha256: string;
  /** The prefix of what is kept of labels, such as when each was seen first; null: none were read so far. */
  labels: string | null;
  /** Copies of captured requests that later looks read for their labels. */
  captures: string[];
  /** The look that wrote it. */
  execution: string;
  /** The time of that look. ISO 8601. */
  at: string;
}

/** The kind of CurrentHistory; its id is `current`. */
export const monitoringKind = 'monitoring';

/** The object that CurrentHistory names. */
export interface KeptHistory {
  version: 1;
  /** Captured requests before this time were counted. ISO 8601; null: none yet. */
  captured: string | null;
  /** Copies of captured requests whose labels are open. */
  captures: CapturedCopy[];
  /** The version of the labels that were read last (DataInput.version); null: none yet. */
  truth: string | null;
  /** What became of those labels. */
  labels: TruthSummary | null;
  history: History;
}

/** One look at production, finished or not. Its id is the execution's name. */
export interface LookRecord {
  look: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  started_at: string;
  finished_at: string;
  request: MonitorRequest;
  state: MonitorState;
  /** Another look came first, so that this one changed nothing. */
  superseded: boolean;
  finding: FindingName | null;
  retrain: Retrain;
  /** Wall time of the states, in the order in which they ended. */
  steps: { name: string; seconds: number }[];
}

export const findingKind = 'finding';

/** The run that decay of a package starts: once a package. Its id is the package's name. */
export interface RetrainClaim {
  /** The look that found the decay. */
  look: string;
  /** ISO 8601. */
  at: string;
  /** The execution of the run; null until it has started. */
  run: string | null;
}

export const retrainKind = 'retrain';

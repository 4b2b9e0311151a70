import type { Config } from '../config/schema.ts';
import { sha256Json } from '../hash.ts';

/** Everything that a run is made from. The input of an execution is `{ request: Request }`. */
export interface Request {
  /** The model's name, which is part of the key of everything that the run makes. */
  model: string;
  mode: 'evaluate' | 'promote';
  /** Whether the machine promotes if the gate says so (mode promote without --no-promote). */
  promote: boolean;
  trigger: Trigger;
  /** mlops.yaml with defaults and overrides. */
  config: Config;
  seed: number;
  /** Image URIs by digest. */
  images: { model: string; prepare: string };
  data: DataInput & {
    /** The user's own holdout (data.split.source of mlops.yaml); older branches send none. */
    holdout?: DataInput | null;
  };
  /** The rows that a release predicts (data.scoring); older branches send none. */
  scoring?: DataInput | null;
  /** The labels that monitoring reads (monitoring.truth of mlops.yaml); older branches send none. */
  truth?: DataInput | null;
  /** The file of prepare.script. */
  script: { uri: string; sha256: string } | null;
  /** The model's files, as a JSON list of { path, sha256 }, which later reports compare. */
  code: string;
  /** The package to compare with if there is no champion. */
  baseline: string | null;
  /**
   * Where mlops.yaml says how long a job may run, and how long: `mlops.yaml: training.max_runtime: 1h (line 22, column 16)`.
   * Older branches send none.
   */
  limits?: Record<TimeLimit, string>;
  /** Notes for the reader on how the run came about, one sentence each. Older branches send none. */
  notes?: string[];
}

/** The settings that limit how long a job may run. */
export type TimeLimit = 'prepare.max_runtime' | 'training.max_runtime';

/** Files of rows. */
export interface DataInput {
  /** The setting of mlops.yaml that names them. */
  source: string;
  /** S3 object or prefix that the job reads. */
  uri: string;
  /** Changes whenever a row may have changed. */
  version: string;
}

/** The version of all rows of a run: of the data, and of the user's own holdout if there is one. */
export const dataVersionOf = ({ version, holdout }: Request['data']): string =>
  holdout ? sha256Json([version, holdout.version]) : version;

export interface Trigger {
  kind: 'manual' | 'pull_request' | 'push' | 'dispatch' | 'data' | 'schedule' | 'decay' | 'baseline';
  ref: string | null;
  commit: string | null;
  /** The checkout had uncommitted changes. */
  dirty: boolean;
  actor: string | null;
  reason: string | null;
  /** Of decay: the start of the window in which it was found. ISO 8601. */
  since?: string;
}

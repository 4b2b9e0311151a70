import type { Config } from '../config/schema.ts';

/** The input of an execution is `{ request: Request }`: all that a run is made from. */
export interface Request {
  /** The model's name: part of every key of what the run makes. */
  model: string;
  mode: 'evaluate' | 'promote';
  /** Whether the machine itself promotes on the verdict (mode promote without --no-promote). */
  promote: boolean;
  trigger: Trigger;
  /** mlops.yaml with defaults and overrides. */
  config: Config;
  seed: number;
  /** By digest. */
  images: { model: string; prepare: string };
  data: {
    /** As people call it. */
    source: string;
    /** Where the job reads it: an object or a prefix. */
    uri: string;
    /** Changes whenever a row may have. */
    version: string;
  };
  /** The user's transform. */
  script: { uri: string; sha256: string } | null;
  /** The model's files, as a JSON list of { path, sha256 }: what a later report compares. */
  code: string;
  /** The package to compare with where there is no champion. */
  baseline: string | null;
  /** What a reader must know of how the run came about, one sentence each. A branch from before a deployment says none. */
  notes?: string[];
}

export interface Trigger {
  kind: 'manual' | 'pull_request' | 'push' | 'dispatch' | 'data' | 'schedule' | 'decay' | 'baseline';
  ref: string | null;
  commit: string | null;
  /** The checkout held changes that no commit has. */
  dirty: boolean;
  actor: string | null;
  reason: string | null;
}

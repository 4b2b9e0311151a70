import type { Privacy } from '../gate/privacy.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { Problem } from '../metrics.ts';
import type { SplitFacts } from '../steps/context.ts';
import type { Explanation, Plots, TuningFacts } from '../steps/train/evidence.ts';

/** The report of a run as plain JSON, rendered as a comment, a summary and an HTML page. */
export interface Report {
  version: 1;
  project: string;
  /** The model's name: the project's if it is the only model. */
  model: string;
  problem: Problem;
  backend: 'embedded' | 'aws';
  /** On AWS: the environment of mlops.yaml. */
  environment: string | null;
  run: RunFacts;
  /** null if the run failed before the gate. */
  verdict: Verdict | null;
  /** null unless the run failed. */
  failure: Failure | null;
  candidate: ModelFacts | null;
  champion: ModelFacts | null;
  data: DataFacts | null;
  plots: Plots | null;
  explanation: Explanation | null;
  tuning: TuningFacts | null;
  /** Differences from the champion's run; null without a champion. */
  changes: Change[] | null;
  steps: StepFacts[];
  cost: { estimated_usd: number | null; actual_usd: number | null; note: string };
  /** What a promotion of the candidate releases; null: nothing. Absent in reports of an earlier version. */
  release?: ReleaseFacts | null;
  /** Notes for the reader, one sentence each. */
  notes: string[];
  /** Notes in the model's own words, which may quote rows. */
  model_notes?: string[];
  /** The settings that keep parts private (publishable.ts); absent in reports of an earlier version. */
  privacy?: Privacy;
  links: { label: string; url: string }[];
}

export interface RunFacts {
  execution: string;
  mode: 'evaluate' | 'promote';
  trigger: string;
  reason: string | null;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
  seconds: number;
  commit: { sha: string; ref: string | null; dirty: boolean } | null;
  fingerprint: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  /** The candidate's fate: promoted to champion, left pending, or already the champion. */
  promotion: { promoted: boolean; package: string | null; detail: string };
}

export interface ReleaseFacts {
  mode: 'batch' | 'endpoint' | 'serverless';
  /** The rows that are predicted in a batch (data.scoring); null: none. */
  source: string | null;
  /** Their number; null if they were not counted. */
  rows: number | null;
  /** Where it is released, in this order: environments of mlops.yaml; empty: on this machine, or on the runner. */
  places: { environment: string; cost: string }[];
  /** What the costs leave open, in sentences. */
  note: string;
}

export interface Failure {
  /** The state that failed. */
  step: string;
  error: string;
  cause: string;
  /** The last lines of the job's log. */
  log: string[];
  /** A hint for the reader. */
  hint: string;
}

export interface ModelFacts {
  package: string | null;
  /** Image URI by digest. */
  image: string;
  /** Of a candidate: the prepare image of its run. */
  prepare_image?: string | undefined;
  hyperparameters: Record<string, string>;
  /** Operating threshold (binary). */
  threshold: number | null;
  /** Origin of the champion: the registry, or a baseline made from a git ref. */
  origin: 'candidate' | 'champion' | 'baseline';
  trained_at: string | null;
}

export interface DataFacts {
  source: string;
  version: string;
  target: string;
  /** Binary: the positive class (label 1), and whether it was chosen by default. */
  positive: string | null;
  positive_defaulted: boolean;
  labels: string[];
  train: { rows: number; positives: number | null };
  holdout: { rows: number; positives: number | null };
  /** How rows were divided; absent in reports of an earlier version. */
  split?: SplitFacts;
  /** Where the split is by group: the number of groups that the models are compared on. */
  groups?: number;
}

export interface Change {
  what: 'code' | 'data' | 'config' | 'image' | 'hyperparameters';
  /** A file, or the path of a setting. */
  path: string;
  /** For a list of names, each removed or added name is a change of its own. */
  from: string | null;
  to: string | null;
}

export interface StepFacts {
  name: string;
  seconds: number;
  reused: boolean;
  /** Seconds that the reused step took in its first run. */
  saved_seconds: number;
}

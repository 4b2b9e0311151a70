import type { Verdict } from '../gate/verdict.ts';

/** The report: one value of a run, rendered as a comment, a summary and an HTML page. Plain JSON. */
export interface Report {
  version: 1;
  project: string;
  /** The project's name where it is the only one. */
  model: string;
  problem: 'binary' | 'multiclass' | 'regression';
  backend: 'embedded' | 'aws';
  /** On AWS: the environment of mlops.yaml. */
  environment: string | null;
  run: RunFacts;
  /** null where the run failed before the gate. */
  verdict: Verdict | null;
  /** null unless the run failed. */
  failure: Failure | null;
  candidate: ModelFacts | null;
  champion: ModelFacts | null;
  data: DataFacts | null;
  plots: Plots | null;
  explanation: Explanation | null;
  tuning: TuningFacts | null;
  /** What differs from the champion's run: null without a champion. */
  changes: Change[] | null;
  steps: StepFacts[];
  cost: { estimated_usd: number | null; actual_usd: number | null; note: string };
  /** What a reader must know, one sentence each. */
  notes: string[];
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
  /** What became of the candidate: promoted to champion, left pending, already the champion. */
  promotion: { promoted: boolean; package: string | null; detail: string };
}

export interface Failure {
  /** The state that failed. */
  step: string;
  error: string;
  cause: string;
  /** The last lines of the job's log. */
  log: string[];
  /** What to try. */
  hint: string;
}

export interface ModelFacts {
  package: string | null;
  /** By digest. */
  image: string;
  hyperparameters: Record<string, string>;
  /** Operating threshold (binary). */
  threshold: number | null;
  /** For a champion: is it the registry's, or made from a git ref as a baseline. */
  origin: 'candidate' | 'champion' | 'baseline';
  trained_at: string | null;
}

export interface DataFacts {
  source: string;
  version: string;
  target: string;
  /** Binary: the class written 1; with how it was chosen. */
  positive: string | null;
  positive_defaulted: boolean;
  labels: string[];
  train: { rows: number; positives: number | null };
  holdout: { rows: number; positives: number | null };
}

/** [x, y] pairs, at most 200 a curve. */
export type Curve = [x: number, y: number][];
export interface CalibrationBin {
  /** Mean predicted probability, share of positives, rows, and the share's 95 % Wilson interval. */
  predicted: number;
  observed: number;
  n: number;
  interval: [number, number];
}
/** What plots.ts makes of one model's holdout scores; which parts there are depends on the problem. */
export interface ModelPlots {
  /** Binary: false-positive rate against true-positive rate. */
  roc?: Curve;
  /** Binary: recall against precision. */
  pr?: Curve;
  /** Binary: quantile bins, in the order of the prediction. */
  calibration?: CalibrationBin[];
  /** Binary, score distribution: bins' lower edges and the last upper one, counts of negatives and of positives. */
  histogram?: { edges: number[]; negatives: number[]; positives: number[] };
  /** Multiclass: rows are true classes, columns predicted ones (the largest score), in the order of classes. */
  confusion?: { classes: string[]; counts: number[][] };
  /** Multiclass: quantile bins of the largest score; "observed" is the share of right predictions. */
  confidence?: CalibrationBin[];
  /** Multiclass: one class against the rest; a class without rows of both kinds is left out. */
  roc_by_class?: { class: string; roc: Curve }[];
  /** Regression: [predicted, actual] of at most 500 rows, evenly drawn over the order of the prediction. */
  predicted_actual?: Curve;
  /** Regression: actual minus predicted; bins' lower edges and the last upper one. */
  residuals?: { edges: number[]; counts: number[] };
}
export interface Plots {
  candidate: ModelPlots;
  champion: ModelPlots | null;
}

export interface Explanation {
  /** "coefficients": log-odds per standard deviation or category, or whatever unit says. */
  kind: string;
  unit: string;
  features: {
    name: string;
    value: number;
    champion?: number | null;
    /** Multiclass: the label of the class that the value is of. */
    class?: string;
  }[];
}

export interface TuningFacts {
  strategy: string;
  /** The strategy that really ran, where the backend has not the one asked for. */
  ran_as: string;
  objective: { metric: string; goal: 'maximize' | 'minimize' };
  trials: {
    name: string;
    hyperparameters: Record<string, string>;
    value: number | null;
    seconds: number;
    status: 'completed' | 'failed' | 'stopped';
  }[];
  /** Name of the best trial. */
  best: string | null;
}

export interface Change {
  what: 'code' | 'data' | 'config' | 'image' | 'hyperparameters';
  /** A file, or the path of a setting. */
  path: string;
  /** Of a list of names: what was removed and what was added, each a change of its own. */
  from: string | null;
  to: string | null;
}

export interface StepFacts {
  name: string;
  seconds: number;
  reused: boolean;
  /** What the first run of a reused step took. */
  saved_seconds: number;
}

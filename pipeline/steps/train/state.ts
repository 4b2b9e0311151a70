import type { PrepareSize } from '../../config/prepare-size.ts';
import type { Estimate } from '../../cost/estimate.ts';
import type { Request } from '../../machines/request.ts';
import type { Prepared, Scored, Search, TrainedModel } from '../context.ts';

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

/** All that the machine needs to know before it spends anything: names, parameters, what an earlier run has made. */
export interface Plan {
  fingerprint: string;
  /** The model to compare with, and the version of the ledger's champion that a promotion expects still to find. */
  champion: { package: string | null; origin: 'champion' | 'baseline'; version: number };
  anchor: { package: string | null };
  /** null on this machine. */
  cost: Estimate | null;
  /** For the report, one sentence each. */
  notes: string[];
  prepare: PreparePlan;
  train: TrainPlan;
}

type Reuse<T> = { reused: true; result: T } | { reused: false };

export type PreparePlan = Reuse<Prepared> & {
  key: string;
  job: string;
  attempt: { n: number };
  inputs: object[];
  /** What of the config decided the prepared files. */
  settings: string;
  output: string;
  size: PrepareSize;
  /** Of a processing job. */
  cluster: object;
  max_runtime: number;
  timeout: number;
  /** Of a Glue job, which counts minutes. */
  timeout_minutes: number;
  environment: Record<string, string>;
  /** Where a program leaves why it failed, as JOB.json, when its service hands on no word of it. */
  failures: { bucket: string; prefix: string };
};

export type TrainPlan = Reuse<TrainedModel> & {
  tunes: boolean;
  job: string;
  tuning_job: string;
  attempt: { n: number };
  hyperparameters: Record<string, string>;
  metrics: { Name: string; Regex: string }[];
  channels: object[];
  input_mode: string;
  output: string;
  resources: object;
  stopping: object;
  spot: boolean;
  environment: Record<string, string>;
  /** HyperParameterTuningJobConfig; empty where nothing is tuned. */
  tuning: object;
  /** What the tuning job searches, and from where. */
  search: Search | { warm: false };
  timeout: number;
};

/** How each model is scored on the holdout. */
export interface Scoring {
  candidate: ModelScoring;
  champion: ModelScoring;
  anchor: ModelScoring;
}

/** Parameters of a model's transform job, or the result that makes it needless. */
export interface ModelScoring {
  /** false: `result` serves. */
  score: boolean;
  /** Empty where there is no such model, or no scores yet. */
  result: Partial<Scored>;
  key: string;
  package: string | null;
  image: string;
  artifact: string;
  job: string;
  attempt: { n: number };
  /** The holdout as this model's own preparation writes it, where that is not the candidate's. */
  view: View;
  /** The rows to score. */
  holdout: string;
  output: string;
  content_type: string;
  input_filter: string;
  output_filter: string;
  max_payload_mb: number;
  batch_strategy: 'MultiRecord' | 'SingleRecord';
  concurrency: number;
  resources: { InstanceType: string; InstanceCount: number };
  timeout: number;
}

interface View {
  /** Whether the scores are of a view, rather than of the holdout itself. */
  exists: boolean;
  /** Whether a job has to write it. */
  needed: boolean;
  key: string;
  job: string;
  attempt: { n: number };
  inputs: object[];
  output: string;
}

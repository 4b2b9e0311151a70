import type { PrepareSize } from '../../config/prepare-size.ts';
import type { Estimate } from '../../cost/estimate.ts';
import type { Request } from '../../machines/request.ts';
import type { Prepared, Scored, Search, TrainedModel } from '../context.ts';

/** The state of the train machine when it ends. A failed run has only the fields set before the failure. */
export interface TrainState {
  request: Request;
  lease?: { fence: number };
  plan?: Plan;
  prepared?: Prepared;
  scoring?: Scoring;
  model?: TrainedModel;
  scores?: { candidate: Partial<Scored>; champion: Partial<Scored>; anchor: Partial<Scored> };
  gate?: {
    outcome: string;
    reason: string;
    verdict: string;
    evidence: string;
    /** Absent in records of an earlier version of the pipeline. */
    reference?: { uri: string; sha256: string };
    promotable: boolean;
  };
  /** `notes`: sentences for the report; absent in records of an earlier version of the pipeline. */
  package?: { name: string; notes?: string[] };
  /** `refused` is absent in records of an earlier version of the pipeline. */
  promotion?: { promoted: boolean; version: number; refused?: string | null };
  failed_step?: string;
  error?: { Error: string; Cause: string };
}

/** Everything that the machine needs before it spends anything: names, parameters, results of earlier runs to reuse. */
export interface Plan {
  fingerprint: string;
  /** The package to compare with, and the version of the champion's ledger item that a promotion expects to find. */
  champion: { package: string | null; origin: 'champion' | 'baseline'; version: number };
  anchor: { package: string | null };
  /** null on this machine. */
  cost: Estimate | null;
  /** Sentences for the report. */
  notes: string[];
  prepare: PreparePlan;
  train: TrainPlan;
}

/** The number in a job's name, and the seconds of its last wait for a service that refused it for the moment. */
interface Attempt {
  n: number;
  wait: number;
}

/** A tuning job that is a part of a guided search. */
export interface SearchPlan {
  job: string;
  attempt: Attempt;
  /** HyperParameterTuningJobConfig. */
  tuning: object;
}

type Reuse<T> = { reused: true; result: T } | { reused: false };

export type PreparePlan = Reuse<Prepared> & {
  key: string;
  job: string;
  attempt: Attempt;
  inputs: object[];
  /** URI of the settings that decide the prepared files. */
  settings: string;
  /** Prefix that the job writes, without the attempt's number. */
  written: string;
  /** Prefix of the prepared files, which keep copies from there. */
  output: string;
  size: PrepareSize;
  /** ClusterConfig of a processing job. */
  cluster: object;
  max_runtime: number;
  timeout: number;
  /** Timeout of a Glue job, which counts in minutes. */
  timeout_minutes: number;
  environment: Record<string, string>;
  /** The program writes its error here, as JOB.json: Glue and ECS do not surface a program's error output. */
  failures: { bucket: string; prefix: string };
};

export type TrainPlan = Reuse<TrainedModel> & {
  /** The fingerprint. */
  key: string;
  tunes: boolean;
  job: string;
  tuning_job: string;
  attempt: Attempt;
  hyperparameters: Record<string, string>;
  metrics: { Name: string; Regex: string }[];
  channels: object[];
  input_mode: string;
  /** Prefix that the job writes. */
  written: string;
  /** Prefix of the model, which keep copies from there. */
  output: string;
  resources: object;
  stopping: object;
  spot: boolean;
  /** Whether an interrupted job goes on from its checkpoints. */
  resumes: boolean;
  /** Where an interrupted spot job finds its checkpoints again. */
  checkpoints: string;
  /** Whether the instances of a job encrypt what they send each other. */
  encrypted: boolean;
  environment: Record<string, string>;
  /** HyperParameterTuningJobConfig; empty if nothing is tuned. */
  tuning: object;
  /** Whether the search is guided: three tuning jobs, `searches`, take the place of one. */
  guided: boolean;
  searches: Partial<Record<'first' | 'guided' | 'random', SearchPlan>>;
  /** The tuning job's search space and parents. */
  search: Search | { warm: false };
  timeout: number;
};

/** How each model is scored on the holdout. */
export interface Scoring {
  candidate: ModelScoring;
  champion: ModelScoring;
  anchor: ModelScoring;
}

/** Parameters of a model's batch transform job, or an earlier result that replaces the job. */
export interface ModelScoring {
  /** Whether a job must score the model; if not, `result` is reused. */
  score: boolean;
  /** Empty if there is no such model, or no scores yet. */
  result: Partial<Scored>;
  key: string;
  package: string | null;
  image: string;
  artifact: string;
  job: string;
  attempt: Attempt;
  /** The holdout as this model's own preparation writes it, if that differs from the candidate's. */
  view: View;
  /** The rows to score. */
  holdout: string;
  /** Prefix that the job writes, without the attempt's number. */
  written: string;
  /** Prefix of the scores, which keep copies from there. */
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
  /** Whether the model scores a view rather than the holdout itself. */
  exists: boolean;
  /** Whether a job must write the view. */
  needed: boolean;
  key: string;
  job: string;
  attempt: Attempt;
  inputs: object[];
  written: string;
  output: string;
}

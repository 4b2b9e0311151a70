import type { JobRun } from '../cost/estimate.ts';
import { sha256 } from '../hash.ts';
import type { Ports } from '../ports.ts';

/** The folders of a project's artifacts. */
export type ArtifactFolder =
  | 'code'
  | 'configs'
  | 'data'
  | 'holdouts'
  | 'models'
  | 'packages'
  | 'prepared'
  | 'runs'
  | 'scores'
  | 'scripts'
  | 'settings';

/** What a step gets beside its event: the world behind ports, and where things are kept. */
export interface StepContext extends Ports {
  /** Whose ledger and registry the ports are. */
  model: string;
  /** `s3://BUCKET/PREFIX` of the project's artifacts, without a slash at the end. */
  root: string;
  /** What names of jobs begin with, before a hyphen: at most 21 characters, no other environment's. */
  jobPrefix: string;
  /** Where jobs are billed; null on this machine, where they cost nothing. */
  region: string | null;
}

/**
 * The prefix of one model's artifacts in a folder, with a slash at its end. The folder comes before the model, so that a
 * policy that grants a folder needs no star in its middle.
 */
export const artifactsOf = (
  { root, model }: Pick<StepContext, 'root' | 'model'>,
  folder: ArtifactFolder,
): string => `${root}/${folder}/${model}/`;

/** A run's hash in the names of its jobs: two models never make the same name. */
export const jobHash = (execution: string, { model }: Pick<StepContext, 'model'>): string =>
  sha256(`${model} ${execution}`).slice(0, 8);

/** The champion's ledger item: who serves, and who did before. Its version grows with every promotion. */
export interface Champion {
  package: string;
  previous: string | null;
  /** The package, a baseline perhaps, that it was compared with when it became the champion. */
  compared_with: string | null;
  execution: string;
  reason: string;
  at: string;
}

export const championKind = 'champion';
export const championId = 'current';

/** What a job left in the ledger for later runs; times as the service writes them. */
export interface JobTimes {
  job: string;
  started: string | number;
  ended: string | number;
  /** What it ran on; absent where an earlier version of the pipeline wrote it. */
  instance?: string;
  count?: number;
}

/** What a job is billed by; null where the ledger does not tell. A job's times are ISO 8601 text or milliseconds. */
export function jobRun(times: Partial<JobTimes> & { billable_seconds?: number } = {}): JobRun | null {
  const { instance, count, started, ended, billable_seconds } = times;
  if (instance === undefined || count === undefined || started === undefined || ended === undefined)
    return null;
  const wall = (new Date(ended).getTime() - new Date(started).getTime()) / 1000;
  const seconds = billable_seconds ?? wall;
  return seconds >= 0 ? { instance, count, seconds } : null;
}

export interface Prepared extends JobTimes {
  /** Where the service counts them itself: Glue. */
  billable_seconds?: number;
  /** Prefix that holds train/, holdout/ and manifest/. */
  output: string;
}

export interface TrainedModel {
  trained: JobTimes & {
    artifact: string;
    hyperparameters: Record<string, string>;
    billable_seconds?: number;
  };
  tuning?: { tuning_job: string; best: string; started: string | number; ended: string | number };
}

export interface Scored extends JobTimes {
  /** Prefix of the transform's output. */
  output: string;
}

/** The manifest that the prepare job writes (pipeline/prepare). */
export interface Manifest {
  problem: 'binary' | 'multiclass' | 'regression';
  target: string;
  positive: string | null;
  positive_defaulted: boolean;
  /** Binary: [negative, positive]; multiclass: in code-point order; regression: none. */
  labels: string[];
  content_type: 'text/csv' | 'application/jsonlines';
  features: { name: string; type: string }[];
  slices: string[];
  files: Record<
    'train' | 'holdout',
    { path: string; rows: number; positives: number | null; sha256: string }
  >;
  /** Over the holdout's row ids and labels. */
  holdout_sha256: string;
  warnings: string[];
}

export async function readManifest(context: StepContext, prepared: Prepared): Promise<Manifest> {
  return await readJson<Manifest>(context, `${folder(prepared.output)}manifest/manifest.json`);
}

export async function readJson<T>(context: Pick<StepContext, 'storage'>, uri: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await context.storage.read(uri))) as T;
}

/** The URI with a slash at the end: the form of a prefix. */
export const folder = (uri: string): string => (uri.endsWith('/') ? uri : `${uri}/`);

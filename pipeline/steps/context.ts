import type { JobRun } from '../cost/estimate.ts';
import { sha256 } from '../hash.ts';
import type { Request } from '../machines/request.ts';
import type { Problem } from '../metrics.ts';
import type { ObjectVersion, Ports } from '../ports.ts';
import type { Duel, Guide } from './train/guide.ts';
import { readRecorded } from './train/unchanged.ts';

type Mode = Request['mode'];

/** The folders of a project's artifacts. */
export type ArtifactFolder =
  | 'configs'
  | 'holdouts'
  /** Code, data and scripts of a checkout, which the caller of a run stages. */
  | `inputs-${Mode}`
  /** What jobs write, until the function keep copies it. */
  | `jobs-${Mode | 'local'}`
  /** What looks at production read, found and keep (monitor/artifacts.ts). */
  | 'looks'
  | 'models'
  /** The rows of the table monitoring (queries/recorded-tables.ts). */
  | 'monitoring'
  | 'packages'
  | 'prepared'
  | 'runs'
  | 'scores'
  /** What gate.reuse: sealed withholds until the candidate is promoted (train/seal.ts). */
  | 'sealed'
  | 'settings'
  /** The tables that runs record (pipeline/queries/recorded-tables.ts). */
  | 'trials';

/** The second argument of every step: the ports to the outside world, and where artifacts are kept. */
export interface StepContext extends Ports {
  /** The model whose ledger and registry the ports open. */
  model: string;
  /** `s3://BUCKET/PREFIX` of the project's artifacts, without a slash at the end. */
  root: string;
  /** Prefix of job names, followed by a hyphen: at most 21 characters, unique to the environment. */
  jobPrefix: string;
  /** The most that the environment lets a run cost, in US dollars, whatever its mlops.yaml says; null: no ceiling. */
  mostRunUsd: number | null;
  /** AWS region whose prices apply; null on this machine, where jobs cost nothing. */
  region: string | null;
}

/**
 * The prefix of one model's artifacts in a folder, with a slash at its end. The folder comes before the model, so that
 * an IAM policy that grants a folder needs no wildcard in the middle.
 */
export const artifactsOf = (
  { root, model }: Pick<StepContext, 'root' | 'model'>,
  folder: ArtifactFolder,
): string => `${root}/${folder}/${model}/`;

/** A run's hash in the names of its jobs. It covers the model, so that two models never share a job name. */
export const jobHash = (execution: string, { model }: Pick<StepContext, 'model'>): string =>
  sha256(`${model} ${execution}`).slice(0, 8);

/** The ledger item of the champion and its predecessor. Its version grows with every promotion. */
export interface Champion {
  package: string;
  previous: string | null;
  /** The package (a champion or a baseline) that it was compared with when it became the champion. */
  compared_with: string | null;
  execution: string;
  reason: string;
  at: string;
}

export const championKind = 'champion';
export const championId = 'current';

/** A job's times and instances, kept in the ledger for later runs. Times are as the service writes them. */
export interface JobTimes {
  job: string;
  started: string | number;
  ended: string | number;
  /** Instance type; absent in items of an earlier version of the pipeline. */
  instance?: string;
  count?: number;
}

/** The instances and seconds that a job is billed for; null if unknown. Times are ISO 8601 text or milliseconds. */
export function jobRun(times: Partial<JobTimes> & { billable_seconds?: number } = {}): JobRun | null {
  const { instance, count, started, ended, billable_seconds } = times;
  if (instance === undefined || count === undefined || started === undefined || ended === undefined)
    return null;
  const wall = (new Date(ended).getTime() - new Date(started).getTime()) / 1000;
  const seconds = billable_seconds ?? wall;
  return seconds >= 0 ? { instance, count, seconds } : null;
}

export interface Prepared extends JobTimes {
  /** Billed seconds as the service reports them (Glue). */
  billable_seconds?: number;
  /** Prefix that holds train/, holdout/, reference/ and manifest/. */
  output: string;
  /** What the prefix holds; absent in items of an earlier version of the pipeline, which are not reused. */
  objects?: ObjectVersion[];
}

/** A tuning job's search space and parents. The ledger keeps it with the model, for later tuning jobs to start from. */
export interface Search {
  /** Hash that is equal for parent and child. */
  key: string;
  /** Hash of data and image: trials with the same hash have comparable objective values. */
  made_from: string;
  /** Most training jobs that it starts. */
  jobs: number;
  /** Whether it has parents; `warm_start` is then the WarmStartConfig that names them. */
  warm: boolean;
  warm_start: {
    ParentHyperParameterTuningJobs?: { HyperParameterTuningJobName: string }[];
    WarmStartType?: string;
  };
  /** The objective's best value among all parents. */
  best: number | null;
  /** SageMaker's reason for refusing the parents; the job then searched without them. */
  refused?: { Error: string; Cause: string };
  /** Hash that is equal for runs whose trials say something about each other; absent in items of an earlier version. */
  alike?: string;
  /** What guided it; absent where tuning.guided is off. */
  guidance?: Guidance;
}

/** What the trials of earlier runs say, when a run is planned. */
export interface Guidance {
  /** Where to search; null if they do not tell yet, and `why` says so. */
  guide: Guide | null;
  why: string | null;
  /** Guided against random trials in each earlier run that had both, the newest first. */
  duels: Duel[];
}

/** The result of a part of a guided search; `tuning_job` and `value` are null if it failed as a whole. */
export interface SearchPart {
  tuning_job: string | null;
  best?: string;
  value: number | null;
  started?: string | number;
  ended?: string | number;
}

export interface TrainedModel {
  trained: JobTimes & {
    artifact: string;
    /** The artifact, and the report of its training if there is one. */
    objects?: ObjectVersion[];
    hyperparameters: Record<string, string>;
    billable_seconds?: number;
  };
  tuning?: {
    tuning_job: string;
    best: string;
    started: string | number;
    ended: string | number;
    /** The best trial's objective value; absent, like `search`, in items of an earlier version of the pipeline. */
    value?: number;
    search?: Search;
    /** All parts of a guided search, of which the best trial is in one. */
    parts?: Partial<Record<'first' | 'guided' | 'random', SearchPart>>;
  };
}

export interface Scored extends JobTimes {
  /** Prefix of the transform's output. */
  output: string;
  objects?: ObjectVersion[];
}

interface FileFacts {
  path: string;
  rows: number;
  positives: number | null;
  sha256: string;
}

/** How the prepare job divided rows. */
export interface SplitFacts {
  by: 'hash' | 'group' | 'time' | 'file';
  column?: string;
  /** Number of groups on each side. */
  groups?: { train: number; holdout: number };
  /** By time: where the holdout begins, the embargo in seconds, and the rows that it left out of training. */
  boundary?: string;
  embargo?: number;
  embargoed?: number;
  source?: string;
}

/** The columns that go through the holdout to the score file: the group, if there is one, and the slices. */
export const carriedColumns = ({ group = null, slices }: Pick<Manifest, 'group' | 'slices'>): string[] => [
  ...(group === null ? [] : [group]),
  ...slices,
];

/** The manifest that the prepare job (pipeline/prepare) writes. */
export interface Manifest {
  problem: Problem;
  target: string;
  positive: string | null;
  positive_defaulted: boolean;
  /** Binary: [negative, positive]; multiclass: in code-point order; regression: none. */
  labels: string[];
  content_type: 'text/csv' | 'application/jsonlines';
  features: { name: string; type: string }[];
  /** The column that names the group, where the split is by group. Absent in manifests of an earlier version. */
  group?: string | null;
  slices: string[];
  /** The column of ids; null: the content of `id_columns` identifies a row. */
  row_id: string | null;
  id_columns?: string[] | null;
  /** The type of each column of the source that a release reads as training did: slices, and all that a script sees. */
  columns?: Record<string, string>;
  /** The categories of training, of columns that have few and are not in data.sensitive. */
  categories?: Record<string, string[]>;
  /** data.holdout; null where the split is by file. */
  holdout_share?: number | null;
  /** How rows were divided; absent in manifests of an earlier version, and of views. */
  split?: SplitFacts;
  files: Record<'train' | 'holdout', FileFacts> & {
    /** The marks of the training rows (pipeline/prepare, trained.py). */
    trained?: FileFacts;
    /** A hash of each training row's group. */
    groups?: FileFacts;
    /** What the training rows were like by column (pipeline/monitor/reference.ts: ColumnReference[]), for monitoring. */
    reference?: FileFacts;
  };
  /** Hash of the holdout's row ids and labels. */
  holdout_sha256: string;
  warnings: string[];
}

/** Throws ArtifactChangedError if it is not the manifest that was recorded. */
export async function readManifest(
  context: Pick<StepContext, 'storage'>,
  prepared: Pick<Prepared, 'output' | 'objects'>,
): Promise<Manifest> {
  const uri = `${folder(prepared.output)}manifest/manifest.json`;
  return JSON.parse(new TextDecoder().decode(await readRecorded(uri, prepared.objects, context))) as Manifest;
}

export async function readJson<T>(context: Pick<StepContext, 'storage'>, uri: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await context.storage.read(uri))) as T;
}

/** The URI with a slash at its end, as a prefix. */
export const folder = (uri: string): string => (uri.endsWith('/') ? uri : `${uri}/`);

/** The URI of a file that a manifest lists, from the manifest's own. */
export const preparedFile = (manifest: string, { path }: { path: string }): string =>
  `${manifest.slice(0, manifest.lastIndexOf('manifest/manifest.json'))}${path}`;

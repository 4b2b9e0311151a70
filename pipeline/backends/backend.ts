import type { MonitorRequest } from '../machines/monitor-request.ts';
import type { ReleaseRequest } from '../machines/release-request.ts';
import type { Request } from '../machines/request.ts';
import type { StepContext } from '../steps/context.ts';
import type { LookRecord } from '../steps/monitor/records.ts';
import type { ReleaseRecord } from '../steps/release/release-record.ts';
import type { RunRecord } from '../steps/train/run-record.ts';

/** The input of an execution: each machine takes one kind. */
export type AnyRequest = Request | ReleaseRequest | MonitorRequest;

/** Runs the same state machine on this machine or on AWS. */
export interface Backend {
  readonly name: 'embedded' | 'aws';
  /** On AWS: the environment of mlops.yaml. */
  readonly environment: string | null;
  readonly context: StepContext;
  /**
   * Makes the run's images available and returns their URIs by digest; `code` lists the model's files, `notes` are for
   * the report.
   */
  images(
    options: ImageOptions,
  ): Promise<{ model: string; prepare: string; code: CodeFile[]; notes?: string[] }>;
  /** Makes the image of the prepare program available and returns its URI by digest. */
  prepareImage(): Promise<string>;
  /** Copies files to a prefix of the storage; skips those already there. */
  stage(files: StagedFile[], prefix: string): Promise<void>;
  /** The name for a new run, or on AWS the name of a run with the same input that is running or has succeeded. */
  executionName(request: AnyRequest): Promise<string>;
  /** Starts a machine without waiting and returns the execution's name. Only on AWS. */
  begin(request: AnyRequest): Promise<string>;
  /** The URL of a page that shows the execution; null if there is none. */
  linkOf(execution: string, request: Request): string | null;
  /** Runs the train machine to its end. Aborting the signal stops its jobs too. */
  run(request: Request, options: RunOptions): Promise<RunResult>;
  /** Runs the release machine to its end, for a release or a rollback, like `run`. */
  release(request: ReleaseRequest, options: RunOptions): Promise<RunResult>;
  /** Runs the monitor machine to its end, for one look, like `run`. */
  look(request: MonitorRequest, options: RunOptions): Promise<RunResult>;
  /** The last lines of a failed job's log, for an error that does not contain them. */
  logTail(job: FailedJob): Promise<string[]>;
  /** Writes the record of a finished run, if the process that follows a run has to do so. */
  keep(record: RunRecord): Promise<void>;
  /** Writes the record of a finished release, if the process that follows it has to do so. */
  keepRelease(record: ReleaseRecord): Promise<void>;
  /** Writes the record of a finished look, if the process that follows it has to do so. */
  keepLook(record: LookRecord): Promise<void>;
}

/** A job, by the name that its service uses. */
export interface FailedJob {
  kind: 'processing' | 'training' | 'transform' | 'tuning';
  name: string;
}

export interface ImageOptions {
  /** The model's folder; null if `image` names a built one. */
  context: string | null;
  image: string | null;
  /** On AWS: images of the checkout that were pushed before. */
  pushed?: PushedImages;
}

/** Images of a checkout, by digest. */
export interface PushedImages {
  model?: string | undefined;
  prepare?: string | undefined;
}

export interface CodeFile {
  path: string;
  sha256: string;
}

export interface LocalFile {
  path: string;
  /** Relative to the prefix. */
  name: string;
}

export type StagedFile = LocalFile | { text: string; name: string };

export interface RunOptions {
  execution: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Progress of a run, for people. */
export type Progress =
  | { kind: 'started' | 'succeeded' | 'failed'; state: string; seconds: number }
  /** A job has started on AWS; `url`: its log. */
  | { kind: 'job'; state: string; name: string; url: string }
  /** The run waits, such as for another one to finish. `reason`: a line for people; `since`: ISO 8601. */
  | { kind: 'waiting'; state: string; reason: string; since: string }
  /** A running step has something to tell. */
  | { kind: 'note'; state: string; text: string }
  | { kind: 'trial'; state: string; done: number; total: number; best: number | null };

export interface RunResult {
  status: 'succeeded' | 'failed' | 'cancelled';
  /** Wall time of the states, in the order in which they ended. */
  steps: { name: string; seconds: number }[];
  error: { name: string; cause: string } | null;
}

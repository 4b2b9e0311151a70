import type { Request } from '../machines/request.ts';
import type { StepContext } from '../steps/context.ts';
import type { RunRecord } from '../steps/train/run-record.ts';

/** Where a run happens: the same document, on this machine or on AWS. */
export interface Backend {
  readonly name: 'embedded' | 'aws';
  /** On AWS: the environment of mlops.yaml. */
  readonly environment: string | null;
  readonly context: StepContext;
  /** Makes the run's images ready and says their URIs by digest; `code` lists the model's files. */
  images(options: ImageOptions): Promise<{ model: string; prepare: string; code: CodeFile[] }>;
  /** Copies files to a prefix of the storage; those that are there already cost nothing. */
  stage(files: StagedFile[], prefix: string): Promise<void>;
  /** The name of the run: of a new one, or on AWS of one that has the same input and is open or has succeeded. */
  executionName(request: Request): Promise<string>;
  /** Starts the train machine, which goes on by itself; says the execution's name. Only where that can be. */
  begin(request: Request): Promise<string>;
  /** Where a person sees the execution; null where there is no such page. */
  linkOf(execution: string, request: Request): string | null;
  /** Runs the train machine to its end. Aborting the signal stops its jobs too. */
  run(request: Request, options: RunOptions): Promise<RunResult>;
  /** The last lines of a failed job's log, where its error did not bring them along. */
  logTail(job: FailedJob): Promise<string[]>;
  /** Keeps the record of a run that has ended, where whoever follows a run is the one to write it. */
  keep(record: RunRecord): Promise<void>;
}

/** A job by the name that its service has for it. */
export interface FailedJob {
  kind: 'processing' | 'training' | 'transform' | 'tuning';
  name: string;
}

export interface ImageOptions {
  /** The model's folder; null where `image` names a ready one. */
  context: string | null;
  image: string | null;
}

export interface CodeFile {
  path: string;
  sha256: string;
}

export interface LocalFile {
  path: string;
  /** Under the prefix. */
  name: string;
}

export type StagedFile = LocalFile | { text: string; name: string };

export interface RunOptions {
  execution: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** What a person follows of a run. */
export type Progress =
  | { kind: 'started' | 'succeeded' | 'failed'; state: string; seconds: number }
  /** A job elsewhere has begun; `url`: its log. */
  | { kind: 'job'; state: string; name: string; url: string }
  /** Nothing runs: another run has what this one needs. `reason`: a line for people. */
  | { kind: 'waiting'; state: string; reason: string }
  | { kind: 'trial'; state: string; done: number; total: number; best: number | null };

export interface RunResult {
  status: 'succeeded' | 'failed' | 'cancelled';
  /** Wall time of the states, in order of their end. */
  steps: { name: string; seconds: number }[];
  error: { name: string; cause: string } | null;
}

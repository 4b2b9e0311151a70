import type { Image } from '../images/image.ts';

/** A trial of a tuning job has ended (done = 0: the job has begun). */
export interface JobProgress {
  kind: 'trial';
  /** The tuning job. */
  job: string;
  done: number;
  total: number;
  /** The best value of the objective so far; null while there is none. */
  best: number | null;
  /** The trial that has just ended; null at the beginning. */
  name: string | null;
  /** The strategy that runs, where it is not the one asked for. */
  ran_as?: string;
}

/** One call's side of the caller. */
export interface JobContext {
  /** Aborting it ends the job and every process of it; the call then rejects with an AbortError. */
  readonly signal: AbortSignal;
  progress(update: JobProgress): void;
}

export interface JobsOptions {
  /** Where jobs live, one folder a job named after the end of its ARN: `training-job/NAME/{describe.json,log.txt,ml/}`. */
  readonly root: string;
  /** The file or folder that an S3 location stands for, on the same file system as `root`. */
  resolve(uri: string): string;
  image(uri: string): Promise<Image>;
  /** Trials run side by side. */
  readonly cores: number;
  readonly now?: () => Date;
  readonly waits?: Partial<Waits>;
}

/** Seconds. */
export interface Waits {
  /** From SIGTERM to SIGKILL where a job has run for too long: SageMaker's 120. */
  stop: number;
  /** The same where the user stops it or a server is no longer needed. */
  abort: number;
  /** For a model server's first healthy answer: SageMaker's 240. */
  ping: number;
}

/** JobsOptions with its defaults. */
export interface Jobs extends JobsOptions {
  readonly now: () => Date;
  readonly waits: Waits;
}

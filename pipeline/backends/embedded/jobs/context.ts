import type { Image } from '../images/image.ts';

export type JobProgress = TrialProgress | { kind: 'note'; job: string; text: string };

/** A trial of a tuning job has ended; done = 0: the job has started. */
export interface TrialProgress {
  kind: 'trial';
  /** The tuning job. */
  job: string;
  done: number;
  total: number;
  /** The best value of the objective so far; null if there is none yet. */
  best: number | null;
  /** The trial that has just ended; null at the start. */
  name: string | null;
  /** The strategy that really runs, if it is not the requested one. */
  ran_as?: string;
}

/** The caller's signal and progress callback for one call. */
export interface JobContext {
  /** Ends the job and all its processes; the call then rejects with an AbortError. */
  readonly signal: AbortSignal;
  progress(update: JobProgress): void;
}

export interface JobsOptions {
  /** Has one folder per job, named by the end of its ARN: `training-job/NAME/{describe.json,log.txt,ml/}`. */
  readonly root: string;
  /** The file or folder of an S3 location, on the same file system as `root`. */
  resolve(uri: string): string;
  image(uri: string): Promise<Image>;
  /** The number of trials that run at the same time. */
  readonly cores: number;
  readonly now?: () => Date;
  readonly waits?: Partial<Waits>;
}

/** Seconds. */
export interface Waits {
  /** From SIGTERM to SIGKILL if a job has run for too long; 120 in SageMaker. */
  stop: number;
  /** The same if the user stops the job or a server is no longer needed. */
  abort: number;
  /** Until a model server's first healthy answer; 240 in SageMaker. */
  ping: number;
  /** Until a note says that it has not answered yet. */
  quiet: number;
  /** For how long a model may answer on another port only. */
  elsewhere: number;
}

/** JobsOptions with its defaults. */
export interface Jobs extends JobsOptions {
  readonly now: () => Date;
  readonly waits: Waits;
}

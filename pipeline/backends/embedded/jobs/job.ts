import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { logTail, MOST_LINES } from '../../log-tail.ts';
import { writeAtomic } from '../state/files.ts';
import type { JobStatus } from './api.ts';
import type { Jobs } from './context.ts';
import { abortError, JobFailure, serviceError } from './errors.ts';

/** For each kind of job in an ARN, the first word of the API's field names. */
export const kinds = {
  'training-job': 'Training',
  'processing-job': 'Processing',
  'transform-job': 'Transform',
  'hyper-parameter-tuning-job': 'HyperParameterTuning',
} as const;
type Kind = keyof typeof kinds;

/** The length of a log line in a failure. */
const TAIL_WIDTH = 1000;

export function arn(resource: string): string {
  return `arn:aws:sagemaker:local:000000000000:${resource}`;
}

export function jobFolder(root: string, kind: Kind, name: string): string {
  return join(root, kind, name);
}

/** Atomic: a reader sees the old value or the new one. */
export function writeJson(file: string, value: unknown): Promise<void> {
  return writeAtomic(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** The end of a job that did not fail. */
export interface Ending {
  status: 'Completed' | 'Stopped';
  /** More fields of the Describe response. */
  fields?: Readonly<Record<string, unknown>>;
}

/**
 * A job and its folder: `describe.json` (the Describe response so far, and on failure `LogTail`), `log.txt`, and `ml/`,
 * which the program sees as /opt/ml.
 */
export class Job {
  readonly name: string;
  readonly arn: string;
  readonly folder: string;
  readonly baseDir: string;
  readonly #kind: Kind;
  readonly #now: () => Date;
  readonly #logFile: number;
  readonly #tail: string[] = [];
  #description: Record<string, unknown>;

  private constructor(jobs: Jobs, kind: Kind, name: string, request: object) {
    this.name = name;
    this.arn = arn(`${kind}/${name}`);
    this.folder = jobFolder(jobs.root, kind, name);
    this.baseDir = join(this.folder, 'ml');
    this.#kind = kind;
    this.#now = jobs.now;
    this.#logFile = openSync(join(this.folder, 'log.txt'), 'a');
    const now = this.#now().toISOString();
    const word = kinds[kind];
    this.#description = {
      ...request,
      [`${word}JobArn`]: this.arn,
      [`${word}JobStatus`]: 'InProgress' satisfies JobStatus,
      CreationTime: now,
      LastModifiedTime: now,
    };
  }

  /**
   * Creates the job; its folder reserves the name.
   * @param request parameters that the Describe response repeats
   * @throws `SageMaker.ResourceInUseException` if a job has or had this name
   */
  static async create(jobs: Jobs, kind: Kind, name: string, request: object): Promise<Job> {
    const folder = jobFolder(jobs.root, kind, name);
    await mkdir(join(jobs.root, kind), { recursive: true });
    try {
      await mkdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw serviceError(
        'ResourceInUseException',
        `${kinds[kind]} job names must be unique and cannot be reused: ${arn(`${kind}/${name}`)} exists`,
      );
    }
    const job = new Job(jobs, kind, name, request);
    await mkdir(job.baseDir);
    await job.#save();
    return job;
  }

  /** Adds a line to log.txt immediately. */
  readonly log = (line: string): void => {
    writeSync(this.#logFile, `${line}\n`);
    this.#tail.push(line.slice(0, TAIL_WIDTH));
    if (this.#tail.length > MOST_LINES) this.#tail.shift();
  };

  /**
   * Does the job's work and records its end, also if it fails.
   * @returns the Describe response, also of a Failed or Stopped job; these include the last log lines
   * @throws AbortError if `signal` ended it
   */
  async conduct<Description>(signal: AbortSignal, work: () => Promise<Ending>): Promise<Description> {
    const start = this.#now();
    const word = kinds[this.#kind];
    if (word !== 'HyperParameterTuning') this.#description[`${word}StartTime`] = start.toISOString();
    try {
      const ending = await this.#end(signal, work);
      const end = this.#now();
      const seconds = Math.max(1, Math.round((end.getTime() - start.getTime()) / 1000));
      this.#description = {
        ...this.#description,
        ...(word === 'Training' && {
          SecondaryStatus: ending.status,
          TrainingTimeInSeconds: seconds,
          BillableTimeInSeconds: seconds,
        }),
        ...ending.fields,
        [`${word}JobStatus`]: ending.status,
        [`${word}EndTime`]: end.toISOString(),
        LastModifiedTime: end.toISOString(),
        ...(ending.status !== 'Completed' && { LogTail: logTail(this.#tail) }),
      };
      await this.#save();
    } finally {
      closeSync(this.#logFile);
    }
    if (signal.aborted) throw abortError(`${this.arn} was stopped`);
    return this.#description as Description;
  }

  async #end(
    signal: AbortSignal,
    work: () => Promise<Ending>,
  ): Promise<Omit<Ending, 'status'> & { status: JobStatus }> {
    try {
      if (signal.aborted) return { status: 'Stopped' };
      const ending = await work();
      return signal.aborted ? { ...ending, status: 'Stopped' } : ending;
    } catch (error) {
      if (signal.aborted) return { status: 'Stopped' };
      if (error instanceof JobFailure) {
        return { status: 'Failed', fields: { ...error.fields, FailureReason: error.message.slice(0, 1024) } };
      }
      this.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      const message = error instanceof Error ? error.message : String(error);
      return {
        status: 'Failed',
        fields: { FailureReason: `InternalServerError: ${message}`.slice(0, 1024) },
      };
    }
  }

  #save(): Promise<void> {
    return writeJson(join(this.folder, 'describe.json'), this.#description);
  }
}

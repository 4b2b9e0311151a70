import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { trainSteps } from '../../../machines/train.ts';
import type { TrainState } from '../../../steps/train/state.ts';
import { waitingReason } from '../../../steps/train/waiting.ts';
import type { Progress, RunResult } from '../../backend.ts';
import { jobLink } from '../console-links.ts';
import type { JobKind, StartedJob } from './started-job.ts';

const creations: Record<string, { kind: JobKind; name: string }> = {
  createProcessingJob: { kind: 'processing', name: 'ProcessingJobName' },
  createTrainingJob: { kind: 'training', name: 'TrainingJobName' },
  createTransformJob: { kind: 'transform', name: 'TransformJobName' },
  createHyperParameterTuningJob: { kind: 'tuning', name: 'HyperParameterTuningJobName' },
  createModel: { kind: 'model', name: 'ModelName' },
};

const ends = new Set(['TaskSucceeded', 'TaskFailed', 'TaskTimedOut', 'TaskStartFailed', 'TaskSubmitFailed']);

/** How an execution ended. */
export interface ExecutionEnd {
  status: RunResult['status'];
  error: RunResult['error'];
}

/** A task that is scheduled and has not ended. */
interface Task {
  state: string;
  scheduled: Date;
  parameters: string | undefined;
  job: StartedJob | null;
}

/**
 * Reads an execution's events in the order of their ids and derives progress for people, the jobs that may still run,
 * and how it ended. Makes no calls.
 */
export class ExecutionHistory {
  readonly #region: string;
  readonly #shown: readonly string[];
  /** The id of the newest event read. */
  lastId = 0;
  end: ExecutionEnd | null = null;
  readonly steps: RunResult['steps'] = [];
  /** The last known state of the machine. */
  state: TrainState | null = null;
  /** The state of each event. Events name the event before them, not their state. */
  readonly #states = new Map<number, string>();
  readonly #tasks = new Map<string, Task>();
  readonly #left = new Map<string, StartedJob>();
  /** By state: what it waits for, and since when. Each further attempt repeats it. */
  readonly #waiting = new Map<string, { reason: string; since: string }>();

  /**
   * @param region for links to logs
   * @param shown the states that people see
   */
  constructor(region: string, shown: readonly string[] = trainSteps) {
    this.#region = region;
    this.#shown = shown;
  }

  /** Reads the new events; returns their progress. */
  add(events: readonly HistoryEvent[]): Progress[] {
    const fresh = events.filter(({ id = 0 }) => id > this.lastId).sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
    return fresh.flatMap((event) => this.#take(event));
  }

  /** Jobs that were started and have not ended, and models that were not deleted, as far as the events show. */
  openJobs(): StartedJob[] {
    return [...this.#left.values()];
  }

  /** The running tuning jobs. */
  tuning(): StartedJob[] {
    return this.openJobs().filter(({ kind }) => kind === 'tuning');
  }

  #take(event: HistoryEvent): Progress[] {
    const { id = 0, previousEventId = 0, type = '', timestamp = new Date(0) } = event;
    this.lastId = id;
    const state = event.stateEnteredEventDetails?.name ?? this.#states.get(previousEventId) ?? '';
    this.#states.set(id, state);
    this.#keepState(event);

    if (type === 'TaskScheduled') {
      const { resource = '', parameters } = event.taskScheduledEventDetails ?? {};
      const job = startedJob(resource, parameters, state);
      if (job) this.#left.set(`${job.kind} ${job.name}`, job);
      if (resource.endsWith('deleteModel')) this.#left.delete(`model ${nameIn(parameters, 'ModelName')}`);
      this.#tasks.set(state, { state, scheduled: timestamp, parameters, job });
      if (!this.#shown.includes(state) || this.#waiting.has(state)) return [];
      return [{ kind: 'started', state, seconds: 0 }];
    }
    const task = this.#tasks.get(state);
    if (type === 'TaskSubmitted' && task?.job === null) {
      task.job = submittedJob(task, event.taskSubmittedEventDetails?.output);
      if (task.job) this.#left.set(`${task.job.kind} ${task.job.name}`, task.job);
    }
    if (type === 'TaskSubmitted' && task?.job && this.#shown.includes(state)) {
      return [{ kind: 'job', state, name: task.job.name, url: jobLink(this.#region, task.job) }];
    }
    if (ends.has(type) && task) {
      this.#tasks.delete(state);
      // A job may run on after its state has timed out.
      if (task.job?.waits && type !== 'TaskTimedOut') {
        this.#left.delete(`${task.job.kind} ${task.job.name}`);
      }
      const { error, cause } = event.taskFailedEventDetails ?? event.taskSubmitFailedEventDetails ?? {};
      const reason = waitingReason(error, cause);
      if (reason !== null) {
        const { reason: before, since = timestamp.toISOString() } = this.#waiting.get(state) ?? {};
        this.#waiting.set(state, { reason, since });
        return reason === before ? [] : [{ kind: 'waiting', state, reason, since }];
      }
      this.#waiting.delete(state);
      if (!this.#shown.includes(state)) return [];
      const seconds = (timestamp.getTime() - task.scheduled.getTime()) / 1000;
      if (type !== 'TaskSucceeded') return [{ kind: 'failed', state, seconds }];
      this.steps.push({ name: state, seconds });
      return [{ kind: 'succeeded', state, seconds }];
    }
    this.end ??= endOf(event);
    return [];
  }

  #keepState({ stateExitedEventDetails: exited }: HistoryEvent): void {
    const value = parsed(exited?.output);
    // Inside a branch the output is not the machine's state.
    if (isTrainState(value)) this.state = value;
  }
}

function startedJob(resource: string, parameters: string | undefined, state: string): StartedJob | null {
  // `createTrainingJob.sync`, or an ARN that ends with it.
  const [, action = '', sync] = /([a-zA-Z]+)(\.sync)?$/.exec(resource) ?? [];
  const creation = creations[action];
  const name = creation && nameIn(parameters, creation.name);
  if (!creation || !name) return null;
  return { kind: creation.kind, name, state, waits: sync !== undefined };
}

/** Glue and ECS return the name of the run or task when they accept it. */
function submittedJob({ state, parameters }: Task, output: string | undefined): StartedJob | null {
  const answer = parsed(output);
  const glue = nameIn(parameters, 'JobName');
  const run = answer?.JobRunId;
  if (glue !== null && typeof run === 'string')
    return { kind: 'glue', name: `${glue}/${run}`, state, waits: true };
  const [task] = (answer?.Tasks ?? []) as { TaskArn?: unknown }[];
  return typeof task?.TaskArn === 'string' ? { kind: 'ecs', name: task.TaskArn, state, waits: true } : null;
}

function nameIn(parameters: string | undefined, field: string): string | null {
  const name = parsed(parameters)?.[field];
  return typeof name === 'string' ? name : null;
}

function parsed(text: string | undefined): Record<string, unknown> | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const isTrainState = (value: unknown): value is TrainState =>
  typeof value === 'object' && value !== null && 'request' in value;

function endOf(event: HistoryEvent): ExecutionEnd | null {
  const told = (
    details: { error?: string | undefined; cause?: string | undefined } | undefined,
    name: string,
    cause: string,
  ) => ({
    name: details?.error || name,
    cause: details?.cause || cause,
  });
  switch (event.type) {
    case 'ExecutionSucceeded':
      return { status: 'succeeded', error: null };
    case 'ExecutionFailed':
      return {
        status: 'failed',
        error: told(event.executionFailedEventDetails, 'States.Runtime', 'no cause was given'),
      };
    case 'ExecutionTimedOut':
      return {
        status: 'failed',
        error: told(event.executionTimedOutEventDetails, 'States.Timeout', 'the run took too long'),
      };
    case 'ExecutionAborted':
      return {
        status: 'cancelled',
        error: told(
          event.executionAbortedEventDetails,
          'ExecutionAborted',
          'the execution was stopped from outside',
        ),
      };
    default:
      return null;
  }
}

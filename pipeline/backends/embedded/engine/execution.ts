/**
 * Runs a resource, with the parameters that AWS would get and the answer that AWS would give. Retry and Catch see the
 * name of a TaskError, or of an error named like a service's (SageMaker.ValidationException). Any other error is the
 * function's own for Lambda, and States.TaskFailed otherwise.
 */
export type TaskHandler = (parameters: unknown, task: TaskContext) => Promise<unknown>;

export interface TaskContext {
  readonly state: string;
  readonly resource: string;
  /** 1 at first; every Retry adds one. */
  readonly attempt: number;
  /**
   * Fires on the task's timeout, when the execution is aborted or times out, and when a sibling branch failed. The
   * handler must then stop what it started and return, because the execution waits for it.
   */
  readonly signal: AbortSignal;
}

export interface ExecutionEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly type:
    | 'ExecutionStarted'
    | 'StateEntered'
    | 'StateExited'
    | 'TaskStarted'
    | 'TaskSucceeded'
    | 'TaskFailed'
    | 'TaskTimedOut'
    | 'TaskAborted'
    | 'TaskRetried'
    | 'ExecutionSucceeded'
    | 'ExecutionFailed'
    | 'ExecutionTimedOut'
    | 'ExecutionAborted';
  readonly state?: string;
  readonly resource?: string;
  /** The handler's parameters; for ExecutionStarted the input. */
  readonly parameters?: unknown;
  /** The task's answer (before ResultSelector); for StateExited and ExecutionSucceeded the output. */
  readonly result?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** The duration of the task, the state (all its attempts) or the execution that the event ends. */
  readonly seconds?: number;
}

export type ExecutionResult =
  | { readonly status: 'SUCCEEDED'; readonly output: unknown }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'ABORTED' }
  | { readonly status: 'TIMED_OUT' };

export interface ExecutionOptions {
  readonly name: string;
  /** By Resource ARN. */
  readonly handlers: Readonly<Record<string, TaskHandler>>;
  /** Aborts the execution. */
  readonly signal: AbortSignal;
  /** Called in order. An error that it throws ends the execution and is rethrown. */
  readonly onEvent: (event: ExecutionEvent) => void;
  /** `$$.Execution.Id` (default: the name) and `$$.Execution.StartTime` (default: now). */
  readonly context?: { readonly Execution: { readonly Id?: string; readonly StartTime?: string } };
}

/** The failure of a state; Retry, Catch and the execution see `name` as Error and `message` as Cause. */
export class TaskError extends Error {
  constructor(error: string, cause: string) {
    // AWS cuts them to these lengths.
    super(cause.slice(0, 32_768));
    this.name = error.slice(0, 256);
  }
}

/** The document refers to data that does not exist. */
export const runtimeError = (cause: string) => new TaskError('States.Runtime', cause);

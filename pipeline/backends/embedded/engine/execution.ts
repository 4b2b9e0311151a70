/**
 * What runs a resource. It gets the parameters that AWS would get and answers what AWS would answer. A TaskError chooses
 * the error that Retry and Catch see, as does an error that is named as services name theirs (SageMaker.ValidationException);
 * anything else thrown is the function's own error for Lambda, else States.TaskFailed.
 */
export type TaskHandler = (parameters: unknown, task: TaskContext) => Promise<unknown>;

export interface TaskContext {
  readonly state: string;
  readonly resource: string;
  /** 1, and one more with every Retry. */
  readonly attempt: number;
  /**
   * Fires on the task's timeout, when the execution is aborted or times out, and when a sibling branch failed.
   * The execution goes on only when the handler has ended: it must then stop what it started and return.
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
  /** As the handler gets them; for ExecutionStarted the input. */
  readonly parameters?: unknown;
  /** What the task answered (before ResultSelector); for StateExited and ExecutionSucceeded the output. */
  readonly result?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** Since the start of the task, the state (all its attempts) or the execution that the event ends. */
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
  /** Called in order. What it throws ends the execution and is thrown on. */
  readonly onEvent: (event: ExecutionEvent) => void;
  /** `$$.Execution.Id` (default: the name) and `$$.Execution.StartTime` (default: now). */
  readonly context?: { readonly Execution: { readonly Id?: string; readonly StartTime?: string } };
}

/** What a state fails with; `name` and `message` are the Error and the Cause that Retry, Catch and the execution see. */
export class TaskError extends Error {
  constructor(error: string, cause: string) {
    // As long as AWS keeps them.
    super(cause.slice(0, 32_768));
    this.name = error.slice(0, 256);
  }
}

/** The document asks of the data what it does not hold. */
export const runtimeError = (cause: string) => new TaskError('States.Runtime', cause);

import type { StateMachine } from '../../../machines/asl.ts';
import { runFlow } from './flow.ts';
import { payload } from './payload.ts';
import { refusals } from './refusals.ts';
import { type Scope, since, timer } from './scope.ts';
import { TaskError } from './task-error.ts';

export { TaskError };

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
   * Fires on the task's timeout, when the execution is aborted or times out, and when a sibling branch or item failed.
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
  /** Of the item, inside a Map. */
  readonly index?: number;
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

/**
 * Runs a state machine as AWS Step Functions (standard workflow) would and resolves when it and all its handlers have ended.
 * @throws Error before anything has run where the document cannot be run as AWS would run it: all reasons at once.
 */
export async function execute(
  document: StateMachine,
  input: unknown,
  options: ExecutionOptions,
): Promise<ExecutionResult> {
  const reasons = refusals(document, new Set(Object.keys(options.handlers)));
  if (reasons.length > 0) throw new Error(`This state machine cannot run here:\n  ${reasons.join('\n  ')}`);
  const given = payload(input, 'The input of the execution');

  const start = Date.now();
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const limit = timer(document.TimeoutSeconds, () => ended.abort(timeLimit));
  const emit: Scope['emit'] = (type, fields) => {
    if (ended.signal.aborted && ended.signal.reason !== timeLimit) return;
    try {
      options.onEvent({ at: new Date().toISOString(), type, ...fields });
    } catch (error) {
      ended.abort(error);
    }
  };
  const { Id = options.name, StartTime = new Date(start).toISOString() } = options.context?.Execution ?? {};
  const context = { Execution: { Id, Name: options.name, Input: given, StartTime } };

  emit('ExecutionStarted', { parameters: given });
  const result = await runFlow(document, given, { handlers: options.handlers, signal, emit, context }).then(
    (output): ExecutionResult => ({ status: 'SUCCEEDED', output }),
    (error: unknown): ExecutionResult => {
      if (!signal.aborted) {
        if (error instanceof Error) return { status: 'FAILED', error: error.name, cause: error.message };
        throw error;
      }
      return { status: signal.reason === timeLimit ? 'TIMED_OUT' : 'ABORTED' };
    },
  );
  clearTimeout(limit);
  const seconds = since(start);
  if (result.status === 'SUCCEEDED') emit('ExecutionSucceeded', { result: result.output, seconds });
  if (result.status === 'FAILED')
    emit('ExecutionFailed', { error: result.error, cause: result.cause, seconds });
  if (result.status === 'ABORTED') emit('ExecutionAborted', { seconds });
  if (result.status === 'TIMED_OUT') emit('ExecutionTimedOut', { error: 'States.Timeout', seconds });
  if (ended.signal.aborted && ended.signal.reason !== timeLimit) throw ended.signal.reason;
  return result;
}

const timeLimit = new Error('The execution has run for its TimeoutSeconds');

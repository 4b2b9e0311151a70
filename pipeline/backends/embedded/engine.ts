import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import type {
  Branch,
  ChoiceState,
  Json,
  MapState,
  State,
  StateMachine,
  TaskState,
} from '../../definition/asl.ts';
import { choose } from './engine/choice.ts';
import { evaluate, parseExpression, resolve } from './engine/expression.ts';
import { type View, valueAt, withValueAt } from './engine/path.ts';
import { longestSeconds, refusals } from './engine/refusals.ts';
import { runtimeError, TaskError } from './engine/task-error.ts';

export { TaskError };

/**
 * What runs a resource. It gets the parameters that AWS would get and answers what AWS would answer. A TaskError chooses
 * the error that Retry and Catch see; anything else thrown is the function's own error for Lambda, else States.TaskFailed.
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
 * aws-local-stepfunctions walks each flow of states, with its retries and catches; what a state does is done here, because
 * there the library differs from AWS (see engine.test.ts).
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

/** What the states of one flow share. */
interface Scope {
  readonly handlers: Readonly<Record<string, TaskHandler>>;
  readonly signal: AbortSignal;
  readonly context: { readonly [key: string]: Json };
  /** Of the item, inside a Map. */
  readonly index?: number;
  readonly emit: (type: ExecutionEvent['type'], fields: Omit<ExecutionEvent, 'at' | 'type'>) => void;
}

/** A state being run, from its first attempt to its exit. */
interface Entry {
  readonly name: string;
  readonly at: number;
  readonly attempt: number;
  failed: boolean;
}

/**
 * The output of the machine, of a branch or of an item. Settles when its handlers have ended.
 * @throws TaskError what its state failed with, or anything at all once the scope's signal has fired
 */
async function runFlow(flow: Branch, input: Json, scope: Scope): Promise<Json> {
  // Loaded when first needed: it takes longer than all the rest of the command line.
  const { ExecutionError, StateMachine: Library } = await import('aws-local-stepfunctions');
  if (scope.signal.aborted) throw stopped();
  let entry: Entry | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const exit = (last: Entry, result?: Json) =>
    scope.emit('StateExited', {
      ...place(last.name, scope),
      ...(result !== undefined && { result }),
      seconds: since(last.at),
    });

  const step = async (name: string, state: State, data: Json): Promise<Json> => {
    if (scope.signal.aborted) throw stopped();
    if (entry?.failed && entry.name === name) {
      entry = { ...entry, attempt: entry.attempt + 1 };
      scope.emit('TaskRetried', place(name, scope));
    } else {
      if (entry?.failed) exit(entry);
      entry = { name, at: Date.now(), attempt: 1, failed: true };
      scope.emit('StateEntered', place(name, scope));
    }
    const current = entry;
    const outcome = await runState(state, data, current, scope);
    const output = payload(outcome.output, `The output of state "${name}"`);
    current.failed = false;
    exit(current, output);
    if (outcome.next !== undefined) throw new TaskError(exitTo(outcome.next), '');
    return output;
  };

  const handlers = Object.entries(flow.States).map(([name, state]) => [
    name,
    (data: Json) => {
      const result = step(name, state, data);
      running = result.catch(() => undefined);
      return result;
    },
  ]);
  const machine = new Library(libraryFlow(flow), { validationOptions: { noValidate: true } });
  const run = machine.run(input as Parameters<typeof machine.run>[0], {
    overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
  });
  scope.signal.addEventListener('abort', run.abort);
  try {
    return (await run.result) as Json;
  } catch (error) {
    throw error instanceof ExecutionError ? error.cause : error;
  } finally {
    scope.signal.removeEventListener('abort', run.abort);
    await running;
  }
}

/** The flow as the library gets it: each state a task of its own name, so that order, Retry and Catch are the library's. */
function libraryFlow(flow: Branch): StateMachineDefinition {
  const states = Object.entries(flow.States).map(([name, state]) => {
    const retriers = 'Retry' in state ? (state.Retry ?? []) : [];
    const catchers = 'Catch' in state ? (state.Catch ?? []) : [];
    return [
      name,
      {
        Type: 'Task',
        Resource: name,
        // Without one it is 60 s. The real limit is kept by runTask, which waits for the handler's end.
        TimeoutSeconds: longestSeconds,
        ...('Next' in state ? { Next: state.Next } : { End: true }),
        Retry: retriers.map((retrier) => ({
          ...retrier,
          MaxDelaySeconds: Math.min(retrier.MaxDelaySeconds ?? longestSeconds, longestSeconds),
        })),
        // A Choice leaves by an error that is named after the state it goes to.
        Catch: [
          ...catchers.map(({ ResultPath, ...catcher }) => ({
            ...catcher,
            // `$`, the default, would be a key of that name.
            ...(ResultPath !== undefined && ResultPath !== '$' && { ResultPath }),
          })),
          ...(state.Type === 'Choice' ? targets(state) : []).map((next) => ({
            ErrorEquals: [exitTo(next)],
            Next: next,
            ResultPath: null,
          })),
        ],
      },
    ];
  });
  return { StartAt: flow.StartAt, States: Object.fromEntries(states) } as StateMachineDefinition;
}

const exitTo = (state: string) => `to ${state}`;

function targets({ Choices, Default }: ChoiceState): string[] {
  const all = Choices.map(({ Next }) => Next);
  return [...new Set(Default === undefined ? all : [...all, Default])];
}

/** The state's output and, of a Choice, the state that follows. */
async function runState(
  state: State,
  input: Json,
  entry: Entry,
  scope: Scope,
): Promise<{ output: Json; next?: string }> {
  const State = {
    Name: entry.name,
    EnteredTime: new Date(entry.at).toISOString(),
    RetryCount: entry.attempt - 1,
  };
  const context = { ...scope.context, State };
  const view: View = {
    data: select('InputPath' in state ? state.InputPath : undefined, { data: input, context }),
    context,
  };
  const parameters = (): Json =>
    payload(
      'Parameters' in state && state.Parameters ? resolve(state.Parameters, view) : view.data,
      `The Parameters of state "${entry.name}"`,
    );

  switch (state.Type) {
    case 'Choice':
      return { output: input, next: choose(state, view) };
    case 'Fail':
      throw new TaskError(
        textOf(state.Error, state.ErrorPath, view),
        textOf(state.Cause, state.CausePath, view),
      );
    case 'Succeed':
      return finish(view.data);
    case 'Wait':
      await wait('Seconds' in state ? state.Seconds : wholeSeconds(state.SecondsPath, view), scope.signal);
      return finish(view.data);
    case 'Pass':
      return finish('Result' in state ? (state.Result as Json) : parameters());
    case 'Task':
      return finish(await runTask(state, parameters(), view, entry, scope));
    case 'Parallel': {
      const given = parameters();
      const branches = state.Branches.map(
        (branch) => (signal: AbortSignal) => runFlow(branch, given, { ...scope, signal }),
      );
      return finish(await gather(branches, branches.length, scope.signal));
    }
    case 'Map':
      return finish(await runMap(state, view, scope));
  }

  function finish(result: Json): { output: Json } {
    const selected =
      'ResultSelector' in state && state.ResultSelector
        ? resolve(state.ResultSelector, { data: result, context })
        : result;
    const path = 'ResultPath' in state ? state.ResultPath : undefined;
    const data = path === undefined ? selected : path === null ? input : withValueAt(path, input, selected);
    return { output: select('OutputPath' in state ? state.OutputPath : undefined, { data, context }) };
  }
}

async function runTask(
  state: TaskState,
  parameters: Json,
  view: View,
  entry: Entry,
  scope: Scope,
): Promise<Json> {
  const resource = state.Resource;
  const where = { ...place(entry.name, scope), resource };
  const limit = state.TimeoutSecondsPath
    ? wholeSeconds(state.TimeoutSecondsPath, view)
    : (state.TimeoutSeconds ?? longestSeconds);
  const timeout = new AbortController();
  const signal = AbortSignal.any([scope.signal, timeout.signal]);
  const start = Date.now();
  scope.emit('TaskStarted', { ...where, parameters });
  // A sink that threw has fired the signal.
  if (scope.signal.aborted) throw stopped();
  const clock = timer(limit, () => timeout.abort(new DOMException(`after ${limit} s`, 'TimeoutError')));
  const answer = await Promise.resolve()
    .then(() =>
      scope.handlers[resource]?.(structuredClone(parameters), {
        state: entry.name,
        resource,
        attempt: entry.attempt,
        signal,
      }),
    )
    .then((result) => ({ result: payload(result ?? null, `The result of state "${entry.name}"`) }))
    .catch((error: unknown) => ({ failure: toTaskError(error, resource) }));
  clearTimeout(clock);

  const seconds = since(start);
  if (scope.signal.aborted) {
    scope.emit('TaskAborted', { ...where, seconds });
    throw stopped();
  }
  if (timeout.signal.aborted) {
    const cause = `The task ran for more than ${limit} seconds`;
    scope.emit('TaskTimedOut', { ...where, error: 'States.Timeout', cause, seconds });
    throw await libraryTimeout(cause);
  }
  if ('failure' in answer) {
    const { name: error, message: cause } = answer.failure;
    scope.emit('TaskFailed', { ...where, error, cause, seconds });
    throw error === 'States.Timeout' ? await libraryTimeout(cause) : answer.failure;
  }
  scope.emit('TaskSucceeded', { ...where, result: answer.result, seconds });
  return answer.result;
}

async function runMap(state: MapState, view: View, scope: Scope): Promise<Json> {
  const items = state.ItemsPath === undefined ? view.data : valueAt(state.ItemsPath, view);
  if (!Array.isArray(items)) {
    throw runtimeError(
      `ItemsPath ${state.ItemsPath ?? '$'} leads to no array: ${JSON.stringify(items ?? null).slice(0, 200)}`,
    );
  }
  const runs = items.map((Value: Json, index: number) => (signal: AbortSignal) => {
    const Item = { Map: { Item: { Index: index, Value } } };
    const input =
      state.ItemSelector === undefined
        ? Value
        : resolve(state.ItemSelector, { ...view, context: { ...(view.context as object), ...Item } });
    return runFlow(state.ItemProcessor, input, {
      ...scope,
      signal,
      index,
      context: { ...scope.context, ...Item },
    });
  });
  return gather(runs, state.MaxConcurrency || 40, scope.signal);
}

/** All results, in order. When one fails, the others are stopped and waited for, and no further one starts. */
async function gather(
  runs: readonly ((signal: AbortSignal) => Promise<Json>)[],
  most: number,
  signal: AbortSignal,
): Promise<Json[]> {
  const group = new AbortController();
  const groupSignal = AbortSignal.any([signal, group.signal]);
  const results: Json[] = Array.from(runs, () => null);
  const queue = runs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, run] of queue) {
      if (groupSignal.aborted) return;
      try {
        results[index] = await run(groupSignal);
      } catch (error) {
        // The first failure only: those that follow are of those that it stopped.
        if (!group.signal.aborted) group.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, runs.length) }, worker));
  if (signal.aborted) throw stopped();
  group.signal.throwIfAborted();
  return results;
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolved, rejected) => {
    const stop = () => {
      clearTimeout(clock);
      rejected(stopped());
    };
    const clock = timer(seconds, () => {
      signal.removeEventListener('abort', stop);
      resolved();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Clamped: a longer timer would fire at once. */
function timer(seconds: number | undefined, fire: () => void): NodeJS.Timeout | undefined {
  if (seconds === undefined) return undefined;
  return setTimeout(fire, Math.min(seconds, longestSeconds) * 1000);
}

/** The error that no Retry or Catch takes, of what runs on after its execution, branch or item was ended. */
const stopped = () => runtimeError('The execution was stopped');

/** Lambda reports an error of the function by its class, every other service a failed task. */
function toTaskError(thrown: unknown, resource: string): TaskError {
  if (thrown instanceof TaskError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (!resource.includes(':lambda:')) return new TaskError('States.TaskFailed', error.message);
  const { name: errorType, message: errorMessage, stack = '' } = error;
  return new TaskError(errorType, JSON.stringify({ errorType, errorMessage, trace: stack.split('\n') }));
}

/**
 * The library's own States.Timeout: States.TaskFailed in ErrorEquals stands for every error but that class, which it does
 * not export, so a task of its own is let run out.
 */
async function libraryTimeout(cause: string): Promise<unknown> {
  const { ExecutionError, StateMachine: Library } = await import('aws-local-stepfunctions');
  const machine = new Library(
    { StartAt: 'T', States: { T: { Type: 'Task', Resource: 'T', TimeoutSeconds: 0.001, End: true } } },
    { validationOptions: { noValidate: true } },
  );
  const overrides = { taskResourceLocalHandlers: { T: () => new Promise<never>(() => undefined) } };
  const error = await machine.run(null, { overrides }).result.catch((failure: unknown) => failure);
  const timeout = error instanceof ExecutionError ? error.cause : error;
  return Object.assign(timeout as Error, { message: cause });
}

/** The value as JSON, as it goes over the wire. @throws TaskError beyond the 256 KB that AWS carries between states */
function payload(value: unknown, what: string): Json {
  const text = JSON.stringify(value ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes > 262_144) {
    throw new TaskError('States.DataLimitExceeded', `${what} has ${bytes} bytes of JSON; 262144 is the most`);
  }
  return JSON.parse(text) as Json;
}

function select(path: string | null | undefined, view: View): Json {
  if (path === null) return {};
  return path === undefined ? view.data : evaluate({ path }, view);
}

function wholeSeconds(path: string, view: View): number {
  const seconds = valueAt(path, view);
  if (Number.isInteger(seconds) && Number(seconds) >= 0) return Number(seconds);
  throw runtimeError(`${path} is ${JSON.stringify(seconds)}, expected a whole number of seconds`);
}

function textOf(text: string | undefined, path: string | undefined, view: View): string {
  const value = path === undefined ? (text ?? '') : evaluate(parseExpression(path), view);
  if (typeof value === 'string') return value;
  throw runtimeError(`${path} is ${JSON.stringify(value).slice(0, 200)}, expected a text`);
}

const place = (state: string, { index }: Scope) => ({ state, ...(index !== undefined && { index }) });

const since = (start: number) => (Date.now() - start) / 1000;

import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import type { Branch, ChoiceState, Json, MapState, State } from '../../../definition/asl.ts';
import { choose } from './choice.ts';
import { evaluate, parseExpression, resolve, secondsAt } from './expression.ts';
import { type View, valueAt, withValueAt } from './path.ts';
import { payload } from './payload.ts';
import { longestSeconds } from './refusals.ts';
import { type Entry, place, type Scope, since, stopped, timer } from './scope.ts';
import { runTask } from './task.ts';
import { runtimeError, TaskError } from './task-error.ts';

/**
 * The output of the machine, of a branch or of an item. Settles when its handlers have ended.
 * @throws TaskError what its state failed with, or anything at all once the scope's signal has fired
 */
export async function runFlow(flow: Branch, input: Json, scope: Scope): Promise<Json> {
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
      if (entry?.failed) {
        payload(data, `The output of state "${entry.name}"`);
        exit(entry);
      }
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
      await wait('Seconds' in state ? state.Seconds : secondsAt(state.SecondsPath, view), scope.signal);
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
    return runFlow(state.ItemProcessor, payload(input, 'The input of an item'), {
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

function select(path: string | null | undefined, view: View): Json {
  if (path === null) return {};
  return path === undefined ? view.data : evaluate({ path }, view);
}

function textOf(text: string | undefined, path: string | undefined, view: View): string {
  const value = path === undefined ? (text ?? '') : evaluate(parseExpression(path), view);
  if (typeof value === 'string') return value;
  throw runtimeError(`${path} is ${JSON.stringify(value).slice(0, 200)}, expected a text`);
}

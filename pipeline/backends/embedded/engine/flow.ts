import { setImmediate } from 'node:timers/promises';
import type { Branch, Json, State } from '../../../machines/asl.ts';
import { choose } from './choice.ts';
import { runtimeError, TaskError } from './execution.ts';
import { evaluate, parseExpression, resolve, secondsAt } from './expression.ts';
import { type View, withValueAt } from './path.ts';
import { recovery } from './recovery.ts';
import { type Entry, payload, type Scope, since, stopped, timer } from './scope.ts';
import { runTask } from './task.ts';

/** A state's output and the next state; none if the flow ends. */
interface Outcome {
  readonly output: Json;
  readonly next: string | undefined;
}

/**
 * Runs the machine or a branch and returns its output. Settles when its handlers have ended.
 * @throws TaskError of the state that failed; States.Runtime once the scope's signal has fired
 */
export async function runFlow(flow: Branch, input: Json, scope: Scope): Promise<Json> {
  let next: string | undefined = flow.StartAt;
  let output = input;
  for (let visits = 1; next !== undefined; visits++) {
    // A loop of states that never wait would block timers and signals.
    if (visits % 1000 === 0) await setImmediate();
    if (scope.signal.aborted) throw stopped();
    // The state exists: refusals.ts has checked it.
    ({ output, next } = await visit(next, flow.States[next] as State, output, scope));
  }
  if (scope.signal.aborted) throw stopped();
  return output;
}

/** Runs a state with all its attempts, until it succeeds, a catcher handles its error, or it fails. */
async function visit(name: string, state: State, input: Json, scope: Scope): Promise<Outcome> {
  const at = Date.now();
  const recover = recovery(state);
  const leave = (data: Json): Json => payload(data, `The output of state "${name}"`);
  scope.emit('StateEntered', { state: name });
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await runState(state, input, { name, at, attempt }, scope);
      const output = leave(outcome.output);
      scope.emit('StateExited', { state: name, result: output, seconds: since(at) });
      return { ...outcome, output };
    } catch (error) {
      const recovered = recover(error);
      if (!recovered) throw error;
      if ('catcher' in recovered) {
        const { ResultPath, Next: next } = recovered.catcher;
        const output = leave(placed(ResultPath, input, recovered.errorOutput));
        scope.emit('StateExited', { state: name, seconds: since(at) });
        return { output, next };
      }
      await wait(recovered.retryAfter, scope.signal);
      scope.emit('TaskRetried', { state: name });
    }
  }
}

/** One attempt. */
async function runState(state: State, input: Json, entry: Entry, scope: Scope): Promise<Outcome> {
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
    case 'Parallel':
      return finish(await runBranches(state.Branches, parameters(), scope));
  }

  function finish(result: Json): Outcome {
    const selected =
      'ResultSelector' in state && state.ResultSelector
        ? resolve(state.ResultSelector, { data: result, context })
        : result;
    const path = 'ResultPath' in state ? state.ResultPath : undefined;
    const view = { data: placed(path, input, selected), context };
    return {
      output: select('OutputPath' in state ? state.OutputPath : undefined, view),
      next: 'Next' in state ? state.Next : undefined,
    };
  }
}

/** The state's input with the result at the ResultPath. */
function placed(path: string | null | undefined, input: Json, result: Json): Json {
  return path === null ? input : withValueAt(path ?? '$', input, result);
}

/** Runs all branches and returns their outputs, in order. If one fails, stops the others and waits for them. */
async function runBranches(branches: readonly Branch[], input: Json, scope: Scope): Promise<Json[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([scope.signal, failed.signal]);
  const outputs = await Promise.all(
    branches.map((branch) =>
      runFlow(branch, input, { ...scope, signal }).catch((error: unknown) => {
        // Only the first failure counts; later ones come from the branches that it stopped.
        if (!failed.signal.aborted) failed.abort(error);
        return null;
      }),
    ),
  );
  if (scope.signal.aborted) throw stopped();
  failed.signal.throwIfAborted();
  return outputs;
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolved, rejected) => {
    if (signal.aborted) return rejected(stopped());
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
  throw runtimeError(`${path}: got ${JSON.stringify(value).slice(0, 200)}, expected a text`);
}

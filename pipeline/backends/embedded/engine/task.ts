import type { Json, TaskState } from '../../../machines/asl.ts';
import { TaskError } from './execution.ts';
import { secondsAt } from './expression.ts';
import type { View } from './path.ts';
import { longestSeconds } from './refusals.ts';
import { type Entry, payload, type Scope, since, stopped, timer } from './scope.ts';

/** Runs a task's handler and returns its answer. @throws TaskError of its failure, such as States.Timeout */
export async function runTask(
  state: TaskState,
  parameters: Json,
  view: View,
  entry: Entry,
  scope: Scope,
): Promise<Json> {
  const resource = state.Resource;
  const where = { state: entry.name, resource };
  const limit = state.TimeoutSecondsPath
    ? secondsAt(state.TimeoutSecondsPath, view)
    : (state.TimeoutSeconds ?? longestSeconds);
  const timeout = new AbortController();
  const signal = AbortSignal.any([scope.signal, timeout.signal]);
  const start = Date.now();
  scope.emit('TaskStarted', { ...where, parameters });
  // An onEvent that threw has fired the signal.
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
    throw new TaskError('States.Timeout', cause);
  }
  if ('failure' in answer) {
    const { name: error, message: cause } = answer.failure;
    scope.emit('TaskFailed', { ...where, error, cause, seconds });
    throw answer.failure;
  }
  scope.emit('TaskSucceeded', { ...where, result: answer.result, seconds });
  return answer.result;
}

/**
 * A Lambda function's error is named by its class. Another service's error keeps its name
 * (SageMaker.ValidationException); any other error is States.TaskFailed.
 */
function toTaskError(thrown: unknown, resource: string): TaskError {
  if (thrown instanceof TaskError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (!resource.includes(':lambda:'))
    return new TaskError(/^\w+\.\w+$/.test(error.name) ? error.name : 'States.TaskFailed', error.message);
  const { name: errorType, message: errorMessage, stack = '' } = error;
  return new TaskError(errorType, JSON.stringify({ errorType, errorMessage, trace: stack.split('\n') }));
}

import type { StateMachine } from '../../../machines/asl.ts';
import type { ExecutionOptions, ExecutionResult } from './execution.ts';
import { runFlow } from './flow.ts';
import { refusals } from './refusals.ts';
import { payload, type Scope, since, timer } from './scope.ts';

/**
 * Runs a state machine as AWS Step Functions would (standard workflow); resolves when it and its handlers have ended.
 * @throws Error, with all reasons, before anything has run, if the document cannot be run as AWS would run it
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

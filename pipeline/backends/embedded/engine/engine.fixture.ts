import { afterAll, expect } from '@jest/globals';
import validate from 'asl-validator';
import type { State, StateMachine, States } from '../../../machines/asl.ts';
import { execute } from './engine.ts';
import type { ExecutionEvent, ExecutionOptions, ExecutionResult } from './execution.ts';

/** A service that has a handler in the tests. */
export const job = 'arn:aws:states:::sagemaker:createTrainingJob.sync';
/** A second one: a Lambda function. */
export const lambda = 'arn:aws:states:::lambda:invoke';

const documents: StateMachine[] = [];

// AWS must accept what the tests run. In one go, as branches: asl-validator takes 80 ms for a document.
afterAll(() => {
  const Branches = documents.map(({ StartAt, States }) => ({ StartAt, States }));
  const all = single({ Type: 'Parallel', Branches, End: true });
  if (documents.length > 0 && !accepted(all)) expect(documents.filter((each) => !accepted(each))).toEqual([]);
});

function accepted(document: StateMachine): boolean {
  const { errors } = validate(structuredClone(document), { checkArn: true, checkPaths: true });
  return errors.every((error) => error['Error code'] === 'DUPLICATE_STATE_NAMES');
}

/** Runs a document that AWS would accept too, and answers the result with the events that led there. */
export async function run(
  document: StateMachine,
  input: unknown = {},
  options: Partial<ExecutionOptions> = {},
): Promise<{ result: ExecutionResult; events: ExecutionEvent[]; log: string[] }> {
  documents.push(document);
  const events: ExecutionEvent[] = [];
  const result = await execute(document, input, {
    name: 'run-1',
    handlers: {},
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { result, events, log: events.map(({ type, state }) => (state ? `${type} ${state}` : type)) };
}

/** The output of a run that must succeed. */
export async function outputOf(...args: Parameters<typeof run>): Promise<unknown> {
  const { result } = await run(...args);
  if (result.status !== 'SUCCEEDED') throw new Error(`not SUCCEEDED: ${JSON.stringify(result)}`);
  return result.output;
}

/** A machine of the states, from the first on. */
export function machine(states: States): StateMachine {
  return { StartAt: Object.keys(states)[0] ?? '', States: states };
}

/** A machine of one state. */
export function single(state: State): StateMachine {
  return machine({ Only: state });
}

/** The thread of step-thread.ts: runs one step on the files of the state folder and posts its result or its error. */
import { parentPort, workerData } from 'node:worker_threads';
import { steps } from '../../steps/steps.ts';
import { embeddedContext } from './embedded-context.ts';
import type { StepAnswer, StepCall } from './step-thread.ts';

const { name, event, state } = workerData as StepCall;
const answer = await steps[name](event as never, embeddedContext(state)).then(
  (result): StepAnswer => ({ result }),
  (thrown: unknown): StepAnswer => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { name: kind, message, stack } = error;
    return { error: { name: kind, message, stack } };
  },
);
parentPort?.postMessage(answer);

import { getCompileCacheDir } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { steps } from '../../steps/steps.ts';
import type { EmbeddedState } from './embedded-context.ts';
import { abortError } from './jobs/errors.ts';

export interface StepCall {
  name: keyof typeof steps;
  event: unknown;
  state: EmbeddedState;
}

export type StepAnswer =
  | { result: unknown }
  | { error: { name: string; message: string; stack: string | undefined } };

/** In a bundle too, the worker is a file beside this one. */
const file = join(import.meta.dirname, `step-worker${extname(import.meta.filename)}`);

/**
 * Runs a step on a thread of its own. The gate computes for many seconds where the holdout has a million rows, and a thread
 * that computes hears no Ctrl-C.
 * @throws what the step throws, by name and message, and AbortError as soon as the signal fires
 */
export async function runStepOnThread(call: StepCall, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  // Not with this process's own options, such as a test runner's.
  const worker = new Worker(file, { workerData: call, execArgv: [], env: environmentOfThread() });
  const answered = Promise.withResolvers<StepAnswer>();
  const onAbort = () => answered.reject(abortError(`step ${call.name} was stopped`));
  signal.addEventListener('abort', onAbort, { once: true });
  worker.once('message', answered.resolve).once('error', answered.reject);
  worker.once('exit', (code) =>
    answered.reject(new Error(`step ${call.name}: its thread ended without an answer (${code})`)),
  );
  try {
    const answer = await answered.promise;
    if ('result' in answer) return answer.result;
    throw Object.assign(new Error(answer.error.message), answer.error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

/**
 * A thread uses its process's compile cache only if this variable names it. The folder of one version of Node is in the folder
 * that the variable names.
 */
function environmentOfThread(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir();
  return { ...(cache !== undefined && { NODE_COMPILE_CACHE: dirname(cache) }), ...process.env };
}

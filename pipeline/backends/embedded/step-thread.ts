import { join } from 'node:path';
import type { steps } from '../../steps/steps.ts';
import type { EmbeddedState } from './embedded-context.ts';
import { Thread } from './thread.ts';

export interface StepCall {
  name: keyof typeof steps;
  event: unknown;
  state: EmbeddedState;
}

/**
 * Runs a step on a thread of its own. The gate computes for many seconds where the holdout has a million rows.
 * @throws what the step throws, by name and message, and AbortError as soon as the signal fires
 */
export async function runStepOnThread(call: StepCall, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const thread = new Thread(join(import.meta.dirname, 'step-worker'), `step ${call.name}`);
  try {
    return await thread.call(call, signal);
  } finally {
    await thread.end();
  }
}

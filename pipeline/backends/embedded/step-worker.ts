/** The thread of step-thread.ts: runs a step on the files of the state folder. */
import { steps } from '../../steps/steps.ts';
import { embeddedContext } from './embedded-context.ts';
import type { StepCall } from './step-thread.ts';
import { answerCalls } from './thread.ts';

answerCalls(async (call) => {
  const { name, event, state } = call as StepCall;
  return await steps[name](event as never, embeddedContext(state));
});

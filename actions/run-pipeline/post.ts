/** Stops, after a cancel, the execution on AWS that main had no time left to stop. */
import * as core from '@actions/core';
import { annotateWarning } from '../shared/annotate.ts';
import { withoutCommands } from '../shared/log.ts';

try {
  const open = core.getState('open');
  if (open !== '') {
    const { context } = await import('@actions/github');
    const { stopOpen } = await import('./stop-open.ts');
    const stopped = await stopOpen(open, { core, context });
    if (stopped !== null) withoutCommands(`Stopped execution ${stopped}.`);
  }
} catch (error) {
  annotateWarning(`The execution may still be running; stop it in the console: ${(error as Error).message}`);
}

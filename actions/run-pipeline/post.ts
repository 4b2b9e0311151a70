/** Stops, after a cancel, the execution on AWS that main had no time left to stop. */
import * as core from '@actions/core';

try {
  const open = core.getState('open');
  if (open !== '') {
    const { context } = await import('@actions/github');
    const { stopOpen } = await import('./stop-open.ts');
    const stopped = await stopOpen(open, { core, context });
    if (stopped !== null) core.info(`Stopped execution ${stopped}.`);
  }
} catch (error) {
  core.warning(`The execution may still be running; stop it in the console: ${(error as Error).message}`);
}

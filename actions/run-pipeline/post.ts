/** After a cancel: stops on AWS what main could not stop in the time that the runner gives. */
import * as core from '@actions/core';

try {
  const open = core.getState('open');
  if (open !== '') {
    const [{ stopOpen }, { readContext }] = await Promise.all([
      import('./stop-open.ts'),
      import('../shared/context.ts'),
    ]);
    const stopped = await stopOpen(open, { core, context: readContext(process.env) });
    if (stopped !== null) core.info(`Stopped execution ${stopped}.`);
  }
} catch (error) {
  core.warning(`The execution may still run; stop it in the console: ${(error as Error).message}`);
}

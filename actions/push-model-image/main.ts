import { tmpdir } from 'node:os';
import { start } from '../shared/start.ts';
import { inputs } from './inputs.ts';

// Before anything slow: the runner waits 7.5 s after a cancel.
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (abort.signal.aborted) process.exit(1);
    abort.abort();
  });

await start(inputs, async (given) => {
  const [core, { run }] = await Promise.all([import('@actions/core'), import('./run.ts')]);
  return await run(given, { core, temporary: process.env.RUNNER_TEMP || tmpdir(), signal: abort.signal });
});

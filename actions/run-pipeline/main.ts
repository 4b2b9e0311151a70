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
  const [core, { readContext }, { run }, { RunProgress }] = await Promise.all([
    import('@actions/core'),
    import('../shared/context.ts'),
    import('./run.ts'),
    import('../../pipeline/cli/run-progress.ts'),
  ]);
  const progress = new RunProgress(process.stdout);
  return await run(given, {
    context: readContext(process.env),
    core,
    progress,
    home: '.mlops',
    signal: abort.signal,
  });
});

import { cancelled } from '../shared/cancelled.ts';
import { start } from '../shared/start.ts';
import { inputs } from './inputs.ts';

const signal = cancelled();

await start(inputs, async (given) => {
  const [core, { readContext }, { run }, { RunProgress }] = await Promise.all([
    import('@actions/core'),
    import('../shared/context.ts'),
    import('./run.ts'),
    import('../../pipeline/run/start/run-progress.ts'),
  ]);
  const progress = new RunProgress(process.stdout);
  return await run(given, {
    context: readContext(process.env),
    core,
    progress,
    home: '.mlops',
    signal,
  });
});

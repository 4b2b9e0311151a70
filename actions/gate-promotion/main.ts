import { start } from '../shared/start.ts';
import { inputs } from './inputs.ts';

await start(inputs, async (given) => {
  const [core, { readContext }, { run }] = await Promise.all([
    import('@actions/core'),
    import('../shared/context.ts'),
    import('./run.ts'),
  ]);
  return await run(given, { context: readContext(process.env), summary: core.summary, home: '.mlops' });
});

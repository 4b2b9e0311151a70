import { start } from '../shared/start.ts';
import { inputs } from './inputs.ts';

await start(inputs, async (given) => {
  const [core, { readContext }, { connect }, { run }] = await Promise.all([
    import('@actions/core'),
    import('../shared/context.ts'),
    import('../shared/github.ts'),
    import('./run.ts'),
  ]);
  const context = readContext(process.env);
  if (given.token !== undefined) core.setSecret(given.token);
  return await run(given, {
    context,
    core,
    connect: (token) => connect({ token, apiUrl: context.apiUrl, onWait: core.info }),
    now: () => new Date(),
  });
});

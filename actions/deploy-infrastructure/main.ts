import { cancelled } from '../shared/cancelled.ts';
import { start } from '../shared/start.ts';
import { inputs } from './inputs.ts';

const signal = cancelled();

await start(inputs, async (given) => {
  const [{ summary }, { run }] = await Promise.all([import('@actions/core'), import('./run.ts')]);
  return await run(given, { summary, signal });
});

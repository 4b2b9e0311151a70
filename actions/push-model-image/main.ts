import { tmpdir } from 'node:os';
import * as z from 'zod/mini';
import { cancelled } from '../shared/cancelled.ts';
import { flag, matching } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();
const platform = matching(
  /^linux\/[a-z0-9]+(\/[a-z0-9]+)?$/,
  'expected linux/ARCHITECTURE, such as linux/amd64',
);

await start({
  inputs: z.strictObject({
    context: z.optional(z.string()),
    repository: z.optional(z.string()),
    platform: z._default(platform, 'linux/amd64'),
    config: z._default(z.string(), 'mlops.yaml'),
    environment: z.optional(z.string()),
    model: z.optional(z.string()),
    copy: z._default(flag, false),
    from: z.optional(z.string()),
    'from-prepare': z.optional(z.string()),
    fresh: z._default(flag, false),
  }),
  outputs: ['uri', 'digest', 'pushed', 'prepare-uri'],
  work: async (inputs) => {
    const core = await import('@actions/core');
    const { run } = await import('./run.ts');
    return await run(inputs, { core, temporary: process.env.RUNNER_TEMP || tmpdir(), signal });
  },
});

import { tmpdir } from 'node:os';
import * as z from 'zod';
import { cancelled } from '../shared/cancelled.ts';
import { flag } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();
const platform = /^linux\/[a-z0-9]+(\/[a-z0-9]+)?$/;

await start({
  inputs: z.strictObject({
    context: z.string().optional(),
    repository: z.string().optional(),
    platform: z
      .string()
      .regex(platform, 'expected linux/ARCHITECTURE, such as linux/amd64')
      .default('linux/amd64'),
    config: z.string().default('mlops.yaml'),
    environment: z.string().optional(),
    model: z.string().optional(),
    copy: flag.default(false),
  }),
  outputs: ['uri', 'digest', 'pushed', 'prepare-uri'],
  work: async (inputs) => {
    const core = await import('@actions/core');
    const { run } = await import('./run.ts');
    return await run(inputs, { core, temporary: process.env.RUNNER_TEMP || tmpdir(), signal });
  },
});

import * as z from 'zod';
import { cancelled } from '../shared/cancelled.ts';
import { flag, names } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();

await start({
  inputs: z.strictObject({
    environment: z.string().optional(),
    mode: z.enum(['diff', 'deploy']).default('diff'),
    config: z.string().default('mlops.yaml'),
    stacks: names.optional(),
    'allow-replacement': flag.default(false),
    app: z.string().default('cdk.out'),
    cdk: z.string().default('node_modules/aws-cdk'),
  }),
  outputs: ['changed', 'outputs', 'summary'],
  work: async (inputs) => {
    const { summary } = await import('@actions/core');
    const { run } = await import('./run.ts');
    return await run(inputs, { summary, signal });
  },
});

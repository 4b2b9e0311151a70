import * as z from 'zod/mini';
import { cancelled } from '../shared/cancelled.ts';
import { flag, names } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();

await start({
  inputs: z.strictObject({
    environment: z.optional(z.string()),
    mode: z._default(z.enum(['diff', 'deploy']), 'diff'),
    config: z._default(z.string(), 'mlops.yaml'),
    stacks: z.optional(names),
    'allow-replacement': z._default(flag, false),
    app: z._default(z.string(), 'cdk.out'),
    cdk: z._default(z.string(), 'node_modules/aws-cdk'),
  }),
  outputs: ['changed', 'outputs', 'summary'],
  work: async (inputs) => {
    const { summary } = await import('@actions/core');
    const { run } = await import('./run.ts');
    return await run(inputs, { summary, signal });
  },
});

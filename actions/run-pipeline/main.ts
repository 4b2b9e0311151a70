import * as z from 'zod';
import { cancelled } from '../shared/cancelled.ts';
import { flag, lines } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();
const role = /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/;

await start({
  inputs: z.strictObject({
    backend: z.enum(['embedded', 'aws']).default('embedded'),
    mode: z.enum(['evaluate', 'promote']).default('evaluate'),
    config: z.string().default('mlops.yaml'),
    model: z.string().optional(),
    image: z.string().optional(),
    'state-machine': z.string().optional(),
    environment: z.string().optional(),
    data: z.string().optional(),
    set: lines.default([]),
    baseline: z.string().optional(),
    containers: flag.default(false),
    reason: z.string().optional(),
    wait: flag.default(true),
    'role-to-assume': z
      .string()
      .regex(role, 'expected the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME')
      .optional(),
  }),
  outputs: ['execution', 'status', 'fingerprint', 'run'],
  work: async (inputs) => {
    const core = await import('@actions/core');
    const { context } = await import('@actions/github');
    const { RunProgress } = await import('../../pipeline/run/start/run-progress.ts');
    const { run } = await import('./run.ts');
    const progress = new RunProgress(process.stdout);
    return await run(inputs, { context, core, progress, home: '.mlops', signal });
  },
});

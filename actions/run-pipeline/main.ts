import * as z from 'zod/mini';
import { cancelled } from '../shared/cancelled.ts';
import { flag, lines, matching } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const signal = cancelled();
const role = matching(
  /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/,
  'expected the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME',
);

await start({
  inputs: z.strictObject({
    machine: z._default(z.enum(['train', 'release', 'monitor']), 'train'),
    backend: z._default(z.enum(['embedded', 'aws']), 'embedded'),
    mode: z._default(z.enum(['evaluate', 'promote']), 'evaluate'),
    config: z._default(z.string(), 'mlops.yaml'),
    image: z.optional(z.string()),
    'pushed-image': z.optional(z.string()),
    'pushed-prepare-image': z.optional(z.string()),
    'state-machine': z.optional(z.string()),
    environment: z.optional(z.string()),
    model: z.optional(z.string()),
    data: z.optional(z.string()),
    set: z._default(lines, []),
    baseline: z.optional(z.string()),
    containers: z._default(flag, false),
    package: z.optional(z.string()),
    'if-champion': z._default(flag, false),
    rollback: z._default(flag, false),
    allow: z._default(flag, false),
    approver: z.optional(z.string()),
    at: z.optional(z.iso.datetime({ offset: true, error: 'expected a time such as 2026-03-04T05:06:07Z' })),
    reason: z.optional(z.string()),
    wait: z._default(flag, true),
    'role-to-assume': z.optional(role),
  }),
  outputs: [
    'execution',
    'status',
    'fingerprint',
    'run',
    'package',
    'release',
    'page',
    'predictions',
    'rows',
    'finding',
  ],
  work: async (inputs) => {
    const core = await import('@actions/core');
    const { context } = await import('@actions/github');
    const { RunProgress } = await import('../../pipeline/run/start/run-progress.ts');
    const surroundings = {
      context,
      core,
      progress: new RunProgress(process.stdout),
      home: '.mlops',
      signal,
    };
    if (inputs.machine === 'release')
      return await (await import('./release.ts')).release(inputs, surroundings);
    if (inputs.machine === 'monitor') return await (await import('./look.ts')).look(inputs, surroundings);
    return await (await import('./run.ts')).run(inputs, surroundings);
  },
});

import * as z from 'zod';
import { start } from '../shared/start.ts';

const failOn = z
  .string()
  .regex(/^(none|(reject|hold)(\s*,\s*(reject|hold))*)$/, 'expected reject, hold, reject,hold or none')
  .transform((text) => text.split(',').map((outcome) => outcome.trim()));

await start({
  inputs: z.strictObject({
    run: z.string(),
    config: z.string().default('mlops.yaml'),
    'fail-on': failOn.default(['reject']),
    promote: z.enum(['true', 'false', 'approved']).default('false'),
  }),
  outputs: ['outcome', 'reason', 'verdict', 'package', 'promoted'],
  work: async (inputs) => {
    const { summary } = await import('@actions/core');
    const { context } = await import('@actions/github');
    const { run } = await import('./run.ts');
    return await run(inputs, { context, summary, home: '.mlops' });
  },
});

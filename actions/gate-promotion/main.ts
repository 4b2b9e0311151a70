import * as z from 'zod/mini';
import { flagOr, matching } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const failOn = z.pipe(
  matching(/^(none|(reject|hold)(\s*,\s*(reject|hold))*)$/, 'expected reject, hold, reject,hold or none'),
  z.transform((text) => text.split(',').map((outcome) => outcome.trim())),
);

await start({
  inputs: z.strictObject({
    run: z.string(),
    config: z._default(z.string(), 'mlops.yaml'),
    'fail-on': z._default(failOn, ['reject']),
    promote: z._default(flagOr('approved'), 'false'),
    approver: z.optional(z.string()),
  }),
  outputs: ['outcome', 'reason', 'checks', 'verdict', 'package', 'promoted'],
  work: async (inputs) => {
    const { summary } = await import('@actions/core');
    const { context } = await import('@actions/github');
    const { run } = await import('./run.ts');
    return await run(inputs, { context, summary, home: '.mlops' });
  },
});

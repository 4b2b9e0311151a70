import * as z from 'zod';
import { start } from '../shared/start.ts';

const pullRequest = z.string().regex(/^[1-9]\d{0,9}$/, 'expected the number of a pull request');

await start({
  inputs: z
    .strictObject({
      run: z.string().optional(),
      verdict: z.string().optional(),
      token: z.string().optional(),
      target: z.enum(['comment', 'summary', 'both']).default('both'),
      'pull-request': pullRequest.transform(Number).optional(),
      config: z.string().default('mlops.yaml'),
      environment: z.string().optional(),
      'artifact-url': z.string().optional(),
    })
    .refine(({ target, token }) => target === 'summary' || token !== undefined, {
      path: ['token'],
      message: 'expected the token of the workflow, github.token',
    }),
  outputs: ['comment-id', 'comment-url', 'report'],
  work: async (inputs) => {
    const core = await import('@actions/core');
    const { context } = await import('@actions/github');
    const { connect } = await import('../shared/github.ts');
    const { run } = await import('./run.ts');
    if (inputs.token !== undefined) core.setSecret(inputs.token);
    const octokitOf = (token: string) => connect({ token, apiUrl: context.apiUrl, onWait: core.info });
    return await run(inputs, { context, core, connect: octokitOf, now: () => new Date() });
  },
});

import * as z from 'zod/mini';
import { matching } from '../shared/inputs.ts';
import { start } from '../shared/start.ts';

const pullRequest = matching(/^[1-9]\d{0,9}$/, 'expected the number of a pull request');

await start({
  inputs: z
    .strictObject({
      run: z.optional(z.string()),
      verdict: z.optional(z.string()),
      release: z.optional(z.string()),
      look: z.optional(z.string()),
      token: z.optional(z.string()),
      target: z._default(z.enum(['comment', 'summary', 'both']), 'both'),
      'pull-request': z.optional(z.pipe(pullRequest, z.transform(Number))),
      config: z._default(z.string(), 'mlops.yaml'),
      environment: z.optional(z.string()),
      workflow: z.optional(z.string()),
      'artifact-url': z.optional(z.string()),
    })
    .check(
      z.refine(({ target, token }) => target === 'summary' || token !== undefined, {
        path: ['token'],
        error: 'expected the token of the workflow, github.token',
      }),
    ),
  outputs: ['comment-id', 'comment-url', 'report', 'retrain', 'reason'],
  work: async (inputs) => {
    const core = await import('@actions/core');
    if (inputs.token !== undefined) core.setSecret(inputs.token);
    const { context } = await import('@actions/github');
    const { connect } = await import('../shared/github.ts');
    const { withoutCommands } = await import('../shared/log.ts');
    const octokitOf = (token: string) => connect({ token, apiUrl: context.apiUrl, onWait: withoutCommands });
    const surroundings = { context, core, connect: octokitOf, now: () => new Date() };
    if (inputs.release !== undefined)
      return await (await import('./post-release.ts')).postRelease(inputs.release, inputs, surroundings);
    if (inputs.look !== undefined)
      return await (await import('./post-look.ts')).postLook(inputs.look, inputs, surroundings);
    return await (await import('./run.ts')).run(inputs, surroundings);
  },
});

import * as z from 'zod';

export const inputs = z
  .strictObject({
    run: z.string().optional(),
    verdict: z.string().optional(),
    token: z.string().optional(),
    target: z.enum(['comment', 'summary', 'both']).default('both'),
    'pull-request': z
      .string()
      .regex(/^[1-9]\d{0,9}$/, 'expected the number of a pull request')
      .transform(Number)
      .optional(),
    config: z.string().default('mlops.yaml'),
    environment: z.string().optional(),
    'artifact-url': z.string().optional(),
  })
  .refine(({ target, token }) => target === 'summary' || token !== undefined, {
    path: ['token'],
    message: 'expected the token of the workflow, github.token',
  });

export type Inputs = z.output<typeof inputs>;

import * as z from 'zod';

export const inputs = z.strictObject({
  run: z.string(),
  config: z.string().default('mlops.yaml'),
  'fail-on': z
    .string()
    .regex(
      /^(?:none|(?:reject|hold)(?:\s*,\s*(?:reject|hold))*)$/,
      'expected reject, hold, reject,hold or none',
    )
    .transform((text) => text.split(',').map((outcome) => outcome.trim()))
    .default(['reject']),
  promote: z.enum(['true', 'false', 'approved']).default('false'),
});

export type Inputs = z.output<typeof inputs>;

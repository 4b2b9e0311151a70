import * as z from 'zod';
import { flag, lines } from '../shared/inputs.ts';

export const inputs = z.strictObject({
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
    .regex(
      /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/,
      'expected the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME',
    )
    .optional(),
});

export type Inputs = z.output<typeof inputs>;

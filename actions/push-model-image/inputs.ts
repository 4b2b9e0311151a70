import * as z from 'zod';
import { flag } from '../shared/inputs.ts';

export const inputs = z.strictObject({
  context: z.string().optional(),
  repository: z.string().optional(),
  platform: z
    .string()
    .regex(/^linux\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'expected linux/ARCHITECTURE, such as linux/amd64')
    .default('linux/amd64'),
  config: z.string().default('mlops.yaml'),
  environment: z.string().optional(),
  copy: flag.default(false),
});

export type Inputs = ReturnType<typeof inputs.parse>;

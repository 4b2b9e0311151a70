import * as z from 'zod';
import { flag, names } from '../shared/inputs.ts';

export const inputs = z.strictObject({
  environment: z.string().optional(),
  mode: z.enum(['diff', 'deploy']).default('diff'),
  config: z.string().default('mlops.yaml'),
  stacks: names.optional(),
  'allow-replacement': flag.default(false),
  app: z.string().default('cdk.out'),
  cdk: z.string().default('node_modules/aws-cdk'),
});

export type Inputs = ReturnType<typeof inputs.parse>;

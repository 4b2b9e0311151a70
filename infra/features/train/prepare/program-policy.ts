import type { Environment } from '../../../environment.ts';
import { artifactsAndData, decryptData } from '../../../iam/access.ts';
import type { Statement } from '../../../iam/statement.ts';
import type { MachineName } from '../machine-policy.ts';

/**
 * The policy of the prepare program on Glue or ECS in runs of a mode: read data and artifacts, write prepared data or the
 * reason of a failure into the folder of the mode's jobs.
 */
export const programPolicy = (environment: Environment, mode: MachineName): Statement[] => [
  ...artifactsAndData(environment, environment.sources, [`jobs-${mode}`]),
  ...decryptData(environment.settings),
];

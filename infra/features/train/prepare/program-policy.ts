import type { Environment } from '../../../environment.ts';
import { artifactsAndData, decryptData } from '../../../iam/access.ts';
import type { Statement } from '../../../iam/statement.ts';

/** The policy of the prepare program on Glue or ECS: read data and artifacts, write prepared data or the reason of a failure. */
export const programPolicy = (environment: Environment): Statement[] => [
  ...artifactsAndData(environment, environment.sources, ['prepared']),
  ...decryptData(environment.settings),
];

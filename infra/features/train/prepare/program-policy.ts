import type { Environment } from '../../../environment.ts';
import { artifactsAndData } from '../../../iam/access.ts';
import type { Statement } from '../../../iam/statement.ts';

/** What the prepare program does where Glue or ECS runs it: reads data and artifacts, writes what it prepared or why it failed. */
export const programPolicy = (environment: Environment): Statement[] =>
  artifactsAndData(environment, environment.sources, ['prepared']);

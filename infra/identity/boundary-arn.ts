import type { Environment } from '../environment.ts';
import { iamArn } from '../iam/arn.ts';

/** The boundary of every role: the company's if mlops.yaml names one, otherwise the identity stack's. */
export const boundaryArn = (environment: Environment): string =>
  environment.settings.permissions_boundary ??
  iamArn(environment, `policy/${environment.names.permissionsBoundary}`);

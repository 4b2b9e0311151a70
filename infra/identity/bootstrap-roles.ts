import type { Environment } from '../environment.ts';
import { iamArn } from '../iam/arn.ts';

/** The roles that the CDK's command line uses, except the look-up role, which reads the whole account. */
export const bootstrapRoles = (environment: Environment): string[] => {
  const { names, account, region } = environment;
  return ['deploy-role', 'file-publishing-role'].map((role) =>
    iamArn(environment, `role/cdk-${names.qualifier}-${role}-${account}-${region}`),
  );
};

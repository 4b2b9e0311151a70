import type { Environment } from '../environment.ts';
import { useKey } from '../iam/access.ts';
import { arnOf, assetsBucketArn, iamArn } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';

/*
 * The roles through which the CDK's command line deploys the environment's stack, under the names that it expects. They
 * take the place of those of `cdk bootstrap`, which may change every stack of the account and may be assumed by everybody in
 * it whose own policy says so. toolkit.test.ts compares them with the template of the locked aws-cdk.
 */

/** The version of the CDK's own bootstrap template whose permissions these roles narrow. The command line asks for it. */
export const toolkitVersion = '33';

/** The stack that holds them. */
export const toolkitStack = ({ names }: Environment): string => `${names.stack}--toolkit`;

/** A role's name, as the CDK's DefaultStackSynthesizer has it. */
export const toolkitRole = (
  { names, account, region }: Environment,
  role: 'deploy' | 'file-publishing' | 'cfn-exec',
): string => `cdk-${names.qualifier}-${role}-role-${account}-${region}`;

/** The SSM parameter that holds the version. */
export const toolkitParameter = ({ names }: Environment): string =>
  `/cdk-bootstrap/${names.qualifier}/version`;

/** The two roles that the deploy role of GitHub's workflows assumes. */
export const assumableRoles = (environment: Environment): string[] =>
  (['deploy', 'file-publishing'] as const).map((role) =>
    iamArn(environment, `role/${toolkitRole(environment, role)}`),
  );

/**
 * Creates, reads, changes and removes the environment's stack by change sets, with CloudFormation's role of the same
 * environment and no other. CloudFormation uses the role that a stack already has without asking for iam:PassRole, so no
 * other stack may be in reach: `stack/churn--prod/*` is neither `churn--production` nor `churn--prod--identity`.
 */
export function stackPolicy(environment: Environment): Statement[] {
  const { names, settings } = environment;
  const stack = arnOf(environment, 'cloudformation', `stack/${names.stack}/*`);
  return [
    allow(
      [
        'cloudformation:ContinueUpdateRollback',
        'cloudformation:CreateChangeSet',
        'cloudformation:DeleteChangeSet',
        'cloudformation:DeleteStack',
        'cloudformation:DescribeChangeSet',
        'cloudformation:DescribeEvents',
        'cloudformation:DescribeStackEvents',
        'cloudformation:DescribeStackResources',
        'cloudformation:DescribeStacks',
        'cloudformation:ExecuteChangeSet',
        'cloudformation:GetTemplate',
        'cloudformation:ListChangeSets',
        'cloudformation:ListStackResources',
        'cloudformation:RollbackStack',
        'cloudformation:UpdateTerminationProtection',
      ],
      [stack],
    ),
    allow(['iam:PassRole'], [iamArn(environment, `role/${toolkitRole(environment, 'cfn-exec')}`)], {
      Condition: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
    }),
    // CloudFormation reads the template as whoever names it.
    allow(['s3:GetObject'], [assetsBucketArn(environment, '*')]),
    allow(['ssm:GetParameter'], [arnOf(environment, 'ssm', `parameter${toolkitParameter(environment)}`)]),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
  ];
}

/** Uploads templates and code, which have names of their content, and looks whether they are there. */
export function publishingPolicy(environment: Environment): Statement[] {
  const { settings } = environment;
  return [
    allow(
      ['s3:GetBucketLocation', 's3:GetEncryptionConfiguration', 's3:ListBucket'],
      [assetsBucketArn(environment)],
    ),
    allow(['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'], [assetsBucketArn(environment, '*')]),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
  ];
}

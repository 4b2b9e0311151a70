import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { arnOf } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { outsideReads, ownResources, useKeys } from './own-resources.ts';
import { assumableRoles, toolkitParameter } from './toolkit-roles.ts';

/** The boundary of the two roles that GitHub assumes: the environment's own and reviewed images, no IAM, and no roles but the toolkit's. */
export function githubBoundary(environment: Environment): Statement[] {
  const { names } = environment;
  const logs = arnOf(environment, 'logs', 'log-group:/aws/sagemaker/*');
  return [
    allow(
      [
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:Scan',
        'ecr:*',
        'lambda:InvokeFunction',
        's3:DeleteObject*',
        's3:GetObject*',
        's3:ListBucket*',
        's3:PutObject',
        'sagemaker:DeleteModel',
        'sagemaker:DeleteModelPackage*',
        'sagemaker:Describe*',
        'sagemaker:List*',
        'sagemaker:Stop*',
        'states:Describe*',
        'states:GetExecutionHistory',
        'states:List*',
        'states:StartExecution',
        'states:StopExecution',
      ],
      ownResources(environment),
      { because: "a boundary grants nothing, and the resources are the environment's own" },
    ),
    allow(['logs:DescribeLogStreams'], [`${logs}:*`]),
    allow(['logs:GetLogEvents'], [`${logs}:log-stream:${names.jobPrefix}-*`]),
    outsideReads(environment, environment.reviewed),
    ...useKeys(environment),
    ...engineAccess(environment).stop(environment),
    allow(['ecr:GetAuthorizationToken'], ['*'], { because: 'a login token has no resource of its own' }),
    allow(['sts:AssumeRole'], assumableRoles(environment)),
    allow(['ssm:GetParameter'], [arnOf(environment, 'ssm', `parameter${toolkitParameter(environment)}`)]),
    allow(
      ['cloudformation:DescribeStacks'],
      [arnOf(environment, 'cloudformation', `stack/${names.stack}/*`)],
    ),
  ];
}

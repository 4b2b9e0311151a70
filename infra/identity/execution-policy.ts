import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { manageLogGroups, useKey } from '../iam/access.ts';
import { arnOf, s3Arn } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { manageRoles, protectIdentity } from './role-management.ts';

/**
 * The policy of CloudFormation in a deployment, as the execution role of `cdk bootstrap`: create, change and remove
 * resources with the environment's names, and only their settings.
 */
export function executionPolicy(environment: Environment): Statement[] {
  const { names, region, account, settings, project, name } = environment;
  const { stack } = names;
  const arn = (service: string, resource: string) => arnOf(environment, service, resource);
  const bucket = (name: string) => s3Arn(environment, name);
  return [
    allow(
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:GetBucket*',
        's3:GetEncryptionConfiguration',
        's3:GetLifecycleConfiguration',
        's3:ListTagsForResource',
        's3:PutBucket*',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      [bucket(names.artifactsBucket), bucket(names.dataBucket)],
    ),
    // The bucket of `cdk bootstrap` has the functions' code.
    allow(['s3:GetObject'], [`${bucket(`cdk-${names.qualifier}-assets-${account}-${region}`)}/*`]),
    allow(
      [
        'dynamodb:CreateTable',
        'dynamodb:DeleteTable',
        'dynamodb:Describe*',
        'dynamodb:ListTagsOfResource',
        'dynamodb:TagResource',
        'dynamodb:UntagResource',
        'dynamodb:UpdateContinuousBackups',
        'dynamodb:UpdateTable',
      ],
      [names.ledgerTableArn],
    ),
    allow(
      [
        'ecr:CreateRepository',
        'ecr:DeleteLifecyclePolicy',
        'ecr:DeleteRepository',
        'ecr:DescribeRepositories',
        'ecr:GetLifecyclePolicy',
        'ecr:GetRepositoryPolicy',
        'ecr:ListTagsForResource',
        'ecr:PutImageScanningConfiguration',
        'ecr:PutImageTagMutability',
        'ecr:PutLifecyclePolicy',
        'ecr:TagResource',
        'ecr:UntagResource',
      ],
      [arn('ecr', `repository/${project}/${name}/*`)],
    ),
    allow(
      [
        'lambda:AddPermission',
        'lambda:CreateFunction',
        'lambda:DeleteFunction*',
        'lambda:Get*',
        'lambda:List*',
        'lambda:PutFunction*',
        'lambda:PutRuntimeManagementConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateFunction*',
      ],
      [arn('lambda', `function:${stack}--*`)],
    ),
    allow(
      [
        'states:CreateStateMachine',
        'states:DeleteStateMachine',
        'states:DescribeStateMachine',
        'states:ListStateMachineVersions',
        'states:ListTagsForResource',
        'states:TagResource',
        'states:UntagResource',
        'states:UpdateStateMachine',
      ],
      [arn('states', `stateMachine:${stack}--*`)],
    ),
    manageLogGroups([
      arn('logs', `log-group:/aws/lambda/${stack}--*`),
      arn('logs', `log-group:/aws/vendedlogs/states/${stack}--*`),
    ]),
    allow(
      [
        'events:DeleteRule',
        'events:DescribeRule',
        'events:ListTagsForResource',
        'events:ListTargetsByRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
        'events:TagResource',
        'events:UntagResource',
      ],
      [arn('events', `rule/${stack}--*`)],
    ),
    allow(
      [
        'sns:CreateTopic',
        'sns:DeleteTopic',
        'sns:Get*',
        'sns:List*',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
        'sns:TagResource',
        'sns:Unsubscribe',
        'sns:UntagResource',
      ],
      [arn('sns', `${stack}--*`)],
    ),
    allow(
      [
        'sqs:CreateQueue',
        'sqs:DeleteQueue',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ListQueueTags',
        'sqs:SetQueueAttributes',
        'sqs:TagQueue',
        'sqs:UntagQueue',
      ],
      [arn('sqs', `${stack}--*`)],
    ),
    allow(
      [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DeleteDashboards',
        'cloudwatch:GetDashboard',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutDashboard',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      [
        arn('cloudwatch', `alarm:${stack}--*`),
        `arn:${names.partition}:cloudwatch::${account}:dashboard/${stack}`,
      ],
    ),
    allow(
      [
        'cloudwatch:DescribeAlarms',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
        'logs:DescribeLogGroups',
        'states:ValidateStateMachineDefinition',
      ],
      ['*'],
      { because: 'what only lists or checks has no resource to name' },
    ),
    ...engineAccess(environment).deployment(environment),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
    ...manageRoles(environment),
    ...protectIdentity(environment),
  ];
}

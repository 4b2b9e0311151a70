import type { Environment } from '../environment.ts';
import { releaseDeployment } from '../features/release/deployment-access.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { dispatchDeployment } from '../features/triggers/dispatch-policy.ts';
import { triggersDeployment } from '../features/triggers/triggers-policy.ts';
import { lendKey, manageLogGroups, useKey } from '../iam/access.ts';
import { arnOf, assetsBucketArn, s3Arn } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { manageRoles, protectIdentity } from './role-management.ts';

/**
 * The policies of CloudFormation in a deployment: create, change and remove resources with the environment's names, and only
 * their settings. They also read what CloudFormation reads before it imports a resource that an earlier destroy kept
 * (read-handlers.json). Each is a managed policy of its own, because one holds at most 6,144 characters.
 */
export function executionPolicies(environment: Environment): Readonly<Record<Topic, readonly Statement[]>> {
  const { settings } = environment;
  return {
    storage: storage(environment),
    compute: compute(environment),
    watch: watch(environment),
    release: [
      ...releaseDeployment(environment),
      ...triggersDeployment(environment),
      ...dispatchDeployment(environment),
    ],
    engine: [
      ...engineAccess(environment).deployment(environment),
      ...(settings.kms_key ? [useKey(settings.kms_key), lendKey(settings.kms_key)] : []),
      allow(['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'], ['*'], {
        because: 'what only lists has no resource to name',
      }),
    ],
    roles: [...manageRoles(environment), ...protectIdentity(environment)],
  };
}

type Topic = 'storage' | 'compute' | 'watch' | 'release' | 'engine' | 'roles';

function storage(environment: Environment): Statement[] {
  const { names, project, name } = environment;
  return [
    allow(
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:GetBucket*',
        's3:Get*Configuration',
        's3:ListBucket',
        's3:ListTagsForResource',
        's3:PutBucket*',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      [s3Arn(environment, names.artifactsBucket), s3Arn(environment, names.dataBucket)],
    ),
    // The functions' code.
    allow(['s3:GetObject'], [assetsBucketArn(environment, '*')]),
    allow(
      [
        'dynamodb:CreateTable',
        'dynamodb:DeleteTable',
        'dynamodb:DescribeContinuousBackups',
        'dynamodb:DescribeContributorInsights',
        'dynamodb:DescribeKinesisStreamingDestination',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTimeToLive',
        'dynamodb:GetResourcePolicy',
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
        'ecr:DeleteRepositoryPolicy',
        'ecr:DescribeRepositories',
        'ecr:GetLifecyclePolicy',
        'ecr:GetRepositoryPolicy',
        'ecr:ListTagsForResource',
        'ecr:PutImageScanningConfiguration',
        'ecr:PutImageTagMutability',
        'ecr:PutLifecyclePolicy',
        'ecr:SetRepositoryPolicy',
        'ecr:TagResource',
        'ecr:UntagResource',
      ],
      [arnOf(environment, 'ecr', `repository/${project}/${name}/*`)],
    ),
  ];
}

function compute(environment: Environment): Statement[] {
  const { stack } = environment.names;
  return [
    allow(
      [
        'lambda:AddPermission',
        'lambda:CreateFunction*',
        'lambda:DeleteFunction*',
        'lambda:GetFunction*',
        'lambda:GetPolicy',
        'lambda:GetProvisionedConcurrencyConfig',
        'lambda:GetRuntimeManagementConfig',
        'lambda:ListTags',
        'lambda:ListVersionsByFunction',
        'lambda:PublishVersion',
        'lambda:PutFunction*',
        'lambda:PutRuntimeManagementConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateFunction*',
      ],
      [arnOf(environment, 'lambda', `function:${stack}--*`)],
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
      [arnOf(environment, 'states', `stateMachine:${stack}--*`)],
    ),
    allow(['states:ValidateStateMachineDefinition'], ['*'], { because: 'a text has no resource to name' }),
  ];
}

function watch(environment: Environment): Statement[] {
  const { names, account } = environment;
  const { stack } = names;
  const arn = (service: string, resource: string) => arnOf(environment, service, resource);
  return [
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
    // SNS holds a call on a subscription to its topic: no star, which would reach the subscriptions of others.
    allow(
      [
        'sns:CreateTopic',
        'sns:DeleteTopic',
        'sns:GetDataProtectionPolicy',
        'sns:GetSubscriptionAttributes',
        'sns:GetTopicAttributes',
        'sns:ListSubscriptionsByTopic',
        'sns:ListTagsForResource',
        'sns:SetSubscriptionAttributes',
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
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      [arn('cloudwatch', `alarm:${stack}--*`)],
    ),
    allow(
      [
        'cloudwatch:DeleteDashboards',
        'cloudwatch:GetDashboard',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutDashboard',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      [`arn:${names.partition}:cloudwatch::${account}:dashboard/${stack}`],
    ),
    allow(
      [
        'cloudwatch:DescribeAlarms',
        'logs:DescribeIndexPolicies',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
      ],
      ['*'],
      { because: 'what only lists is asked without a name' },
    ),
  ];
}

import type { Environment } from '../environment.ts';
import { catalogArns } from '../features/release/catalog-arns.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { dispatchPolicy } from '../features/triggers/dispatch-policy.ts';
import { putJobMetrics } from '../iam/access.ts';
import { arnOf, iamArn } from '../iam/arn.ts';
import { readEndpointAlarms } from '../iam/endpoint-alarms.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { outsideReads, ownResources, useKeys } from './own-resources.ts';

/**
 * The boundary of every role that a deployment creates: whatever its policy says, a role reaches what belongs to the
 * environment and what mlops.yaml names, and changes no role. Actions that IAM holds to no resource are few, and named.
 */
export function boundary(environment: Environment): Statement[] {
  return statements(environment).map(inAnyPartition);
}

/** The schedules of the environment's group. */
const schedules = (environment: Environment): string =>
  arnOf(environment, 'scheduler', `schedule/${environment.names.stack}/*`);

/**
 * A policy holds few characters. A role has one partition, so its name is left out; and an account has an environment in one
 * region only, because names of roles are those of the account.
 */
const inAnyPartition = (statement: Statement): Statement => ({
  ...statement,
  Resource: statement.Resource.map((resource) => resource.replace(/^arn:aws[a-z-]*:/, 'arn:*:')),
});

function statements(environment: Environment): Statement[] {
  const { names, settings } = environment;
  const engine = engineAccess(environment);
  return [
    allow(
      [
        'dynamodb:*',
        'ecr:*',
        'glue:BatchCreatePartition',
        'lambda:*',
        'logs:*',
        's3:*',
        'sagemaker:*',
        'scheduler:*',
        'sns:*',
        'sqs:*',
        'states:*',
      ],
      [...ownResources(environment), ...catalogArns(environment), schedules(environment)].map((resource) =>
        resource.replace(`:${environment.region}:`, ':*:'),
      ),
      { because: "a boundary grants nothing, and the resources are the environment's own" },
    ),
    ...shared(environment),
    outsideReads(environment),
    ...useKeys(environment),
    ...engine.boundary(environment),
    ...dispatchPolicy(environment),
    allow(
      ['iam:PassRole'],
      [`${names.jobRoles.promote.arn}*`, `${names.prepare.promote.role.arn}*`, names.schedulerRole.arn],
      {
        Condition: {
          StringEquals: {
            'iam:PassedToService': ['sagemaker.amazonaws.com', 'scheduler.amazonaws.com', ...engine.services],
          },
        },
      },
    ),

    putJobMetrics,
    ...readEndpointAlarms(environment),
    allow(['cloudwatch:GetMetricData', 'ecr:GetAuthorizationToken', 'xray:Get*', 'xray:Put*'], ['*'], {
      because: 'IAM holds these actions to no resource, and a boundary grants nothing',
    }),
    // The log of a state machine is the account's to deliver. A function's code has nothing to do with it.
    allow(['logs:*LogDeliver*', 'logs:Describe*', 'logs:PutResourcePolicy'], ['*'], {
      because: 'deliveries of logs have no resource to name',
      Condition: {
        ArnLike: {
          'aws:PrincipalArn': [iamArn(environment, `role/${names.stack}--train-*`), names.releaseRole.arn],
        },
        ...notFunctionCode,
      },
    }),
    ...(settings.vpc
      ? [
          allow(
            [
              'ec2:AssignPrivateIpAddresses',
              'ec2:CreateNetworkInterface*',
              'ec2:DeleteNetworkInterface*',
              'ec2:Describe*',
              'ec2:UnassignPrivateIpAddresses',
            ],
            ['*'],
            { because: 'a network interface has no name before it is made', Condition: notFunctionCode },
          ),
        ]
      : []),
  ];
}

/**
 * Lambda adds this key to every call that a function's code makes, and to none that it makes itself for the function
 * (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
 */
const notFunctionCode = { Null: { 'lambda:SourceFunctionArn': 'true' } };

/**
 * What AWS shares among all of an account: the rules by which Step Functions learns that a job has ended, and SageMaker's log
 * groups, in which a stream begins with its job's name.
 */
function shared(environment: Environment): Statement[] {
  const groups = arnOf(environment, 'logs', 'log-group:/aws/sagemaker/*');
  return [
    allow(
      [
        'events:DescribeRule',
        'events:PutRule',
        'events:PutTargets',
        'logs:CreateLogGroup',
        'logs:DescribeLogStreams',
      ],
      [arnOf(environment, 'events', 'rule/StepFunctionsGetEventsFor*'), groups],
    ),
    allow(
      ['logs:CreateLogStream', 'logs:GetLogEvents', 'logs:PutLogEvents'],
      [`${groups}:log-stream:${environment.names.jobPrefix}-*`],
    ),
  ];
}

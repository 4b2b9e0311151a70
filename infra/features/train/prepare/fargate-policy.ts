import type { Environment } from '../../../environment.ts';
import { manageLogGroups, pullImages } from '../../../iam/access.ts';
import { arnOf } from '../../../iam/arn.ts';
import { allow, type Statement } from '../../../iam/statement.ts';
import type { EngineAccess } from './engine.ts';

/** The policy of ECS before the program runs: pull the image, open the log. */
export const taskExecutionPolicy = (environment: Environment): Statement[] => [
  ...pullImages(environment),
  allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    [arnOf(environment, 'logs', `log-group:${environment.names.prepare.ecsLogs}:*`)],
  ),
];

export const fargateAccess: EngineAccess = {
  boundary: (environment) => {
    const { names } = environment;
    const { job, clusterArn } = names.prepare;
    return [
      allow(
        ['ecs:DescribeTasks', 'ecs:RunTask', 'ecs:StopTask', 'ecs:TagResource'],
        [arnOf(environment, 'ecs', `task-definition/${job}*:*`), tasksArn(clusterArn)],
      ),
      // IAM sees no revision before it is registered, and none of what is deregistered.
      allow(['ecs:DeregisterTaskDefinition', 'ecs:RegisterTaskDefinition'], ['*'], {
        because: 'IAM holds these actions to no resource that has a name',
      }),
    ];
  },
  logs: (environment) => [logsArn(environment)],
  services: ['ecs-tasks.amazonaws.com'],
  deployment: (environment) => {
    const { prepare } = environment.names;
    return [
      manageLogGroups([logsArn(environment)]),
      allow(
        [
          'ecs:CreateCluster',
          'ecs:DeleteCluster',
          'ecs:DescribeClusters',
          'ecs:ListTagsForResource',
          'ecs:PutClusterCapacityProviders',
          'ecs:TagResource',
          'ecs:UntagResource',
          'ecs:UpdateCluster',
          'ecs:UpdateClusterSettings',
        ],
        [prepare.clusterArn],
      ),
      ...(environment.settings.vpc ? [] : ownNetwork(environment)),
    ];
  },
  stop: ({ names }) => [allow(['ecs:StopTask'], [tasksArn(names.prepare.clusterArn)])],
};

const logsArn = (environment: Environment): string =>
  arnOf(environment, 'logs', `log-group:${environment.names.prepare.ecsLogs}*`);

const tasksArn = (clusterArn: string): string => `${clusterArn.replace(':cluster/', ':task/')}/*`;

/**
 * The ids of a VPC and its parts are not known before they exist, so the stack's tags identify them. A tag is given only by
 * the call that creates a resource, or to one that has the tags already: nothing of others can be tagged as the stack's own.
 */
function ownNetwork(environment: Environment): Statement[] {
  const { project, name } = environment;
  const tags = (key: 'aws:ResourceTag' | 'aws:RequestTag') => ({
    [`${key}/project`]: project,
    [`${key}/environment`]: name,
  });
  const ec2 = (resource: string) => arnOf(environment, 'ec2', resource);
  return [
    allow(
      [
        'ec2:AssociateRouteTable',
        'ec2:AttachInternetGateway',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:CreateRoute',
        'ec2:CreateRouteTable',
        'ec2:CreateSecurityGroup',
        'ec2:CreateSubnet',
        'ec2:CreateTags',
        'ec2:CreateVpcEndpoint',
        'ec2:DeleteInternetGateway',
        'ec2:DeleteRoute',
        'ec2:DeleteRouteTable',
        'ec2:DeleteSecurityGroup',
        'ec2:DeleteSubnet',
        'ec2:DeleteTags',
        'ec2:DeleteVpc',
        'ec2:DeleteVpcEndpoints',
        'ec2:DetachInternetGateway',
        'ec2:DisassociateRouteTable',
        'ec2:ModifySubnetAttribute',
        'ec2:ModifyVpcAttribute',
        'ec2:ModifyVpcEndpoint',
        'ec2:ReplaceRoute',
        'ec2:ReplaceRouteTableAssociation',
        'ec2:RevokeSecurityGroupEgress',
      ],
      [ec2('*')],
      { Condition: { StringEquals: tags('aws:ResourceTag') } },
    ),
    // What is about to be created has no tags. The VPC that it is created in has, and so the statement above holds for it.
    allow(['ec2:CreateInternetGateway'], [ec2('internet-gateway/*')]),
    allow(['ec2:CreateRouteTable'], [ec2('route-table/*')]),
    allow(['ec2:CreateSecurityGroup'], [ec2('security-group/*')]),
    allow(['ec2:CreateSubnet'], [ec2('subnet/*')]),
    allow(['ec2:CreateVpc'], [ec2('vpc/*')]),
    allow(['ec2:CreateVpcEndpoint'], [ec2('vpc-endpoint/*')]),
    allow(['ec2:CreateTags'], [ec2('*')], {
      Condition: { StringEquals: { ...tags('aws:RequestTag'), 'ec2:CreateAction': creations } },
    }),
    allow(
      [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeNetworkAcls',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEncryptionControls',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeVpnGateways',
      ],
      ['*'],
      { because: 'what only lists has no resource to name' },
    ),
  ];
}

/** The calls that create a resource with tags, as `ec2:CreateAction` names them. */
const creations = [
  'CreateInternetGateway',
  'CreateRouteTable',
  'CreateSecurityGroup',
  'CreateSubnet',
  'CreateVpc',
  'CreateVpcEndpoint',
];

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
  boundary: ['ec2:*', 'ecs:*'],
  services: ['ecs-tasks.amazonaws.com'],
  deployment: (environment) => {
    const { prepare } = environment.names;
    return [
      manageLogGroups([arnOf(environment, 'logs', `log-group:${prepare.ecsLogs}*`)]),
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
  stop: ({ names }) => [
    allow(['ecs:StopTask'], [`${names.prepare.clusterArn.replace(':cluster/', ':task/')}/*`]),
  ],
};

/** The ids of a VPC and its parts are not known before they exist, so the stack's tags identify them. */
function ownNetwork(environment: Environment): Statement[] {
  const { project, name } = environment;
  const own = { 'aws:ResourceTag/project': [project], 'aws:ResourceTag/environment': [name] };
  const any = [arnOf(environment, 'ec2', '*')];
  return [
    allow(
      [
        'ec2:AssociateRouteTable',
        'ec2:AttachInternetGateway',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:CreateRoute',
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
        'ec2:RevokeSecurityGroupEgress',
      ],
      any,
      { Condition: { StringEquals: own } },
    ),
    allow(
      [
        'ec2:CreateInternetGateway',
        'ec2:CreateRouteTable',
        'ec2:CreateSecurityGroup',
        'ec2:CreateSubnet',
        'ec2:CreateTags',
        'ec2:CreateVpc',
        'ec2:CreateVpcEndpoint',
      ],
      any,
    ),
    allow(
      [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeRouteTables',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEndpoints',
      ],
      ['*'],
      { because: 'what only lists has no resource to name' },
    ),
  ];
}

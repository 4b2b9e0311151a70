import type { Environment, Place } from '../../../environment.ts';
import { manageLogGroups, networkInterfaces } from '../../../iam/access.ts';
import { arnOf, assetsBucketArn } from '../../../iam/arn.ts';
import { allow, type Statement } from '../../../iam/statement.ts';
import type { MachineName } from '../machine-policy.ts';
import type { EngineAccess } from './engine.ts';
import { programPolicy } from './program-policy.ts';

/** The policy of the Glue job's role: its program, and Glue's own calls for the job. `assets` are the keys of the job's code. */
export function glueJobPolicy(
  environment: Environment,
  mode: MachineName,
  assets: readonly string[],
): Statement[] {
  const { settings } = environment;
  const logs = logsArn(environment);
  return [
    ...programPolicy(environment, mode),
    allow(
      ['s3:GetObject'],
      assets.map((key) => assetsBucketArn(environment, key)),
    ),
    allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], [logs]),
    ...(settings.kms_key
      ? [
          allow(['logs:AssociateKmsKey'], [logs]),
          allow(['glue:GetSecurityConfiguration'], ['*'], { because: noSecurityArn }),
        ]
      : []),
    ...(settings.vpc
      ? [
          allow(['glue:GetConnection'], connections(environment)),
          networkInterfaces,
          allow(['ec2:DescribeRouteTables', 'ec2:DescribeVpcAttribute', 'ec2:DescribeVpcEndpoints'], ['*'], {
            because: 'describing has no resource',
          }),
          tagInterfaces(environment),
        ]
      : []),
  ];
}

export const glueAccess: EngineAccess = {
  boundary: (environment) => [
    allow(
      ['glue:*JobRun*', 'glue:GetConnection'],
      [arnOf(environment, 'glue', `job/${environment.names.prepare.job}*`), ...connections(environment)],
    ),
    ...(environment.settings.kms_key
      ? [allow(['glue:GetSecurityConfiguration'], ['*'], { because: noSecurityArn })]
      : []),
    ...(environment.settings.vpc ? [tagInterfaces(environment)] : []),
  ],
  logs: (environment) => [logsArn(environment)],
  services: ['glue.amazonaws.com'],
  deployment: (environment) => {
    const { settings } = environment;
    return [
      manageLogGroups([logsArn(environment)]),
      allow(
        [
          'glue:CreateJob',
          'glue:DeleteJob',
          'glue:GetJob',
          'glue:GetTags',
          'glue:TagResource',
          'glue:UntagResource',
          'glue:UpdateJob',
        ],
        jobs(environment),
      ),
      ...(settings.vpc
        ? [
            allow(
              [
                'glue:CreateConnection',
                'glue:DeleteConnection',
                'glue:GetConnection',
                'glue:GetTags',
                'glue:TagResource',
                'glue:UntagResource',
                'glue:UpdateConnection',
              ],
              connections(environment),
            ),
          ]
        : []),
      ...(settings.kms_key
        ? [
            allow(
              [
                'glue:CreateSecurityConfiguration',
                'glue:DeleteSecurityConfiguration',
                'glue:GetSecurityConfiguration',
              ],
              ['*'],
              { because: noSecurityArn },
            ),
          ]
        : []),
    ];
  },
  stop: (place) => [allow(['glue:BatchStopJobRun'], jobs(place))],
};

const jobs = (place: Place): string[] =>
  [place.names.prepare.evaluate, place.names.prepare.promote].map(({ job }) =>
    arnOf(place, 'glue', `job/${job}`),
  );

const logsArn = (environment: Environment): string =>
  arnOf(environment, 'logs', `log-group:${environment.names.prepare.glueLogs}*`);

/** Tags of the interfaces by which Glue recognises them, as in AWS's own policy for Glue. */
const tagInterfaces = (environment: Environment): Statement =>
  allow(
    ['ec2:CreateTags', 'ec2:DeleteTags'],
    [arnOf(environment, 'ec2', 'network-interface/*'), arnOf(environment, 'ec2', 'security-group/*')],
    {
      Condition: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['aws-glue-service-resource'] },
        Null: { 'aws:TagKeys': 'false' },
      },
    },
  );

const connections = (environment: Environment): string[] => [
  arnOf(environment, 'glue', 'catalog'),
  arnOf(environment, 'glue', `connection/${environment.names.prepare.job}-*`),
];

const noSecurityArn = 'a security configuration has no ARN';

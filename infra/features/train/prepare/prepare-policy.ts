import type { Environment, Place } from '../../../environment.ts';
import { allow, type Statement } from '../../../iam/statement.ts';
import { artifactsAndData, networkInterfaces, pullImages } from '../job-policy.ts';

/*
 * The roles of the prepare job where Glue or ECS runs it. On SageMaker it has the role of every job.
 */

/** What the program itself does: read data and artifacts, write what it prepared or why it failed. */
export const programPolicy = (environment: Environment): Statement[] =>
  artifactsAndData(environment, environment.sources, ['prepared']);

/** The program, and what Glue does in the job's name. `assets` are the keys of the job's code. */
export function gluePolicy(environment: Environment, assets: readonly string[]): Statement[] {
  const { names, region, account, settings } = environment;
  const arn = (service: string, resource: string) =>
    `arn:${names.partition}:${service}:${region}:${account}:${resource}`;
  const logs = arn('logs', `log-group:${names.prepare.glueLogs}*`);
  return [
    ...programPolicy(environment),
    allow(
      ['s3:GetObject'],
      assets.map(
        (key) => `arn:${names.partition}:s3:::cdk-${names.qualifier}-assets-${account}-${region}/${key}`,
      ),
    ),
    allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], [logs]),
    ...(settings.kms_key
      ? [
          allow(['logs:AssociateKmsKey'], [logs]),
          allow(['glue:GetSecurityConfiguration'], ['*'], {
            because: 'a security configuration has no ARN',
          }),
        ]
      : []),
    ...(settings.vpc
      ? [
          allow(
            ['glue:GetConnection'],
            [arn('glue', 'catalog'), arn('glue', `connection/${names.prepare.job}-*`)],
          ),
          networkInterfaces,
          allow(['ec2:DescribeRouteTables', 'ec2:DescribeVpcAttribute', 'ec2:DescribeVpcEndpoints'], ['*'], {
            because: 'describing has no resource',
          }),
          // As AWS's own policy for Glue has it: tags by which Glue knows its interfaces.
          allow(
            ['ec2:CreateTags', 'ec2:DeleteTags'],
            [arn('ec2', 'network-interface/*'), arn('ec2', 'security-group/*')],
            {
              Condition: {
                'ForAllValues:StringEquals': { 'aws:TagKeys': ['aws-glue-service-resource'] },
                Null: { 'aws:TagKeys': 'false' },
              },
            },
          ),
        ]
      : []),
  ];
}

/** What ECS does before the program runs: pull its image, open its log. */
export function taskExecutionPolicy(environment: Environment): Statement[] {
  const { names, region, account } = environment;
  return [
    ...pullImages(environment),
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [`arn:${names.partition}:logs:${region}:${account}:log-group:${names.prepare.ecsLogs}:*`],
    ),
  ];
}

/** Stops a prepare job that its machine left: a run that ran out of time, or was aborted from outside. */
export function stopPrepare({
  engine,
  names,
  region,
  account,
}: Place & { engine: Environment['engine'] }): Statement[] {
  if (engine === 'glue')
    return [
      allow(
        ['glue:BatchStopJobRun'],
        [`arn:${names.partition}:glue:${region}:${account}:job/${names.prepare.job}`],
      ),
    ];
  if (engine === 'fargate')
    return [allow(['ecs:StopTask'], [`${names.prepare.clusterArn.replace(':cluster/', ':task/')}/*`])];
  return [];
}

import type { Environment } from '../../environment.ts';
import { artifactsAndData, networkInterfaces, pullImages } from '../../iam/access.ts';
import { arnOf, imageRepositories, s3Arn } from '../../iam/arn.ts';
import { allow, type Statement } from '../../iam/statement.ts';

/** The policy of the role of every SageMaker job: read data and artifacts, write artifacts, pull images, log. */
export function jobPolicy(environment: Environment): Statement[] {
  const { names, sources, settings } = environment;
  return [
    ...artifactsAndData(environment, sources, ['prepared', 'models', 'scores', 'checkpoints']),
    // SageMaker checks the output bucket before it starts a job.
    allow(
      ['s3:GetBucketLocation'],
      [s3Arn(environment, names.artifactsBucket), s3Arn(environment, names.dataBucket)],
    ),
    ...pullImages(environment, imageRepositories(environment)),
    allow(
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [arnOf(environment, 'logs', 'log-group:/aws/sagemaker/*')],
    ),
    allow(['cloudwatch:PutMetricData'], ['*'], {
      because: 'metrics have no ARN; the namespace is the bound',
      Condition: {
        StringLike: { 'cloudwatch:namespace': ['/aws/sagemaker/*', 'aws/sagemaker/*', 'AWS/SageMaker'] },
      },
    }),
    ...(settings.vpc ? [networkInterfaces] : []),
  ];
}

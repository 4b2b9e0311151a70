import type { Environment } from '../../environment.ts';
import {
  artifactsAndData,
  decryptData,
  networkInterfaces,
  pullImages,
  putJobMetrics,
} from '../../iam/access.ts';
import { arnOf, repositoryArns, s3Arn } from '../../iam/arn.ts';
import { allow, type Statement } from '../../iam/statement.ts';

/** The policy of the role of every SageMaker job: read data and artifacts, write artifacts, pull images, log. */
export function jobPolicy(environment: Environment): Statement[] {
  const { names, sources, images, settings } = environment;
  return [
    ...artifactsAndData(environment, sources, ['prepared', 'models', 'scores']),
    // SageMaker checks the output bucket before it starts a job.
    allow(
      ['s3:GetBucketLocation'],
      [s3Arn(environment, names.artifactsBucket), s3Arn(environment, names.dataBucket)],
    ),
    ...pullImages(
      environment,
      images.flatMap((image) => repositoryArns(image, names.partition)),
    ),
    allow(
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [arnOf(environment, 'logs', 'log-group:/aws/sagemaker/*')],
    ),
    putJobMetrics,
    ...decryptData(settings),
    ...(settings.vpc ? [networkInterfaces] : []),
  ];
}

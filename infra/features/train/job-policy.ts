import type { Environment } from '../../environment.ts';
import {
  artifactsAndData,
  decryptData,
  networkInterfaces,
  pullImages,
  putJobMetrics,
} from '../../iam/access.ts';
import { arnOf, imageRepositories, s3Arn } from '../../iam/arn.ts';
import { allow, type Statement } from '../../iam/statement.ts';
import { readEndpointAlarms } from '../service/service-policy.ts';
import type { MachineName } from './machine-policy.ts';

/**
 * The policy of SageMaker's jobs in runs of a mode: read data and artifacts, write the folder of the mode's jobs, pull
 * images, log. A job runs code of a pull request, so it can write nothing that a later run reads: the function keep copies
 * its result.
 */
export function jobPolicy(environment: Environment, mode: MachineName): Statement[] {
  const { names, sources, settings } = environment;
  return [
    ...artifactsAndData(environment, sources, [`jobs-${mode}`]),
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
    putJobMetrics,
    ...(mode === 'promote' ? readEndpointAlarms(environment) : []),
    ...decryptData(settings),
    ...(settings.vpc ? [networkInterfaces] : []),
  ];
}

import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { lendKey, useKey } from '../iam/access.ts';
import { arnOf, assetsBucketArn, outsideSource, repositoryArns, s3Arn } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';

/*
 * What belongs to an environment, for the boundaries. An ARN that is not listed is out of reach, whatever a role's own policy
 * says: other environments and projects of the account, however alike their names, and everything else in it.
 */

/** Patterns of the ARNs that carry the environment's names, or the hash of them. */
export function ownResources(environment: Environment): string[] {
  const { names, project, name } = environment;
  const { stack, jobPrefix, artifactsBucket, dataBucket } = names;
  const arn = (service: string, resource: string) => arnOf(environment, service, resource);
  return [
    arn('dynamodb', `table/${stack}--*`),
    arn('ecr', `repository/${project}/${name}/*`),
    arn('lambda', `function:${stack}--*`),
    arn('logs', `log-group:/aws/lambda/${stack}--*`),
    arn('logs', `log-group:/aws/vendedlogs/states/${stack}--*`),
    ...engineAccess(environment).logs(environment),
    ...[artifactsBucket, dataBucket].flatMap((bucket) => [
      s3Arn(environment, bucket),
      s3Arn(environment, `${bucket}/*`),
    ]),
    arn('sagemaker', `*/${stack}--*`),
    arn('sagemaker', `*/${jobPrefix}-*`),
    arn('sns', `${stack}--*`),
    arn('sqs', `${stack}--*`),
    arn('states', `execution:${stack}--*`),
    arn('states', `stateMachine:${stack}--*`),
  ];
}

/**
 * Reads what mlops.yaml names outside the environment, data in other buckets with their keys and images in other
 * repositories, and the code that deployments upload; and these further repositories.
 */
export function outsideReads(environment: Environment, repositories: readonly string[] = []): Statement {
  const { sources, images, names, settings } = environment;
  const outside = sources.flatMap((uri) => outsideSource(environment, uri));
  const buckets = [...new Set(outside.map(({ bucket }) => bucket))];
  return allow(
    [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetDownloadUrlForLayer',
      'kms:Decrypt',
      's3:GetObject*',
      's3:ListBucket*',
    ],
    [
      assetsBucketArn(environment, '*'),
      ...buckets.flatMap((bucket) => [s3Arn(environment, bucket), s3Arn(environment, `${bucket}/*`)]),
      ...images.flatMap((image) => repositoryArns(image, names.partition)),
      ...repositories,
      ...settings.data_kms_keys,
    ],
  );
}

/** Uses the environment's key, and the keys that AWS manages, which have an alias that nobody else can give. */
export function useKeys(environment: Environment): Statement[] {
  const { kms_key } = environment.settings;
  return [
    ...(kms_key ? [useKey(kms_key), lendKey(kms_key)] : []),
    allow(['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*'], [arnOf(environment, 'kms', 'key/*')], {
      Condition: { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/aws/*'] } },
    }),
  ];
}

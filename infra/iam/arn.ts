import type { Environment, Place } from '../environment.ts';

/** `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` */
export const arnOf = ({ names, region, account }: Place, service: string, resource: string): string =>
  `arn:${names.partition}:${service}:${region}:${account}:${resource}`;

/** An ARN of IAM, which is global, so that it has no region. */
export const iamArn = ({ names, account }: Place, resource: string): string =>
  `arn:${names.partition}:iam::${account}:${resource}`;

/** An ARN of `BUCKET` or `BUCKET/KEY`. */
export const s3Arn = ({ names }: Place, resource: string): string =>
  `arn:${names.partition}:s3:::${resource}`;

/** Executions of a machine. */
export const executionArn = (place: Place, machine: string): string =>
  arnOf(place, 'states', `execution:${machine}:*`);

/** Jobs, or models, of this environment's runs: Plan and Inspect name them PREFIX-HASH-... */
export const ownJobsArn = (place: Place, type: string): string =>
  arnOf(place, 'sagemaker', `${type}/${place.names.jobPrefix}-*`);

/** Objects of the artifacts bucket under a path of the project. */
export const artifactsArn = (place: Place, path: string): string =>
  s3Arn(place, `${place.names.artifactsBucket}/${place.project}/${path}`);

/** The bucket to which the CDK uploads the functions' code, the Glue job's program and templates. */
export const assetsBucketArn = (place: Place, key = ''): string =>
  s3Arn(place, `cdk-${place.names.qualifier}-assets-${place.account}-${place.region}${key && `/${key}`}`);

/** The repository of an image `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:...`; none for an image outside ECR. */
export function repositoryArns(image: string, partition: string): string[] {
  const [, account, region, name] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)/.exec(image) ?? [];
  return name === undefined ? [] : [`arn:${partition}:ecr:${region}:${account}:repository/${name}`];
}

/** The repositories of the images that mlops.yaml names. */
export const imageRepositories = ({ images, names }: Environment): string[] =>
  images.flatMap((image) => repositoryArns(image, names.partition));

/** A bucket of an `s3://BUCKET/KEY` URI and the key; none for the environment's own data bucket. */
export function outsideSource(place: Place, uri: string): { bucket: string; key: string }[] {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  return bucket === '' || bucket === place.names.dataBucket ? [] : [{ bucket, key }];
}

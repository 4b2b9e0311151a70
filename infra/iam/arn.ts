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

/** The repositories of the images that mlops.yaml names: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:...`. */
export const imageRepositories = ({ images, names }: Environment): string[] =>
  images.flatMap((image) => {
    const [, account, region, name] =
      /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)/.exec(image) ?? [];
    return name === undefined ? [] : [`arn:${names.partition}:ecr:${region}:${account}:repository/${name}`];
  });

import type { Place } from '../../environment.ts';
import { allow, type Statement } from '../../iam/statement.ts';
import { readData } from './function-policy.ts';

/** What the role may do that every SageMaker job runs with: read data and artifacts, write artifacts, pull images, log. */
export function jobPolicy(
  place: Place,
  { sources, images, vpc }: { sources: readonly string[]; images: readonly string[]; vpc: boolean },
): Statement[] {
  const { names, region, account } = place;
  const artifacts = `arn:${names.partition}:s3:::${names.artifactsBucket}`;
  return [
    ...artifactsAndData(place, sources, ['prepared', 'models', 'scores']),
    // SageMaker looks at the output bucket itself before it starts a job.
    allow(['s3:GetBucketLocation'], [artifacts, `arn:${names.partition}:s3:::${names.dataBucket}`]),
    ...pullImages(
      place,
      images.flatMap((image) => repositoryOf(image, names.partition)),
    ),
    allow(
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [`arn:${names.partition}:logs:${region}:${account}:log-group:/aws/sagemaker/*`],
    ),
    allow(['cloudwatch:PutMetricData'], ['*'], {
      because: 'metrics have no ARN; the namespace is the bound',
      Condition: {
        StringLike: { 'cloudwatch:namespace': ['/aws/sagemaker/*', 'aws/sagemaker/*', 'AWS/SageMaker'] },
      },
    }),
    ...(vpc ? [networkInterfaces] : []),
  ];
}

/** Reads data and artifacts, writes folders of the artifacts. */
export function artifactsAndData(
  place: Place,
  sources: readonly string[],
  folders: readonly string[],
): Statement[] {
  const { names, project } = place;
  const artifacts = `arn:${names.partition}:s3:::${names.artifactsBucket}`;
  return [
    allow(['s3:ListBucket'], [artifacts], { Condition: { StringLike: { 's3:prefix': [`${project}/*`] } } }),
    allow(['s3:GetObject'], [`${artifacts}/${project}/*`]),
    allow(
      ['s3:PutObject', 's3:AbortMultipartUpload'],
      folders.map((folder) => `${artifacts}/${project}/${folder}/*`),
    ),
    ...readData(place, sources),
  ];
}

/** Pulls the environment's images, and those of further repositories. */
export function pullImages(
  { names, region, account }: Place,
  repositories: readonly string[] = [],
): Statement[] {
  return [
    allow(
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      [
        ...[names.candidateRepository, names.releaseRepository].map(
          (repository) => `arn:${names.partition}:ecr:${region}:${account}:repository/${repository}`,
        ),
        ...repositories,
      ],
    ),
    allow(['ecr:GetAuthorizationToken'], ['*'], { because: 'a login token has no resource of its own' }),
  ];
}

/** Only where mlops.yaml names a VPC. */
export const networkInterfaces: Statement = allow(
  [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:CreateNetworkInterfacePermission',
    'ec2:DeleteNetworkInterface',
    'ec2:DeleteNetworkInterfacePermission',
    'ec2:DescribeDhcpOptions',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'ec2:UnassignPrivateIpAddresses',
  ],
  ['*'],
  { because: 'describing has no resource, and a network interface has no name before it is made' },
);

/** The use of the customer's key by roles that read and write what it encrypts. */
export const useKey = (key: string): Statement =>
  allow(
    [
      'kms:CreateGrant',
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey*',
      'kms:ReEncrypt*',
    ],
    [key],
  );

/** The repository of an image `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:...`; none where it is not ECR's. */
function repositoryOf(image: string | null, partition: string): string[] {
  const [, account, region, name] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)/.exec(image ?? '') ?? [];
  return name === undefined ? [] : [`arn:${partition}:ecr:${region}:${account}:repository/${name}`];
}

import type { Environment, Place } from '../environment.ts';
import { arnOf, artifactsArn, outsideSource, s3Arn } from './arn.ts';
import { allow, type Statement } from './statement.ts';

/*
 * Statements that roles of more than one feature, or of GitHub, share.
 */

/** Reads artifacts. Without s3:ListBucket, S3 answers 403 for an object that does not exist. */
export const readArtifacts = (place: Place): Statement[] => [
  allow(['s3:ListBucket'], [s3Arn(place, place.names.artifactsBucket)], {
    Condition: { StringLike: { 's3:prefix': [`${place.project}/*`] } },
  }),
  allow(['s3:GetObject', 's3:GetObjectVersion'], [artifactsArn(place, '*')]),
];

/** Reads the data bucket, and `sources`, the `s3://` URIs elsewhere that mlops.yaml names. */
export function readData(place: Place, sources: readonly string[]): Statement[] {
  const { dataBucket } = place.names;
  const outside = sources.flatMap((uri) => outsideSource(place, uri));
  return [
    allow(['s3:ListBucket', 's3:ListBucketVersions'], [s3Arn(place, dataBucket)]),
    allow(['s3:GetObject', 's3:GetObjectVersion'], [s3Arn(place, `${dataBucket}/*`)]),
    ...outside.flatMap(({ bucket, key }) => [
      allow(['s3:ListBucket', 's3:ListBucketVersions'], [s3Arn(place, bucket)], {
        Condition: { StringLike: { 's3:prefix': [`${key}*`] } },
      }),
      allow(['s3:GetObject', 's3:GetObjectVersion'], [s3Arn(place, `${bucket}/${key}*`)]),
    ]),
  ];
}

/** Lets a job's program read data and artifacts, and write folders of the artifacts. */
export const artifactsAndData = (
  place: Place,
  sources: readonly string[],
  folders: readonly string[],
): Statement[] => [
  ...readArtifacts(place),
  allow(
    ['s3:PutObject', 's3:AbortMultipartUpload'],
    folders.map((folder) => artifactsArn(place, `${folder}/*`)),
  ),
  ...readData(place, sources),
];

/** Pulls images of the environment and of other repositories. */
export const pullImages = (place: Place, repositories: readonly string[] = []): Statement[] => [
  allow(
    ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    [
      ...[place.names.candidateRepository, place.names.releaseRepository].map((repository) =>
        arnOf(place, 'ecr', `repository/${repository}`),
      ),
      ...repositories,
    ],
  ),
  logInToEcr,
];

export const logInToEcr: Statement = allow(['ecr:GetAuthorizationToken'], ['*'], {
  because: 'a login token has no resource of its own',
});

/** Statements for network interfaces, if mlops.yaml names a VPC. */
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

/** Publishes the metrics of SageMaker's jobs. */
export const putJobMetrics: Statement = allow(['cloudwatch:PutMetricData'], ['*'], {
  because: 'metrics have no ARN; the namespace is the bound',
  Condition: {
    StringLike: { 'cloudwatch:namespace': ['/aws/sagemaker/*', 'aws/sagemaker/*', 'AWS/SageMaker'] },
  },
});

/** Lets roles use the customer's key to read and write what it encrypts. */
export const useKey = (key: string): Statement =>
  allow(['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'], [key]);

/** Lets services that a role calls go on using the key, for a disk or a table; the role itself can let in nobody. */
export const lendKey = (key: string): Statement =>
  allow(['kms:CreateGrant'], [key], { Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } } });

/** CloudFormation's calls to create, change and remove log groups. */
export const manageLogGroups = (groups: readonly string[]): Statement =>
  allow(
    [
      'logs:AssociateKmsKey',
      'logs:CreateLogGroup',
      'logs:DeleteLogGroup',
      'logs:DeleteRetentionPolicy',
      'logs:DisassociateKmsKey',
      'logs:GetDataProtectionPolicy',
      'logs:ListTagsForResource',
      'logs:PutRetentionPolicy',
      'logs:TagResource',
      'logs:UntagResource',
    ],
    groups,
  );

/** Decrypts the data of sources that other keys than the environment's encrypt; only S3 asks for it. */
export const decryptData = ({ data_kms_keys }: Settings): Statement[] =>
  data_kms_keys.length === 0
    ? []
    : [
        allow(['kms:Decrypt'], data_kms_keys, {
          Condition: { StringLike: { 'kms:ViaService': ['s3.*'] } },
        }),
      ];

type Settings = Pick<Environment['settings'], 'data_kms_keys'>;

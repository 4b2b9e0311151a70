import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { EncryptedProps } from '../encrypted-props.ts';

/**
 * The buckets of the data that runs read and of the artifacts that they write. Both stay when the stack is deleted. If the
 * stack's creation fails, CloudFormation deletes them again; S3 lets it delete a bucket only if it is empty.
 */
export class Storage extends Construct {
  readonly data: Bucket;
  readonly artifacts: Bucket;

  constructor(scope: Construct, id: string, { environment: { names, project }, key }: EncryptedProps) {
    super(scope, id);
    const bucket = (
      bucketId: string,
      bucketName: string,
      noncurrentDays: number,
      rules: readonly LifecycleRule[] = [],
    ) =>
      new Bucket(this, bucketId, {
        bucketName,
        versioned: true,
        ...(key
          ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
          : { encryption: BucketEncryption.S3_MANAGED }),
        enforceSSL: true,
        minimumTLSVersion: 1.2,
        blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
        objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycleRules: [
          {
            id: 'abandoned-uploads-and-old-versions',
            abortIncompleteMultipartUploadAfter: Duration.days(7),
            noncurrentVersionExpiration: Duration.days(noncurrentDays),
          },
          ...rules,
        ],
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      });
    // A run records the versions of the objects that it read, which stay for a year.
    this.data = bucket('Data', names.dataBucket, 365);
    // What jobs write (results until they are copied, checkpoints) is of no use once the run has ended, which takes five days
    // at most.
    this.artifacts = bucket('Artifacts', names.artifactsBucket, 90, [
      {
        id: 'jobs',
        prefix: `${project}/jobs-`,
        expiration: Duration.days(7),
        noncurrentVersionExpiration: Duration.days(1),
      },
      {
        // The requests to the prediction service, which monitoring reads.
        id: 'captures',
        prefix: `${project}/captures/`,
        expiration: Duration.days(400),
        noncurrentVersionExpiration: Duration.days(1),
      },
      {
        // The answers to people's questions (features/release/catalog.ts), which can be asked again.
        id: 'query-results',
        prefix: `${project}/${names.catalog.results}/`,
        expiration: Duration.days(7),
        noncurrentVersionExpiration: Duration.days(1),
      },
    ]);
    for (const made of [this.data, this.artifacts])
      acknowledge(made, {
        'AwsSolutions-S1':
          "who read an object is CloudTrail's to record, in the account's own trail; a log bucket here would be one more to guard",
      });
  }
}

import { Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EncryptedProps } from '../encrypted-props.ts';

/**
 * Image repositories of pull requests (candidate) and of merges (release). Both stay when the stack is deleted. If the stack's
 * creation fails, CloudFormation deletes them again; ECR lets it delete a repository only if it is empty.
 */
export class Images extends Construct {
  readonly candidate: Repository;
  readonly release: Repository;

  constructor(scope: Construct, id: string, { environment: { names }, key }: EncryptedProps) {
    super(scope, id);
    const repository = (repositoryId: string, repositoryName: string, days: number) =>
      new Repository(this, repositoryId, {
        repositoryName,
        imageTagMutability: TagMutability.IMMUTABLE,
        imageScanOnPush: true,
        ...(key
          ? { encryption: RepositoryEncryption.KMS, encryptionKey: key }
          : { encryption: RepositoryEncryption.AES_256 }),
        lifecycleRules: [
          {
            // An image that a rule of higher priority matches is not expired by a later one.
            rulePriority: 1,
            description: 'images of registered packages stay',
            tagStatus: TagStatus.TAGGED,
            tagPrefixList: ['keep-'],
            maxImageCount: 1000,
          },
          {
            rulePriority: 2,
            description: `others go after ${days} days`,
            tagStatus: TagStatus.ANY,
            maxImageAge: Duration.days(days),
          },
        ],
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      });
    this.candidate = repository('Candidate', names.candidateRepository, 30);
    this.release = repository('Release', names.releaseRepository, 180);
  }
}

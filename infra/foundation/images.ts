import {
  type LifecycleRule,
  Repository,
  RepositoryEncryption,
  TagMutability,
  TagStatus,
} from 'aws-cdk-lib/aws-ecr';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { holdPrefix } from '../../pipeline/image/held.ts';
import type { EncryptedProps } from '../encrypted-props.ts';

/** ECR's quota of images in a repository: a rule that counts no further removes nothing. */
const all = 100_000;

/**
 * Image repositories of pull requests (candidate) and of merges (release). Both stay when the stack is deleted. If the stack's
 * creation fails, CloudFormation deletes them again; ECR lets it delete a repository only if it is empty.
 *
 * ECR removes images by rules, which count a day from the push and see no registry. So what a run holds has a tag
 * (pipeline/image/held.ts), and an image with the tags of one rule is removed by no later one. Images of what was the
 * champion, or is an anchor, stay. Other candidates go a year after their push if they were judged, and otherwise after 30
 * days. Of releases the newest thousand stay, whatever their age: a scheduled run needs main's image, however long ago it
 * was pushed.
 *
 * Deployments of the project's environments in other accounts may pull both, because they copy what was reviewed here.
 */
export class Images extends Construct {
  readonly candidate: Repository;
  readonly release: Repository;

  constructor(scope: Construct, id: string, { environment: { names, readers }, key }: EncryptedProps) {
    super(scope, id);
    const repository = (repositoryId: string, repositoryName: string, others: readonly LifecycleRule[]) =>
      new Repository(this, repositoryId, {
        repositoryName,
        imageTagMutability: TagMutability.IMMUTABLE,
        imageScanOnPush: true,
        ...(key
          ? { encryption: RepositoryEncryption.KMS, encryptionKey: key }
          : { encryption: RepositoryEncryption.AES_256 }),
        lifecycleRules: [
          {
            description: 'what was the champion, or is an anchor, stays',
            tagStatus: TagStatus.TAGGED,
            tagPrefixList: [holdPrefix.always],
            maxImageCount: all,
          },
          ...others,
        ].map((rule, index) => ({ ...rule, rulePriority: index + 1 })),
        removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      });
    this.candidate = repository('Candidate', names.candidateRepository, [
      {
        description: 'judged candidates go a year after their push',
        tagStatus: TagStatus.TAGGED,
        tagPrefixList: [holdPrefix.judged],
        maxImageAge: Duration.days(365),
      },
      {
        description: 'other candidates go after 30 days',
        tagStatus: TagStatus.ANY,
        maxImageAge: Duration.days(30),
      },
    ]);
    this.release = repository('Release', names.releaseRepository, [
      {
        description: 'the newest thousand stay',
        tagStatus: TagStatus.ANY,
        maxImageCount: 1000,
      },
    ]);
    // ECR refuses a principal that does not exist yet, so it is the account, and the condition names the role.
    if (readers.length > 0)
      for (const made of [this.candidate, this.release]) made.addToResourcePolicy(pullBy(readers));
  }
}

const pullBy = (roles: readonly string[]): PolicyStatement =>
  new PolicyStatement({
    sid: 'CopyWhatWasReviewed',
    principals: [...new Set(roles.map((role) => role.split(':')[4]))].map(
      (account) => new AccountPrincipal(account),
    ),
    actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    conditions: { ArnEquals: { 'aws:PrincipalArn': roles } },
  });

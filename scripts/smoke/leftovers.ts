import { DeleteItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { BatchDeleteImageCommand } from '@aws-sdk/client-ecr';
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
} from '@aws-sdk/client-s3';
import {
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  paginateListModelPackages,
} from '@aws-sdk/client-sagemaker';
import { smokeModel } from '../../infra/identity/smoke-access.ts';
import { dynamoDbClient, ecrClient, s3Client, sageMakerClient } from '../../pipeline/aws/clients.ts';
import { type Deployment, packageGroup, resourceNames } from '../../pipeline/names.ts';

/** Something that the smoke test made, and how many of it were deleted. */
export interface Cleaned {
  what: string;
  deleted: number;
  /** The reason why some of it may be left. */
  left?: string;
}

/** Digests of the images that the smoke test itself pushed. */
type Pushed = readonly string[];

/**
 * Deletes everything that smoke tests made in the environment: what names the model `smoke`, and the images of these digests.
 * A kind that cannot be deleted is reported, and the others are deleted all the same. A second call finds nothing.
 */
export async function removeLeftovers(deployment: Deployment, pushed: Pushed): Promise<Cleaned[]> {
  const kinds: [string, () => AsyncIterable<unknown>][] = [
    ['objects', () => removeObjects(deployment)],
    ['ledger items', () => removeItems(deployment)],
    ['model packages', () => removePackages(deployment)],
    ['images', () => removeImages(deployment, pushed)],
  ];
  return await Promise.all(
    kinds.map(async ([what, remove]): Promise<Cleaned> => {
      let deleted = 0;
      try {
        for await (const _ of remove()) deleted++;
        return { what, deleted };
      } catch (error) {
        return { what, deleted, left: (error as Error).message };
      }
    }),
  );
}

/** Every version of every object in a folder `smoke`, at most three levels below the project's. */
async function* removeObjects({ project, region, ...rest }: Deployment): AsyncIterable<string> {
  const { artifactsBucket: Bucket } = resourceNames({ project, region, ...rest });
  const client = s3Client(region);
  for await (const prefix of foldersOf(`${project}/`)) {
    for (;;) {
      // What the page before held is deleted, so the first page is always the next.
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: prefix }));
      const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
        ({ Key, VersionId }): ObjectIdentifier => ({ Key, VersionId }),
      );
      if (Objects.length === 0) break;
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      const [failed] = Errors;
      if (failed) throw new Error(`${failed.Key}: ${failed.Code}: ${failed.Message}`);
      for (const { Key = '' } of Objects) yield Key;
    }
  }

  async function* foldersOf(prefix: string, levels = 3): AsyncIterable<string> {
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: '/', ContinuationToken }),
      );
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        if (Prefix.endsWith(`/${smokeModel}/`)) yield Prefix;
        else if (levels > 1) yield* foldersOf(Prefix, levels - 1);
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
}

/** The ledger's items whose kind is KIND/smoke. */
async function* removeItems(deployment: Deployment): AsyncIterable<string> {
  const { ledgerTable: TableName } = resourceNames(deployment);
  const client = dynamoDbClient(deployment.region);
  const pages = paginateScan(
    { client },
    {
      TableName,
      ConsistentRead: true,
      ProjectionExpression: '#kind, #id',
      FilterExpression: 'contains(#kind, :model)',
      ExpressionAttributeNames: { '#kind': 'kind', '#id': 'id' },
      ExpressionAttributeValues: { ':model': { S: `/${smokeModel}` } },
    },
  );
  for await (const { Items = [] } of pages)
    for (const { kind, id } of Items) {
      if (kind?.S === undefined || id === undefined || !kind.S.endsWith(`/${smokeModel}`)) continue;
      await client.send(new DeleteItemCommand({ TableName, Key: { kind, id } }));
      yield kind.S;
    }
}

async function* removePackages(deployment: Deployment): AsyncIterable<string> {
  const ModelPackageGroupName = packageGroup(resourceNames(deployment).stack, smokeModel);
  const client = sageMakerClient(deployment.region);
  const names: string[] = [];
  try {
    // Whatever the list holds, nothing of another group is deleted.
    for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName }))
      for (const { ModelPackageArn: arn = '' } of page.ModelPackageSummaryList ?? [])
        if (arn.includes(`:model-package/${ModelPackageGroupName}/`)) names.push(arn);
    for (const ModelPackageName of names) {
      await client.send(new DeleteModelPackageCommand({ ModelPackageName }));
      yield ModelPackageName;
    }
    await client.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName }));
  } catch (error) {
    // The group comes into being with the first package.
    if (!/does not exist|not found/i.test((error as Error).message)) throw error;
  }
}

async function* removeImages(deployment: Deployment, pushed: Pushed): AsyncIterable<string> {
  if (pushed.length === 0) return;
  const { candidateRepository: repositoryName } = resourceNames(deployment);
  const { imageIds = [], failures = [] } = await ecrClient(deployment.region).send(
    new BatchDeleteImageCommand({ repositoryName, imageIds: pushed.map((imageDigest) => ({ imageDigest })) }),
  );
  const failed = failures.find(({ failureCode }) => failureCode !== 'ImageNotFound');
  if (failed)
    throw new Error(`${failed.imageId?.imageDigest}: ${failed.failureCode}: ${failed.failureReason}`);
  yield* new Set(imageIds.map(({ imageDigest = '' }) => imageDigest));
}

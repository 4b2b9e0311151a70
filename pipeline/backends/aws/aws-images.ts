import { BatchGetImageCommand, type ECRClient, type ImageIdentifier } from '@aws-sdk/client-ecr';
import { ecrClient } from '../../aws/clients.ts';
import { SetupError } from '../../errors.ts';
import { MANIFEST_TYPES, requireMediaTypes } from '../../image/media-types.ts';
import type { ResourceNames } from '../../names.ts';

/**
 * The URI by digest of the image with this tag in the release repository, or else in the candidate repository.
 * @throws SetupError if it is in neither, or if SageMaker would refuse it
 */
export async function findImage(client: ECRClient, tag: string, names: ResourceNames): Promise<string> {
  for (const repository of [names.releaseRepository, names.candidateRepository]) {
    const digest = await find(client, { repositoryName: repository }, { imageTag: tag });
    if (digest !== null) return `${names.registryHost}/${repository}@${digest}`;
  }
  throw new SetupError(
    `image ${tag}: got none, expected it in ${names.releaseRepository} or ${names.candidateRepository}; ` +
      'run `mlops image push` to build and push it',
  );
}

/**
 * The URI of the image that mlops.yaml or `--image` names.
 * @throws SetupError if it is named by a tag, because a tag may later name another image; if it is not in ECR, the only
 * registry that SageMaker pulls from; if it is not there; or if SageMaker would refuse it
 */
export async function requireImage(
  uri: string,
  clientOf: (region: string) => ECRClient = ecrClient,
): Promise<string> {
  if (!/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(uri))
    throw new SetupError(`model.image: got ${uri}, expected a URI by digest: NAME@sha256:...`);
  const [, registryId, region, repositoryName, imageDigest] =
    /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)@(.*)$/.exec(uri) ?? [];
  if (registryId === undefined || region === undefined || repositoryName === undefined)
    throw new SetupError(
      `model.image: got ${uri}, expected an image in ECR, from which alone SageMaker pulls: ` +
        'ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:...',
    );
  const digest = await find(clientOf(region), { registryId, repositoryName }, { imageDigest });
  if (digest === null)
    throw new SetupError(`model.image: got no image ${uri}, expected one in that repository`);
  return uri;
}

/** The digest of an image; null if there is none. Throws SetupError if SageMaker would refuse it. */
async function find(
  client: ECRClient,
  repository: { registryId?: string; repositoryName: string },
  imageId: ImageIdentifier,
): Promise<string | null> {
  const { repositoryName } = repository;
  try {
    const { images = [], failures = [] } = await client.send(
      new BatchGetImageCommand({ ...repository, imageIds: [imageId], acceptedMediaTypes: MANIFEST_TYPES }),
    );
    const [image] = images;
    const [failure] = failures;
    if (failure !== undefined && failure.failureCode !== 'ImageNotFound')
      throw new SetupError(`${repositoryName}: ${failure.failureCode}: ${failure.failureReason}`);
    if (image === undefined) return null;
    const digest = image.imageId?.imageDigest ?? '';
    requireMediaTypes(`${repositoryName}@${digest}`, {
      mediaType: image.imageManifestMediaType ?? '',
      bytes: image.imageManifest ?? '{}',
    });
    return digest;
  } catch (error) {
    if ((error as Error).name !== 'RepositoryNotFoundException') throw error;
    throw new SetupError(
      `got no image repository ${repositoryName}, expected a deployed environment: npm run deploy -- --environment NAME`,
    );
  }
}

import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { SetupError } from '../../errors.ts';
import type { ResourceNames } from '../../names.ts';

/**
 * The URI by digest of the image with this tag in the release repository, or else in the candidate repository.
 * @throws SetupError if it is in neither
 */
export async function findImage(client: ECRClient, tag: string, names: ResourceNames): Promise<string> {
  for (const repository of [names.releaseRepository, names.candidateRepository]) {
    const digest = await digestOf(client, repository, tag);
    if (digest !== null) return `${names.registryHost}/${repository}@${digest}`;
  }
  throw new SetupError(
    `image ${tag}: got none, expected it in ${names.releaseRepository} or ${names.candidateRepository}; ` +
      'run `mlops image push` to build and push it',
  );
}

async function digestOf(client: ECRClient, repository: string, imageTag: string): Promise<string | null> {
  try {
    const { imageDetails } = await client.send(
      new DescribeImagesCommand({ repositoryName: repository, imageIds: [{ imageTag }] }),
    );
    return imageDetails?.[0]?.imageDigest ?? null;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ImageNotFoundException') return null;
    if (name !== 'RepositoryNotFoundException') throw error;
    throw new SetupError(
      `got no image repository ${repository}, expected a deployed environment: npm run deploy -- --environment NAME`,
    );
  }
}

/** @throws SetupError if the image is named by a tag, because a tag may later name another image. */
export function requireDigest(image: string): string {
  if (/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(image)) return image;
  throw new SetupError(`model.image: got ${image}, expected a URI by digest: NAME@sha256:...`);
}

import { BatchGetImageCommand, type ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { type Hold, holdTag } from '../../../image/held.ts';
import { MANIFEST_TYPES } from '../../../image/media-types.ts';
import type { Held, Images } from '../../../ports.ts';

interface EcrImagesOptions {
  /** `HOST/REPOSITORY` of the environment's repositories. */
  readonly repositories: readonly string[];
}

/** Holds images in ECR by a further tag, which the repositories' lifecycle rules spare. */
export class EcrImages implements Images {
  readonly #client: ECRClient;
  readonly #repositories: readonly string[];

  constructor(client: ECRClient, { repositories }: EcrImagesOptions) {
    this.#client = client;
    this.#repositories = repositories;
  }

  async hold(image: string, how: Hold): Promise<Held> {
    const [repository = '', imageDigest = ''] = image.split('@');
    if (!this.#repositories.includes(repository)) return 'elsewhere';
    const repositoryName = repository.slice(repository.indexOf('/') + 1);
    const { images = [], failures = [] } = await this.#client.send(
      new BatchGetImageCommand({
        repositoryName,
        imageIds: [{ imageDigest }],
        acceptedMediaTypes: MANIFEST_TYPES,
      }),
    );
    const [found] = images;
    const [failure] = failures;
    if (failure?.failureCode === 'ImageNotFound') return 'gone';
    if (found?.imageManifest === undefined)
      throw new Error(
        `${image}: got ${failure?.failureCode}: ${failure?.failureReason}, expected its manifest`,
      );
    try {
      await this.#client.send(
        new PutImageCommand({
          repositoryName,
          imageManifest: found.imageManifest,
          imageManifestMediaType: found.imageManifestMediaType,
          imageDigest,
          imageTag: holdTag(how, imageDigest),
        }),
      );
    } catch (error) {
      // It has the tag already.
      if ((error as Error).name !== 'ImageAlreadyExistsException') throw error;
    }
    return 'held';
  }
}

import { SetupError } from '../errors.ts';

/**
 * The media type of an image's manifest. SageMaker's CreateModel refuses every other one
 * (https://github.com/aws/amazon-sagemaker-feedback/issues/180), also where training and processing take it, so a wrong
 * one would show only after the training is paid.
 */
const IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** All media types of manifests that registries keep: they are asked for, to tell a wrong one from a missing image. */
export const MANIFEST_TYPES = [
  IMAGE,
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];

/** @throws SetupError, with what to do, if SageMaker would refuse the image because of its media types */
export function requireMediaTypes(
  image: string,
  { mediaType, bytes }: { mediaType: string; bytes: Buffer | string },
): void {
  const refuse = (part: string, got: string, expected: string) =>
    new SetupError(
      `${image}: got ${part} of type ${got}, expected ${expected}, since SageMaker's CreateModel takes no other; ` +
        'build it by `mlops image push`, or by `docker buildx build --platform linux/amd64 --provenance=false --sbom=false ' +
        '--output type=registry,oci-mediatypes=false,compression=gzip,force-compression=true --tag IMAGE .`. ' +
        'A tag that cannot change has to be deleted from the repository first',
    );
  if (mediaType !== IMAGE) throw refuse('a manifest', mediaType, IMAGE);
  const { config, layers } = JSON.parse(bytes.toString()) as Parts;
  if (config?.mediaType !== CONFIG) throw refuse('a configuration', String(config?.mediaType), CONFIG);
  for (const layer of layers ?? [])
    if (layer.mediaType !== LAYER) throw refuse('a layer', String(layer.mediaType), LAYER);
}

interface Parts {
  readonly config?: { readonly mediaType?: string };
  readonly layers?: readonly { readonly mediaType?: string }[];
}

/** @throws SetupError if Docker keeps an image that it has built as a manifest of another type, and so would push it */
export function requireBuilt(name: string, mediaType: string | undefined): void {
  // Only Docker with containerd's image store says it; the older store has no manifests, and pushes Docker's own type.
  if (mediaType === undefined || mediaType === IMAGE) return;
  throw new SetupError(
    `${name}: Docker built a manifest of type ${mediaType}, expected ${IMAGE}, since SageMaker's CreateModel takes no ` +
      'other; install buildx 0.10 or later, which can be asked for it (docker buildx version), or turn off ' +
      "Docker's containerd image store",
  );
}

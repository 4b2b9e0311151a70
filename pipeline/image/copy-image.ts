import { SetupError } from '../errors.ts';
import type { PushedImage } from './push-image.ts';
import { blobsOf, type Repository } from './registry.ts';

/**
 * Copies an image from one repository to another: the same manifest bytes, so the same digest.
 * @param options.digest - `sha256:...` of the reviewed image
 * @param options.tag - its tag in `to`
 * @throws SetupError if `from` does not have it, or `to` has another image with this tag; AwsError if a registry does
 * not answer after every retry
 */
export async function copyImage(options: {
  readonly from: Repository;
  readonly to: Repository;
  readonly digest: string;
  readonly tag: string;
  readonly onProgress: (line: string) => void;
}): Promise<PushedImage> {
  const { from, to, digest, tag, onProgress } = options;
  const target = `${to.registry.host}/${to.name}`;
  const uri = `${target}@${digest}`;
  const there = await to.registry.manifest(to.name, tag);
  if (there?.digest === digest) {
    onProgress(`${tag} is already in ${to.name}`);
    return { uri, digest, pushed: false };
  }
  if (there !== null) {
    throw new SetupError(`${target}:${tag}: got ${there.digest}, expected ${digest}; tags never change`);
  }
  const manifest = await from.registry.manifest(from.name, digest);
  if (manifest === null) {
    throw new SetupError(
      `${from.registry.host}/${from.name}: got no image ${digest}, expected one; push it first: mlops image push`,
    );
  }
  const blobs = blobsOf(manifest);
  const megabytes = blobs.reduce((sum, { size }) => sum + size, 0) / 1e6;
  onProgress(`Copying ${tag} (${megabytes.toFixed(1)} MB) from ${from.name} to ${to.name} ...`);
  for (const blob of blobs) {
    if (!(await to.registry.hasBlob(to.name, blob.digest)))
      await to.registry.copyBlob(to.name, blob, from.registry, from.name);
  }
  await to.registry.putManifest(to.name, tag, manifest);
  return { uri, digest, pushed: true };
}

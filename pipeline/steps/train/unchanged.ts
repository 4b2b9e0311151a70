import type { ModelPackage, ObjectVersion, Storage } from '../../ports.ts';

/**
 * Checks that recorded objects are still what they were when they were recorded. Returns null, or a sentence's part on
 * the first that is not. Records without objects, of an earlier version of the pipeline, prove nothing.
 */
export async function changed(
  objects: readonly ObjectVersion[] | undefined,
  storage: Pick<Storage, 'describe'>,
): Promise<string | null> {
  if (objects === undefined || objects.length === 0) return 'no version or hash of it is recorded';
  for (const recorded of objects) {
    const found = await storage.describe(recorded.uri);
    if (found === null) return `${recorded.uri} is gone`;
    if (found.sha256 !== recorded.sha256)
      return `${recorded.uri} has the sha256 ${found.sha256}, recorded was ${recorded.sha256}`;
    if (found.version !== recorded.version)
      return `${recorded.uri} has the version ${found.version}, recorded was ${recorded.version}`;
  }
  return null;
}

/** A package's artifact is not the one that was judged. */
export class ArtifactChangedError extends Error {
  override readonly name = 'ArtifactChangedError';
}

/** Throws ArtifactChangedError unless a package's artifact is the one that was recorded when the package was registered. */
export async function requireArtifact(
  { name, objects }: Pick<ModelPackage, 'name' | 'objects'>,
  { storage }: { storage: Pick<Storage, 'describe'> },
): Promise<void> {
  const why = await changed(objects, storage);
  if (why !== null)
    throw new ArtifactChangedError(`package ${name}: its artifact is not the one that was judged: ${why}`);
}

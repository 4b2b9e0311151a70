import { NotFoundError } from '../../errors.ts';
import type { Reference } from '../../monitor/reference.ts';
import type { StepContext } from '../context.ts';
import { runFolder, sealedFolder } from '../train/seal.ts';
import { requireSha256 } from '../train/unchanged.ts';

/**
 * What a package was like when it was judged; null for a package of an earlier version of the pipeline, or one that is no longer
 * in the registry.
 * @throws ArtifactChangedError if it is not what was registered, and NotFoundError if it is gone
 */
export async function readReference(name: string, context: StepContext): Promise<Reference | null> {
  const found = await context.registry.get(name);
  if (found?.reference === undefined) return null;
  const { uri, sha256 } = found.reference;
  const bytes = await context.storage.read(uri).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    // A package that was never promoted may have it under seal.
    return context.storage.read(
      uri.replace(runFolder(found.execution, context), sealedFolder(found.execution, context)),
    );
  });
  requireSha256(uri, bytes, sha256);
  return JSON.parse(new TextDecoder().decode(bytes)) as Reference;
}

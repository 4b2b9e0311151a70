import { UnreadableRecordError } from '../../errors.ts';
import { sha256 } from '../../hash.ts';
import type { Ledger, ModelPackage, ObjectVersion, Storage } from '../../ports.ts';

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

/**
 * The result of an earlier run if it may be reused. Otherwise `value` is null, and `why` says what is wrong with its record
 * or its objects; null if there is no such result.
 */
export async function sound<T>(
  {
    kind,
    key,
    objectsOf,
  }: { kind: string; key: string; objectsOf: (value: T) => ObjectVersion[] | undefined },
  { ledger, storage }: { ledger: Pick<Ledger, 'get'>; storage: Pick<Storage, 'describe'> },
): Promise<{ value: T | null; why: string | null }> {
  try {
    const value = (await ledger.get<T>(kind, key))?.value ?? null;
    const why = value === null ? null : await changed(objectsOf(value), storage);
    return { value: why === null ? value : null, why };
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    return { value: null, why: error.message };
  }
}

/** A file is not the one that was recorded. */
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
    throw new ArtifactChangedError(
      `package ${name}: its artifact is not the one that was judged: ${why}; ${remedy}`,
    );
}

const remedy =
  'restore it from a backup (on S3 its earlier version); on this machine `mlops doctor` says what depends on it and how to go on without it';

/** The sha256 by which a URI names its content: `.../HASH.json`, or `.../HASH/NAME`; null if it names none. */
export const namedHash = (uri: string): string | null =>
  /\/([0-9a-f]{64})(?:\.json|\/prepare\.json)$/.exec(uri)?.[1] ?? null;

/**
 * Reads an object and checks that its content is the one that was recorded, or that its URI names.
 * @throws ArtifactChangedError, and NotFoundError
 */
export async function readRecorded(
  uri: string,
  objects: readonly ObjectVersion[] | undefined,
  { storage }: { storage: Pick<Storage, 'read'> },
): Promise<Uint8Array> {
  const bytes = await storage.read(uri);
  const expected = objects?.find((object) => object.uri === uri)?.sha256 ?? namedHash(uri);
  if (expected !== null) requireSha256(uri, bytes, expected);
  return bytes;
}

/** Throws ArtifactChangedError unless an object's content has the sha256 that was recorded. */
export function requireSha256(uri: string, bytes: Uint8Array, expected: string): void {
  const found = sha256(bytes);
  if (found === expected) return;
  throw new ArtifactChangedError(
    `${uri}: got content with the sha256 ${found}, expected ${expected}; ${remedy}`,
  );
}

/** Like readRecorded, of a JSON object whose URI names its content. */
export async function readNamedJson<T>(uri: string, context: { storage: Pick<Storage, 'read'> }): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readRecorded(uri, undefined, context))) as T;
}

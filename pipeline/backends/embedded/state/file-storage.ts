import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { byCodePoint } from '../../../code-points.ts';
import { NotFoundError } from '../../../errors.ts';
import { sha256File } from '../../../hash.ts';
import type { ObjectVersion, Storage, StoredObject, StoredVersion } from '../../../ports.ts';
import { copyAtomic, isDraft, isMissing, unlessMissing, writeAtomic } from './files.ts';

/** Storage in a folder: `s3://BUCKET/KEY` is the file ROOT/BUCKET/KEY. */
export class FileStorage implements Storage {
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** The path of an object or prefix; throws an error for a path outside the folder. */
  path(uri: string): string {
    const path = join(this.#root, keyOf(uri));
    if (path !== this.#root && !path.startsWith(this.#root + sep)) {
      throw new Error(`${uri}: leads out of the storage folder`);
    }
    return path;
  }

  async read(uri: string): Promise<Uint8Array> {
    try {
      return await readFile(this.path(uri));
    } catch (error) {
      throw isMissing(error) ? new NotFoundError(`${uri}: no such object`) : error;
    }
  }

  async readRange(uri: string, start: number, end: number): Promise<Uint8Array> {
    const path = await this.localFile(uri);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(end - start), position: start });
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async write(uri: string, bytes: Uint8Array | string): Promise<void> {
    await writeAtomic(this.path(uri), bytes);
  }

  /** Copies a file to a URI that names its content, unless the object exists. */
  async copyIn(path: string, uri: string): Promise<void> {
    if (await this.exists(uri)) return;
    await copyAtomic(path, this.path(uri));
  }

  async exists(uri: string): Promise<boolean> {
    const found = await unlessMissing(stat(this.path(uri)));
    return found?.isFile() ?? false;
  }

  async list(prefix: string): Promise<StoredObject[]> {
    // A prefix may end within a name, so list its folder and keep the objects that start with it.
    const folder = /^s3:\/\/[^/]+$/.test(prefix) ? `${prefix}/` : prefix.replace(/[^/]*$/, '');
    const root = this.path(folder);
    const entries = (await unlessMissing(readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
    const uris = entries
      .filter((entry) => entry.isFile() && !isDraft(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path, uri: folder + relative(root, path).split(sep).join('/') }))
      .filter(({ uri }) => uri.startsWith(prefix))
      .sort((a, b) => byCodePoint(a.uri, b.uri));
    return await Promise.all(uris.map(async ({ path, uri }) => ({ uri, bytes: (await stat(path)).size })));
  }

  /** A file has no versions: its hash stands for one. */
  async listVersions(prefix: string): Promise<StoredVersion[]> {
    const objects = await this.list(prefix);
    return await Promise.all(
      objects.map(async (object) => ({ ...object, version: await sha256File(this.path(object.uri)) })),
    );
  }

  async localFile(uri: string): Promise<string> {
    if (!(await this.exists(uri))) throw new NotFoundError(`${uri}: no such object`);
    return this.path(uri);
  }

  async describe(uri: string): Promise<ObjectVersion | null> {
    const path = this.path(uri);
    const found = await unlessMissing(stat(path));
    if (found === null || !found.isFile()) return null;
    const sha256 = await sha256File(path);
    return { uri, bytes: found.size, version: sha256, sha256 };
  }

  /** Moves the file, which needs no second place on the disk. */
  async take(from: string, to: string): Promise<ObjectVersion> {
    const source = await this.localFile(from);
    await mkdir(dirname(this.path(to)), { recursive: true });
    await rename(source, this.path(to));
    const taken = await this.describe(to);
    if (taken === null) throw new NotFoundError(`${to}: it was moved there, but is not there`);
    return taken;
  }
}

/** BUCKET/KEY of `s3://BUCKET/KEY` or `https://s3.REGION.SUFFIX/BUCKET/KEY` (services return both forms). */
function keyOf(uri: string): string {
  const key = /^(?:s3:\/\/|https:\/\/s3\.[^/]+\/)([^/]+(?:\/.*)?)$/.exec(uri)?.[1];
  if (key === undefined) throw new Error(`${uri}: expected s3://BUCKET/KEY`);
  return key;
}

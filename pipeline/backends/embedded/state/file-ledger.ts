import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { byCodePoint } from '../../../code-points.ts';
import { ConflictError } from '../../../errors.ts';
import type { Ledger, LedgerItem } from '../../../ports.ts';
import { createAtomic, unlessMissing } from './files.ts';

/**
 * The ledger in a folder: ROOT/KIND/ID/VERSION.json; the kind may name a model: KIND/MODEL. A write creates the file
 * of the next version. The file system lets only one writer do so, so a conditional write needs no lock.
 */
export class FileLedger implements Ledger {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get<T>(kind: string, id: string): Promise<LedgerItem<T> | null> {
    const version = await this.#newest(kind, id);
    if (version === 0) return null;
    return { id, version, value: await readJsonFile<T>(this.#file(kind, id, version)) };
  }

  async put<T>(kind: string, id: string, value: T): Promise<LedgerItem<T>> {
    for (;;) {
      const version = (await this.#newest(kind, id)) + 1;
      if (await this.#create(kind, id, version, value)) return { id, version, value };
    }
  }

  async putIf<T>(kind: string, id: string, value: T, expectedVersion: number): Promise<LedgerItem<T>> {
    const newest = await this.#newest(kind, id);
    const version = expectedVersion + 1;
    if (newest !== expectedVersion || !(await this.#create(kind, id, version, value))) {
      throw new ConflictError(
        `${kind} ${id}: got version ${await this.#newest(kind, id)}, expected ${expectedVersion}`,
      );
    }
    return { id, version, value };
  }

  async list<T>(kind: string): Promise<LedgerItem<T>[]> {
    const folders = (await unlessMissing(readdir(join(this.#root, kind)))) ?? [];
    const items = await Promise.all(folders.map((name) => this.get<T>(kind, decodeURIComponent(name))));
    return items.filter((item) => item !== null).sort((a, b) => byCodePoint(a.id, b.id));
  }

  /** The files of all versions of all items, for inspection. */
  async *files(): AsyncIterable<{ kind: string; path: string }> {
    const entries =
      (await unlessMissing(readdir(this.#root, { recursive: true, withFileTypes: true }))) ?? [];
    for (const { name, parentPath } of entries.filter((entry) => versionOf(entry.name) > 0)) {
      const kind = relative(this.#root, dirname(parentPath)).split(sep).join('/');
      yield { kind, path: join(parentPath, name) };
    }
  }

  async #newest(kind: string, id: string): Promise<number> {
    const names = (await unlessMissing(readdir(this.#folder(kind, id)))) ?? [];
    return Math.max(0, ...names.map(versionOf));
  }

  async #create(kind: string, id: string, version: number, value: unknown): Promise<boolean> {
    // Keep older versions: if one were deleted, a late writer could take its number again.
    return await createAtomic(this.#file(kind, id, version), `${JSON.stringify(value, undefined, 2)}\n`);
  }

  #file(kind: string, id: string, version: number): string {
    return join(this.#folder(kind, id), `${version}.json`);
  }

  #folder(kind: string, id: string): string {
    // encodeURIComponent keeps dots, but "." and ".." are not valid folder names.
    return join(this.#root, kind, encodeURIComponent(id).replaceAll('.', '%2E'));
  }
}

/** 3 for `3.json`; 0 for any other file. */
const versionOf = (name: string): number => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0);

async function readJsonFile<T>(path: string): Promise<T> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${path}: got ${(error as Error).message}, expected the JSON that was written there`);
  }
}

import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { byCodePoint } from '../../../code-points.ts';
import { ConflictError, UnreadableRecordError } from '../../../errors.ts';
import type { Ledger, LedgerItem, LeftOut } from '../../../ports.ts';
import { createAtomic, unlessMissing } from './files.ts';

/**
 * The ledger in a folder: ROOT/KIND/ID/VERSION.json; the kind may name a model: KIND/MODEL. A write creates the file
 * of the next version. The file system lets only one writer do so, so a conditional write needs no lock.
 */
export class FileLedger implements Ledger {
  readonly #root: string;
  readonly #problemOf: ProblemOf;

  /** @param problemOf says what is wrong with a value that was read; default: any JSON will do */
  constructor(root: string, problemOf: ProblemOf = () => null) {
    this.#root = root;
    this.#problemOf = problemOf;
  }

  async get<T>(kind: string, id: string): Promise<LedgerItem<T> | null> {
    const version = await this.#newest(kind, id);
    if (version === 0) return null;
    const value = await readRecord(this.#file(kind, id, version), kind, this.#problemOf);
    return { id, version, value: value as T };
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

  async list<T>(kind: string, leftOut?: LeftOut): Promise<LedgerItem<T>[]> {
    const folders = (await unlessMissing(readdir(join(this.#root, kind)))) ?? [];
    const items = await Promise.all(
      folders.map((name) =>
        this.get<T>(kind, decodeURIComponent(name)).catch((error: unknown) => {
          if (leftOut === undefined || !(error instanceof UnreadableRecordError)) throw error;
          leftOut(error);
          return null;
        }),
      ),
    );
    return items.filter((item) => item !== null).sort((a, b) => byCodePoint(a.id, b.id));
  }

  /** The models that have items of a kind, by name in code-point order. */
  async modelsWith(kind: string): Promise<string[]> {
    return ((await unlessMissing(readdir(join(this.#root, kind)))) ?? []).sort(byCodePoint);
  }

  /** The files of all versions of all items, for inspection. */
  async *files(): AsyncIterable<{ kind: string; id: string; version: number; path: string }> {
    const entries =
      (await unlessMissing(readdir(this.#root, { recursive: true, withFileTypes: true }))) ?? [];
    for (const { name, parentPath } of entries.filter((entry) => versionOf(entry.name) > 0)) {
      const kind = relative(this.#root, dirname(parentPath)).split(sep).join('/');
      const id = decodeURIComponent(basename(parentPath));
      yield { kind, id, version: versionOf(name), path: join(parentPath, name) };
    }
  }

  async #newest(kind: string, id: string): Promise<number> {
    const names = (await unlessMissing(readdir(this.folder(kind, id)))) ?? [];
    return Math.max(0, ...names.map(versionOf));
  }

  async #create(kind: string, id: string, version: number, value: unknown): Promise<boolean> {
    // Keep older versions: if one were deleted, a late writer could take its number again.
    return await createAtomic(this.#file(kind, id, version), `${JSON.stringify(value, undefined, 2)}\n`);
  }

  #file(kind: string, id: string, version: number): string {
    return join(this.folder(kind, id), `${version}.json`);
  }

  /** The folder with all versions of an item. */
  folder(kind: string, id: string): string {
    // encodeURIComponent keeps dots, but "." and ".." are not valid folder names.
    return join(this.#root, kind, encodeURIComponent(id).replaceAll('.', '%2E'));
  }
}

/** 3 for `3.json`; 0 for any other file. */
const versionOf = (name: string): number => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0);

/** What is wrong with the value of a record; null if nothing is. */
export type ProblemOf = (kind: string, value: unknown) => string | null;

/** The value of a record's file. Throws UnreadableRecordError, also for a file that the system cannot read. */
export async function readRecord(path: string, kind: string, problemOf: ProblemOf): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UnreadableRecordError(
      path,
      error.code === 'EISDIR' ? 'a folder' : `a file that cannot be read (${error.code})`,
    );
  });
  if (text.trim() === '') throw new UnreadableRecordError(path, 'an empty file');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableRecordError(path, `text that is no JSON (${(error as Error).message})`);
  }
  const problem = problemOf(kind, value);
  if (problem !== null) throw new UnreadableRecordError(path, problem);
  return value;
}

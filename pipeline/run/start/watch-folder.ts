import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InputError, shown } from '../../errors.ts';
import { sha256File } from '../../hash.ts';
import { versionOfFiles } from '../../steps/train/inputs.ts';
import { decide, type Landed } from './landed.ts';

/** Data files in a folder that have stood still. */
export interface Batch {
  files: Landed[];
  /** Those of them that the batch before did not have. */
  landed: Landed[];
  /** The version that a run gives to these data. */
  version: string;
  /** The caller sets it where the batch came to nothing: it is yielded again once everything stands still. */
  again: boolean;
}

interface WatchOptions {
  /** Milliseconds. */
  quiet: number;
  signal: AbortSignal;
  /** Called when something has landed and may not be whole yet. */
  onWait: () => void;
}

/**
 * Checks a folder that is to be watched, and returns its real path.
 * @param home the folder with the state of runs, whose files must not start runs
 * @throws InputError for what is no folder, lies in the state folder or contains it
 */
export async function watchable(folder: string, home: string): Promise<string> {
  const path = await realpath(resolve(folder)).catch(() => null);
  const found = path === null ? null : await stat(path);
  if (path === null || !found?.isDirectory())
    throw new InputError(
      `mlops watch: got ${shown(folder)}, ${found === null ? 'where nothing was found' : 'which is no folder'}; expected a folder`,
    );
  const state = await realpath(home).catch(() => home);
  if (isWithin(path, state) || isWithin(state, path))
    throw new InputError(
      `mlops watch: got ${shown(folder)}, which ${isWithin(path, state) ? 'lies in' : 'contains'} ${state}; expected a folder ` +
        'apart from what runs write, or each run would start the next',
    );
  return path;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);

/**
 * Yields the data of a folder whenever some have landed and everything has stood still, until the signal is aborted. What lands
 * while the caller works on a batch makes the next one. What was there before counts as landed.
 *
 * It looks at the folder every now and then: notices of the file system get lost, and differ between file systems.
 */
export async function* batchesOf(
  folder: string,
  { quiet, signal, onWait }: WatchOptions,
): AsyncGenerator<Batch> {
  let found: Landed[] = [];
  let before: Landed[] = [];
  let waiting = false;
  while (!signal.aborted) {
    const start = performance.now();
    found = await look(folder, found);
    const took = performance.now() - start;
    const decision = decide(found, before, { now: Date.now(), quiet });
    if (decision.kind === 'batch') {
      const { files, landed } = decision;
      const version = await versionOf(folder, files);
      // A file that was written or removed while it was read has to stand still again.
      if (version !== null && isSame(files, await look(folder, found))) {
        const batch = { files, landed, version, again: false };
        waiting = false;
        yield batch;
        if (!batch.again) before = files;
      }
      continue;
    }
    if (decision.kind === 'wait' && !waiting) onWait();
    waiting = decision.kind === 'wait';
    const pause = decision.kind === 'wait' ? Math.min(decision.milliseconds, longestPause) : longestPause;
    // A folder of very many files is looked at for a tenth of the time at most.
    await delay(Math.max(Math.min(pause, quiet), took * 9, 20), undefined, { signal }).catch(() => {});
  }
}

/** Milliseconds between two looks at a folder. */
const longestPause = 1000;

/** Whether the files of a batch are in the folder as they were, and no others. */
export async function standsStill(folder: string, { files }: Pick<Batch, 'files'>): Promise<boolean> {
  return isSame(files, await look(folder, files));
}

function isSame(files: readonly Landed[], found: readonly Landed[]): boolean {
  const now = decide(found, [], { now: Number.POSITIVE_INFINITY, quiet: 0 });
  if (now.kind !== 'batch' || now.files.length !== files.length) return false;
  const versions = new Map(now.files.map(({ name, version }) => [name, version]));
  return files.every(({ name, version }) => versions.get(name) === version);
}

/** Everything below a folder; `before` says since when each is known as it is. */
async function look(folder: string, before: readonly Landed[]): Promise<Landed[]> {
  const known = new Map(before.map((file) => [file.name, file]));
  const now = Date.now();
  // A folder that is replaced is gone for a moment.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(unlessGone([]));
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(async ({ parentPath, name }): Promise<Landed | null> => {
        const path = join(parentPath, name);
        const file = await stat(path, { bigint: true }).catch(unlessGone(null));
        if (file === null || !file.isFile()) return null;
        // The time of the last change to the file's entry cannot be set back, and a number of a file is used again.
        const version = `${file.size}-${file.mtimeNs}-${file.ctimeNs}-${file.ino}`;
        const relativeName = relative(folder, path).split(sep).join('/');
        const same = known.get(relativeName);
        return {
          name: relativeName,
          bytes: Number(file.size),
          version,
          written: Number(file.mtimeNs / 1_000_000n),
          seen: same?.version === version ? same.seen : now,
        };
      }),
  );
  return found.filter((file) => file !== null);
}

/** The version that staging gives to the files; null if one is gone. */
async function versionOf(folder: string, files: readonly Landed[]): Promise<string | null> {
  const hashed: { name: string; sha256: string }[] = [];
  for (const { name } of files) {
    const sha256 = await sha256File(join(folder, name)).catch(unlessGone(null));
    if (sha256 === null) return null;
    hashed.push({ name, sha256 });
  }
  return versionOfFiles(hashed);
}

const unlessGone =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
    throw error;
  };

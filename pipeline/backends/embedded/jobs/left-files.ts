/**
 * Reads and removes what a job's program left in its folder. The program may have left anything: links to files of this
 * machine, FIFOs, devices, a file in a folder's place. Nothing here follows a link or opens what is not a regular file.
 * Call these only after the program and all its children have ended, because a path is checked before it is used.
 */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, lstat, open, opendir, realpath, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { cleanText } from '../../../report/clean-text.ts';
import { unlessMissing } from '../state/files.ts';
import { JobFailure } from './errors.ts';

export interface LeftFile {
  path: string;
  /** Its path in the folder, with `/`. */
  name: string;
  bytes: number;
}

export interface Left {
  /** Sorted by name. */
  files: LeftFile[];
  /** The names of the subfolders, sorted. */
  folders: string[];
}

/** The most files and folders that are packed or copied: more take hours to store, and no model needs them. */
const MOST_ENTRIES = 100_000;
const MOST_DEPTH = 100;
const GIGABYTE = 2 ** 30;
/** A path that the system still takes with a name added: its limit is 4,096 bytes, on macOS 1,024. */
const LONGEST_PATH = 800;
const SIDE_BY_SIDE = 64;
/** The unit in which the system counts what a file takes. */
const BLOCK = 512;

/**
 * The path of a folder that a program may have replaced; null if it is missing.
 * @param base - the job's folder that the program saw as /opt/ml
 * @param path - the folder in it
 * @throws JobFailure if it, or a folder above it, is anything but a folder
 */
export async function leftFolder(base: string, path: string): Promise<string | null> {
  for (const [at, kind] of await partsOf(base, path)) {
    if (kind === null) return null;
    if (!kind.isDirectory()) throw refused(base, at, kind, 'a folder');
  }
  const folder = join(base, path);
  if ((await realpath(folder)) !== join(await realpath(base), path))
    throw new JobFailure(`AlgorithmError: ${shown(base, folder)}: it leads out of the job's folder`);
  return folder;
}

/**
 * The regular files and the folders in a folder that a program wrote; null if the folder is missing.
 * @param gigabytes - the most that they may hold in all
 * @throws JobFailure for a link, a FIFO, a device, a socket or a file of holes, and for more than is kept of a job
 */
export async function leftFiles(base: string, path: string, gigabytes: number): Promise<Left | null> {
  const root = await leftFolder(base, path);
  if (root === null) return null;
  const files: LeftFile[] = [];
  const folders: string[] = [];
  let bytes = 0;
  const nameOf = (at: string) => relative(root, at).split(sep).join('/');
  const waiting = [{ folder: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, depth } = next;
    if (depth > MOST_DEPTH || folder.length > root.length + 2 * LONGEST_PATH)
      throw tooMuch(
        base,
        root,
        `folders deeper than ${MOST_DEPTH}, or a path of more than ${2 * LONGEST_PATH} characters`,
        'write a flatter tree',
      );
    for await (const [at, kind] of entriesOf(folder)) {
      if (files.length + folders.length >= MOST_ENTRIES)
        throw tooMuch(
          base,
          root,
          `more than ${MOST_ENTRIES.toLocaleString('en')} files and folders`,
          'write fewer, or one archive',
        );
      if (kind.isDirectory()) {
        folders.push(nameOf(at));
        waiting.push({ folder: at, depth: depth + 1 });
        continue;
      }
      if (!kind.isFile())
        throw refused(base, at, kind, 'regular files and folders only: copy what a link leads to');
      if (kind.size > GIGABYTE && kind.blocks * BLOCK < kind.size / 100)
        throw new JobFailure(
          `AlgorithmError: ${shown(base, at)}: found a sparse file of ${kind.size} bytes with ${kind.blocks * BLOCK} on the disk, ` +
            'expected one that holds what it is long: write it without holes',
        );
      files.push({ path: at, name: nameOf(at), bytes: kind.size });
      bytes += kind.size;
      if (bytes > gigabytes * GIGABYTE)
        throw tooMuch(
          base,
          root,
          `more than ${gigabytes} GB`,
          'raise instance.volume_gb of its step in mlops.yaml, or write less',
        );
    }
  }
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  return { files: files.sort((a, b) => byName(a.name, b.name)), folders: folders.sort(byName) };
}

/** Every entry of a folder with what it is, read side by side, because one after another takes seconds for thousands. */
async function* entriesOf(folder: string): AsyncGenerator<[string, Stats]> {
  const look = (paths: string[]) =>
    Promise.all(paths.map(async (at): Promise<[string, Stats]> => [at, await lstat(at)]));
  let paths: string[] = [];
  for await (const entry of await opendir(folder, { bufferSize: SIDE_BY_SIDE })) {
    if (paths.push(join(folder, entry.name)) < SIDE_BY_SIDE) continue;
    yield* await look(paths);
    paths = [];
  }
  yield* await look(paths);
}

/**
 * The first bytes of a file that a program wrote, as text; null if it is missing.
 * @throws JobFailure if it is not a regular file
 */
export async function readLeft(base: string, path: string, bytes: number): Promise<string | null> {
  for (const [at, kind] of await partsOf(base, path)) {
    if (kind === null) return null;
    const isLast = at === join(base, path);
    if (isLast ? !kind.isFile() : !kind.isDirectory())
      throw refused(base, at, kind, isLast ? 'a regular file' : 'a folder');
  }
  const file = await open(join(base, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Removes a folder that a program wrote; a link in its place is removed itself. Nothing happens if it is missing. */
export async function removeLeft(base: string, path: string): Promise<void> {
  for (const [at, kind] of await partsOf(base, path)) {
    if (kind === null) return;
    // Removing below a link would remove files elsewhere.
    if (at !== join(base, path) && !kind.isDirectory()) throw refused(base, at, kind, 'a folder');
  }
  // Only the name in the real folder is touched from here on, whatever it is.
  const aside = join(base, `.removed-${randomUUID()}`);
  const moved = await unlessMissing(rename(join(base, path), aside).then(() => true));
  if (moved) await removeTree(aside);
}

/**
 * Removes a tree that may be deeper than a path can name, or whose folders refuse their owner. It follows no link. Nothing
 * happens if it is missing.
 */
export async function removeTree(root: string): Promise<void> {
  const kind = await unlessMissing(lstat(root));
  if (kind === null) return;
  if (!kind.isDirectory()) return await rm(root, { force: true });
  // A folder whose path is long is moved up and removed in its turn.
  const moved: string[] = [];
  const clear = async (folder: string): Promise<void> => {
    if (((await lstat(folder)).mode & 0o700) !== 0o700) await chmod(folder, 0o700);
    const files: string[] = [];
    for await (const entry of await opendir(folder)) {
      const at = join(folder, entry.name);
      if (!entry.isDirectory()) {
        if (files.push(at) >= SIDE_BY_SIDE) await Promise.all(files.splice(0).map((path) => unlink(path)));
      } else if (at.length > root.length + LONGEST_PATH) {
        const up = join(root, randomUUID());
        if (((await lstat(at)).mode & 0o700) !== 0o700) await chmod(at, 0o700);
        await rename(at, up);
        moved.push(up);
      } else {
        await clear(at);
        await rmdir(at);
      }
    }
    await Promise.all(files.map((path) => unlink(path)));
  };
  await clear(root);
  for (let next = moved.pop(); next !== undefined; next = moved.pop()) {
    await clear(next);
    await rmdir(next);
  }
  await rmdir(root);
}

/** Every folder on the way from the job's folder to the path, the path last, each with what it is; null: missing. */
async function partsOf(base: string, path: string): Promise<[string, Stats | null][]> {
  const parts: [string, Stats | null][] = [];
  let at = base;
  for (const name of ['', ...path.split('/')]) {
    at = join(at, name);
    const kind = await unlessMissing(lstat(at));
    parts.push([at, kind]);
    if (kind === null || !kind.isDirectory()) break;
  }
  return parts;
}

function refused(base: string, at: string, kind: Stats, expected: string): JobFailure {
  return new JobFailure(`AlgorithmError: ${shown(base, at)}: found ${kindOf(kind)}, expected ${expected}`);
}

function tooMuch(base: string, folder: string, found: string, fix: string): JobFailure {
  return new JobFailure(`AlgorithmError: ${shown(base, folder)}: found ${found}: ${fix}`);
}

/** The path as the program knows it. */
const shown = (base: string, at: string): string =>
  cleanText(`/opt/ml/${relative(base, at).split(sep).join('/')}`.slice(0, 300));

function kindOf(kind: Stats): string {
  if (kind.isSymbolicLink()) return 'a symbolic link';
  if (kind.isFIFO()) return 'a FIFO';
  if (kind.isSocket()) return 'a socket';
  if (kind.isBlockDevice() || kind.isCharacterDevice()) return 'a device';
  return kind.isDirectory() ? 'a folder' : 'a file';
}

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { byCodePoint } from '../code-points.ts';
import { type Key, keysOf } from './partition.ts';

/** A data file: its local path, the label by which its owner knows it, and the columns that its folders add. */
export interface DataFile {
  path: string;
  label: string;
  keys: readonly Key[];
  /** Whether it is a file of data.split.source. */
  isHoldout?: boolean;
}

/**
 * The data files among `paths` (files, or folders with files at any depth), sorted by name. Leaves out hidden files,
 * markers such as _SUCCESS, pipes and devices, and paths that do not exist. Labels start with `source`.
 */
export async function findDataFiles(paths: readonly string[], source: string): Promise<DataFile[]> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const path of paths) {
    const kind = await kindOf(path);
    if (kind === 'file') files.push(path);
    if (kind !== 'folder') continue;
    folders.push(path);
    files.push(...(await filesBelow(path)));
  }
  const root = commonFolder([...folders, ...files.map(dirname)]);
  return labelled(
    files.map((path) => ({ path, name: relative(root, path).split(sep).join('/') })),
    source,
  ).map(({ path, label, keys }) => ({ path, label, keys }));
}

/** The paths of the data files in a folder and its subfolders; a link to a file counts as the file. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (relative(folder, path).split(sep).some(isMarker)) continue;
    if (entry.isFile() || (entry.isSymbolicLink() && (await kindOf(path)) === 'file')) files.push(path);
  }
  return files;
}

/**
 * Selects and sorts the data files among files named by their path under `source` (empty if the source is the file),
 * and labels them.
 */
export function labelled<File extends { name: string }>(
  files: readonly File[],
  source: string,
): (File & Omit<DataFile, 'path'>)[] {
  const found = files
    .filter(({ name }) => !name.split('/').some(isMarker))
    .sort((a, b) => byCodePoint(a.name, b.name));
  const [only] = found;
  const isSource = found.length === 1 && ['', basename(source)].includes(basename(only?.name ?? ''));
  return found.map((file) => ({
    ...file,
    label: isSource || file.name === '' ? source : `${source.replace(/\/+$/, '')}/${file.name}`,
    keys: keysOf(file.name),
  }));
}

/** Whether a file or folder holds no data, by its name; `_day=1` is a folder of a key. */
export const isMarker = (name: string): boolean => /^\.|^_[^=]*$/.test(name);

async function kindOf(path: string): Promise<'file' | 'folder' | 'none'> {
  try {
    const found = await stat(path);
    // A read of a pipe or a device may never end.
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'none';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'none';
    throw error;
  }
}

function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  let common = first;
  while (others.some((folder) => folder !== common && !folder.startsWith(common + sep))) {
    const outer = dirname(common);
    if (outer === common) break;
    common = outer;
  }
  return common;
}

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

/** A data file: its local path, and the label by which its owner knows it. */
export interface DataFile {
  path: string;
  label: string;
  /** Whether it is a file of data.split.source. */
  isHoldout?: boolean;
}

/**
 * The data files among `paths` (files, or folders with files at any depth), sorted by name. Leaves out hidden files,
 * markers such as _SUCCESS, and paths that do not exist. Labels start with `source`.
 */
export async function findDataFiles(paths: readonly string[], source: string): Promise<DataFile[]> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const path of paths) {
    const kind = await kindOf(path);
    if (kind === 'file') files.push(path);
    if (kind !== 'folder') continue;
    folders.push(path);
    const inside = await readdir(path, { recursive: true, withFileTypes: true });
    for (const entry of inside)
      if (entry.isFile() || entry.isSymbolicLink()) files.push(join(entry.parentPath, entry.name));
  }
  const root = commonFolder([...folders, ...files.map(dirname)]);
  return labelled(
    files.map((path) => ({ path, name: relative(root, path).split(sep).join('/') })),
    source,
  ).map(({ path, label }) => ({ path, label }));
}

/**
 * Selects and sorts the data files among files named by their path under `source` (empty if the source is the file),
 * and labels them.
 */
export function labelled<File extends { name: string }>(
  files: readonly File[],
  source: string,
): (File & { label: string })[] {
  const found = files
    .filter(({ name }) => !name.split('/').some((part) => /^[._]/.test(part)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const [only] = found;
  const isSource = found.length === 1 && ['', basename(source)].includes(basename(only?.name ?? ''));
  return found.map((file) => ({
    ...file,
    label: isSource || file.name === '' ? source : `${source.replace(/\/+$/, '')}/${file.name}`,
  }));
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'none'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
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

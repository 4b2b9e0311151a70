import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

/** A file of the data: where it is here, and what its owner calls it. */
export interface DataFile {
  path: string;
  label: string;
}

/**
 * The data files among `paths` (files, or folders with files at any depth), by name; hidden files and markers such as
 * _SUCCESS are none. Labels start with `source`. A path that does not exist is left out.
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
 * The data among files that are named by their place under `source` (empty: the source itself is the file), by name;
 * each with what its owner calls it.
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

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
  const named = files
    .map((path) => ({ path, name: relative(root, path).split(sep).join('/') }))
    .filter(({ name }) => !name.split('/').some((part) => /^[._]/.test(part)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const only = named.length === 1 ? named[0] : undefined;
  if (only && basename(source) === basename(only.path)) return [{ path: only.path, label: source }];
  return named.map(({ path, name }) => ({ path, label: `${source.replace(/\/+$/, '')}/${name}` }));
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

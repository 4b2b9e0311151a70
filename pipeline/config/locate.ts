import { existsSync, type Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { nearest } from './nearest.ts';

/** Resolves a path of mlops.yaml against the file's folder or, if nothing is there, against the working directory. */
export async function locate(path: string, file: string): Promise<string> {
  const beside = resolve(dirname(file), path);
  if (await exists(beside)) return beside;
  return (await exists(resolve(path))) ? resolve(path) : beside;
}

const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;

/**
 * The place outside the project to which a path of mlops.yaml leads, through `..` or links; null if it stays inside. The
 * project is the git checkout around mlops.yaml or around the working directory; without git, the folder itself. An
 * absolute path says by itself where it leads, so it may lead anywhere.
 * @param root the project's folder, if it is known
 */
export async function leadsOutside(path: string, file: string, root?: string): Promise<string | null> {
  if (isAbsolute(path)) return null;
  const target = await real(await locate(path, file));
  const roots =
    root === undefined ? [checkoutAround(dirname(resolve(file))), checkoutAround(resolve('.'))] : [root];
  for (const inside of await Promise.all(roots.map(real))) {
    const inner = relative(inside, target);
    if (!isAbsolute(inner) && inner.split(sep)[0] !== '..') return null;
  }
  return target;
}

/** The folder of the git checkout around a folder, or the folder itself. */
function checkoutAround(folder: string): string {
  for (let around = folder; ; around = dirname(around)) {
    if (existsSync(join(around, '.git'))) return around;
    if (dirname(around) === around) return folder;
  }
}

/** The path without links; of what does not exist, as far as it does. */
export async function real(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    return dirname(absolute) === absolute
      ? absolute
      : join(await real(dirname(absolute)), basename(absolute));
  }
}

/** A file's kind in words: "a file", "a folder", "a pipe", "a device" or "a socket". */
export function kindOf(found: Stats): string {
  if (found.isFile()) return 'a file';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

/** Most entries of a folder among which a misspelt name is looked for. */
const mostEntries = 1_000;

/** Returns `; did you mean "data/rows.csv"?` for a path where nothing is, or an empty text if no name there is near. */
export async function didYouMeanPath(path: string, file: string): Promise<string> {
  const parts = path.split('/');
  const base = isAbsolute(path) ? '/' : dirname(file);
  for (let index = 0; index < parts.length; index += 1) {
    const folder = resolve(base, ...parts.slice(0, index).filter((part) => part !== ''));
    const part = parts[index] ?? '';
    if (await exists(join(folder, part))) continue;
    const entries = (await readdir(folder).catch(() => [])).slice(0, mostEntries);
    const near = nearest(part, entries);
    if (near === undefined) return '';
    const meant = parts.with(index, near).join('/');
    return (await exists(resolve(base, meant))) ? `; did you mean ${JSON.stringify(meant)}?` : '';
  }
  return '';
}

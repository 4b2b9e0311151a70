/** Copies between S3 locations and the folders of a job, with S3's meaning of a prefix. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Jobs } from './context.ts';
import { JobFailure } from './errors.ts';

interface Found {
  path: string;
  /** The rest of the key, with `/`; SageMaker names the copy or the output after it. */
  name: string;
}

export function joinUri(uri: string, key: string): string {
  return `${uri.replace(/\/+$/, '')}/${key}`;
}

/** The regular files of a folder and its subfolders, sorted by name, without symbolic links. */
export async function filesOf(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Every object whose key starts with the prefix, as S3 lists it: `s3://b/train` finds `train/a.csv` and also
 * `train2.csv`. Unfinished drafts are not listed.
 * @throws JobFailure if there is no object
 */
export async function list(jobs: Jobs, uri: string, type: 'S3Prefix' | 'S3Object'): Promise<Found[]> {
  const whole = jobs.resolve(uri).replace(/[/\\]+$/, '');
  const start = uri.endsWith('/') ? '' : basename(whole);
  const root = start === '' ? whole : dirname(whole);
  const entries = await readdir(root, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const found: Found[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    if (type === 'S3Object' ? name !== start : !name.startsWith(start)) continue;
    if (entry.isFile()) found.push({ path: join(root, name), name });
    if (!entry.isDirectory() || type === 'S3Object') continue;
    for (const file of await filesOf(join(root, name))) {
      found.push({ path: file.path, name: name === start ? file.name : `${name}/${file.name}` });
    }
  }
  const objects = found.filter(({ name }) => !name.endsWith('.draft'));
  if (!objects.length) {
    throw new JobFailure(`ClientError: Data download failed: no S3 objects found under ${uri}`);
  }
  return objects;
}

/**
 * The objects that a manifest names: `[{ "prefix": "s3://b/p/" }, "a/1.parquet", ...]`, each by the rest of its key after the
 * prefix.
 * @throws JobFailure if it is no manifest, or an object is not there
 */
async function listed(jobs: Jobs, uri: string): Promise<Found[]> {
  const failure = (why: string) =>
    new JobFailure(`ClientError: Data download failed: manifest ${uri}: ${why}`);
  const expected = 'expected a JSON list: an object with a prefix, then at least one key';
  const text = await readFile(jobs.resolve(uri), 'utf8').catch(() => null);
  if (text === null) throw failure('no such object');
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (error) {
    throw failure(`${(error as Error).message}; ${expected}`);
  }
  const [head, ...names] = Array.isArray(entries) ? entries : [];
  const prefix = (head as { prefix?: unknown } | undefined)?.prefix;
  if (typeof prefix !== 'string' || names.length === 0)
    throw failure(`got ${text.slice(0, 80)}, ${expected}`);
  const found: Found[] = [];
  for (const name of names) {
    if (typeof name !== 'string' || name.split('/').includes('..') || name.startsWith('/'))
      throw failure(`got ${JSON.stringify(name)}, expected the rest of a key after ${prefix}`);
    const path = jobs.resolve(prefix + name);
    const isFile = await stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (!isFile) throw failure(`no S3 object ${prefix}${name}`);
    found.push({ path, name });
  }
  return found;
}

/** Copies the objects of an S3 location into a folder, so that no program can change the stored ones. */
export async function download(
  jobs: Jobs,
  uri: string,
  type: 'S3Prefix' | 'S3Object' | 'ManifestFile',
  folder: string,
): Promise<void> {
  const found = type === 'ManifestFile' ? await listed(jobs, uri) : await list(jobs, uri, type);
  for (const { path, name } of found) {
    const copy = join(folder, name);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
  }
}

/** Copies a file to an S3 location, completely or not at all. */
export async function upload(jobs: Jobs, file: string, uri: string): Promise<void> {
  const target = jobs.resolve(uri);
  const draft = `${target}.${randomUUID()}.draft`;
  await mkdir(dirname(target), { recursive: true });
  try {
    await copyFile(file, draft, constants.COPYFILE_FICLONE);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Moves a file to an S3 location, completely or not at all. Nothing may write to it any more. A file of several names is copied,
 * since the others would change what is stored.
 */
export async function move(jobs: Jobs, file: string, uri: string): Promise<void> {
  const target = jobs.resolve(uri);
  await mkdir(dirname(target), { recursive: true });
  try {
    if ((await lstat(file)).nlink > 1) await upload(jobs, file, uri);
    else await rename(file, target);
  } catch (error) {
    // On another disk.
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await upload(jobs, file, uri);
  }
  await rm(file, { force: true });
}

/** Copies between S3 locations and the folders of a job, with S3's meaning of a prefix. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import * as z from 'zod/mini';
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

/** Copies the objects under an S3 location into a folder, so that no program can change the stored ones. */
export async function download(
  jobs: Jobs,
  uri: string,
  type: 'S3Prefix' | 'S3Object' | 'ManifestFile',
  folder: string,
): Promise<void> {
  const objects = type === 'ManifestFile' ? await listed(jobs, uri) : await list(jobs, uri, type);
  for (const { path, name } of objects) {
    const copy = join(folder, name);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
  }
}

/** The objects that a manifest lists: `[{"prefix": "s3://BUCKET/PREFIX/"}, "REST", ...]`. */
async function listed(jobs: Jobs, uri: string): Promise<Found[]> {
  const text = await readFile(jobs.resolve(uri), 'utf8').catch(() => 'null');
  const [first, ...names] = z
    .tuple([z.object({ prefix: z.string() })], z.string())
    .safeParse(JSON.parse(text)).data ?? [{ prefix: '' }];
  const found: Found[] = [];
  for (const name of names) {
    const path = jobs.resolve(`${first.prefix}${name}`);
    if (!(await stat(path).catch(() => null))?.isFile())
      throw new JobFailure(
        `ClientError: Data download failed: no S3 object ${first.prefix}${name}, which ${uri} lists`,
      );
    found.push({ path, name });
  }
  if (found.length === 0)
    throw new JobFailure(`ClientError: Data download failed: ${uri} lists no S3 objects`);
  return found;
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

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { isDraft, unlessMissing } from '../files.ts';
import { clearState } from '../in-use.ts';
import { type Limits, type Records, recordsOf } from './records.ts';

/** What `mlops gc` removes. */
export type Kind = 'records' | 'artifacts' | 'jobs' | 'reports' | 'images' | 'environments';

/** A file or folder that goes. */
export interface Removal {
  kind: Kind;
  path: string;
  bytes: number;
}

export interface Collected {
  /** In the order in which they go: a record before the files that it names. */
  removals: Removal[];
  runs: { kept: number; removed: number };
}

/**
 * Removes what old runs left in a state folder and nothing needs any more. A kill at any point leaves a sound folder: each
 * removal is one rename into the folder `trash`, which the next call empties, and records go before their files.
 *
 * @param options.dryRun only says what would go
 * @throws StateInUseError while a run is in progress, and UnreadableRecordError
 */
export async function collect(
  home: string,
  { dryRun, ...limits }: Limits & { dryRun: boolean },
): Promise<Collected> {
  if ((await unlessMissing(lstat(home))) === null) return { removals: [], runs: { kept: 0, removed: 0 } };
  if (dryRun) return await planned(home, limits);
  const release = await clearState(home);
  try {
    const found = await planned(home, limits);
    const trash = join(home, 'trash');
    await mkdir(trash, { recursive: true });
    for (const { path } of found.removals) {
      await rename(path, join(trash, randomUUID()));
      await removeEmpty(dirname(path), home);
    }
    await rm(trash, { recursive: true, force: true });
    return found;
  } finally {
    release();
  }
}

async function planned(home: string, limits: Limits): Promise<Collected> {
  const records = await recordsOf(home, limits);
  const removals: Removal[] = [];
  const add = async (kind: Kind, paths: readonly string[]) => {
    for (const path of paths) removals.push({ kind, path, bytes: await sizeOf(path) });
  };
  await add('records', [...records.removed, ...records.older]);
  await add('artifacts', await objectsOf(home, records, limits));
  await add('jobs', await jobsOf(home, records, limits));
  await add('reports', await foldersBut(records.runs, join(home, 'runs'), limits));
  await add('images', await foldersBut(hashesIn(records.named), join(home, 'images'), limits));
  await add('environments', await environmentsOf(home, limits));
  return { removals, runs: { kept: records.runs.size, removed: records.removedRuns } };
}

/** The artifacts' folders that are cleared. What else is in the storage is the user's, or of a kind that is not known here. */
const cleared = /^(configs|holdouts|inputs-\w+|jobs-\w+|looks|models|prepared|runs|scores|settings)$/;

/** Objects at `s3/BUCKET/PROJECT/FOLDER/MODEL/` that no record names. What jobs wrote is needed by runs in progress only. */
async function objectsOf(home: string, { named, runs }: Records, { before }: Limits): Promise<string[]> {
  const root = join(home, 's3', 'mlops');
  const found: string[] = [];
  for await (const path of below(root)) {
    const [, folder = '', , run = ''] = relative(root, path).split(sep);
    if (!cleared.test(folder)) continue;
    const isOfJob = folder.startsWith('jobs-');
    const isNeeded = (folder === 'runs' && runs.has(run)) || isNamed(uriOf(root, path), named);
    if (isOfJob || (!isNeeded && (await timeOf(path)) < before)) found.push(path);
  }
  return found;
}

const uriOf = (root: string, path: string): string =>
  `s3://mlops/${relative(root, path).split(sep).join('/')}`;

/** Whether a record names an object, by its URI or by that of a folder above it, which ends with a slash. */
const isNamed = (uri: string, named: Set<string>): boolean =>
  named.has(uri) || [...uri.matchAll(/\//g)].some(({ index }) => named.has(uri.slice(0, index + 1)));

/** Jobs that no record names; of a named one what its program wrote, which was kept elsewhere. */
async function jobsOf(home: string, { named }: Records, { before }: Limits): Promise<string[]> {
  const found: string[] = [];
  for (const kind of await foldersIn(join(home, 'jobs')))
    for (const name of await foldersIn(join(home, 'jobs', kind))) {
      const folder = join(home, 'jobs', kind, name);
      if ((await timeOf(folder)) >= before) continue;
      if (!named.has(name)) found.push(folder);
      else if ((await unlessMissing(lstat(join(folder, 'ml')))) !== null) found.push(join(folder, 'ml'));
    }
  return found;
}

/** The hashes of images that are named. */
const hashesIn = (named: Set<string>): Set<string> =>
  new Set([...named].flatMap((text) => /@sha256:([0-9a-f]{64})$/.exec(text)?.[1] ?? []));

/** Old folders in a folder, but those whose names are needed. */
async function foldersBut(needed: Set<string>, path: string, { before }: Limits): Promise<string[]> {
  const found: string[] = [];
  for (const name of await foldersIn(path)) {
    const folder = join(path, name);
    if (!needed.has(name) && (await timeOf(folder)) < before) found.push(folder);
  }
  return found;
}

/** Environments that no job has used lately: the pointer that names each is dated at every use. A link leads to others' own. */
async function environmentsOf(home: string, { before }: Limits): Promise<string[]> {
  const root = join(home, 'environments');
  const entries = (await unlessMissing(lstat(root)))?.isDirectory() ? await readdir(root) : [];
  const found: string[] = [];
  const used = new Set<string>();
  for (const name of entries.filter((each) => /^[0-9a-f]{24}\.(json|lock)$/.test(each))) {
    const path = join(root, name);
    if ((await timeOf(path)) >= before) used.add(name.slice(0, 24));
    else found.push(path);
  }
  for (const name of entries.filter((each) => /^[0-9a-f]{24}-/.test(each))) {
    const path = join(root, name);
    if (!used.has(name.slice(0, 24)) && (await timeOf(path)) < before) found.push(path);
  }
  return found.filter((path) => !used.has(relative(root, path).slice(0, 24)));
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = (await unlessMissing(readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory() && !isDraft(entry.name)).map(({ name }) => name);
}

/** When a file was last written, in milliseconds; of a folder, when a name in it last changed. */
const timeOf = async (path: string): Promise<number> => (await lstat(path)).mtimeMs;

/** Bytes that go with a file or folder; a file with another name elsewhere frees none. */
async function sizeOf(path: string): Promise<number> {
  const status = await lstat(path);
  if (!status.isDirectory()) return status.nlink > 1 ? 0 : status.size;
  let bytes = 0;
  for await (const inner of below(path)) {
    const { size, nlink } = await lstat(inner);
    if (nlink === 1) bytes += size;
  }
  return bytes;
}

/** The files below a folder. Links, which a job may have left, are not followed. */
async function* below(folder: string): AsyncGenerator<string> {
  for (const entry of (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path);
    else yield path;
  }
}

/** Removes a folder and those above it that are empty now, up to `top`. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let path = folder; path !== top && path.startsWith(top + sep); path = dirname(path)) {
    const isRemoved = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!isRemoved) return;
  }
}

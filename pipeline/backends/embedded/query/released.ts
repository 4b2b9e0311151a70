import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { UnreadableRecordError } from '../../../errors.ts';
import type { LeftOut } from '../../../ports.ts';
import { pointerUri, predictionsFolder } from '../../../steps/release/artifacts.ts';
import type { FileLedger } from '../state/file-ledger.ts';
import type { FileStorage } from '../state/file-storage.ts';
import { isDraft, unlessMissing } from '../state/files.ts';
import { listPartitions } from '../state/partitions.ts';

/** The Parquet files of one release. */
export interface ReleasedFiles {
  model: string;
  release: string;
  /** Absolute paths, sorted. */
  files: string[];
  /** Whether the release is the one that its model's pointer names. */
  current: boolean;
  /** Whether model and release can be read from the names of the files' folders: `model=MODEL/release=RELEASE`. */
  named: boolean;
}

export interface Released {
  releases: ReleasedFiles[];
  /** Sentences about releases that are left out. */
  notes: string[];
}

/** The part of a pointer's object that says what is current. */
const pointer = z.looseObject({ model: z.string(), release: z.string() });

/**
 * What a reader can see at this moment: releases that have a partition, and which of them are current. Releases that end later
 * change nothing in what was returned.
 * @throws UnreadableRecordError for a pointer that cannot be read, or whose release has lost its files
 */
export async function readReleased(
  { table, storage, root }: { table: FileLedger; storage: FileStorage; root: string },
  leftOut: LeftOut,
): Promise<Released> {
  // The pointers first: a release moves its pointer after it has added its partition.
  const current = await readPointers(storage, root);
  const notes: string[] = [];
  const releases: ReleasedFiles[] = [];
  for (const { model, release, location } of await listPartitions(table, leftOut)) {
    const folder = storage.path(location);
    const files = await parquetFiles(folder);
    const isCurrent = current.get(model) === release;
    if (files.length > 0) {
      const named =
        location === predictionsFolder({ root, model }, release) &&
        /^[\w.-]+$/.test(release) &&
        !storage.path(root).includes('=');
      releases.push({ model, release, files, current: isCurrent, named });
      continue;
    }
    const found = 'no Parquet file of a release that was registered';
    if (isCurrent) throw new UnreadableRecordError(folder, found);
    notes.push(`Left out: release ${release} of ${model}: its files are gone from ${folder}`);
  }
  return { releases, notes };
}

/** The current release by model. */
async function readPointers(storage: FileStorage, root: string): Promise<Map<string, string>> {
  const folder = storage.path(pointerUri({ root, model: '' })).replace(/[^/\\]*$/, '');
  const names = ((await unlessMissing(readdir(folder))) ?? []).filter((name) => /^[^.].*\.json$/.test(name));
  const pointers = new Map<string, string>();
  for (const name of names) {
    const model = name.replace(/\.json$/, '');
    const uri = pointerUri({ root, model });
    const text = new TextDecoder().decode(await storage.read(uri));
    const parsed = pointer.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.model !== model)
      throw new UnreadableRecordError(storage.path(uri), `no pointer of the model ${model}`);
    pointers.set(model, parsed.data.release);
  }
  return pointers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function parquetFiles(folder: string): Promise<string[]> {
  const entries = (await unlessMissing(readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet') && !isDraft(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

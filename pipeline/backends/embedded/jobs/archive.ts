import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { create, extract, type ReadEntry } from 'tar';
import type { Left } from './left-files.ts';

/** The most that one archive may hold when it is unpacked: more is a mistake, or made to fill the disk. */
const MOST_GIGABYTES = 500;
const MOST_ENTRIES = 200_000;

/**
 * Packs the files and folders found in a folder as tar.gz. The same content gives the same bytes: sorted names, fixed time,
 * no owner (user 0), every hard link as a file of its own.
 * @param file the archive to write
 */
export async function pack(folder: string, found: Left, file: string, signal: AbortSignal): Promise<void> {
  // With "./", because node-tar reads a leading "@" as an archive to include.
  const names = [...found.folders, ...found.files.map(({ name }) => name)].sort().map((name) => `./${name}`);
  const packed = create(
    {
      cwd: folder,
      gzip: true,
      portable: true,
      mtime: new Date(0),
      noDirRecurse: true,
      strict: true,
      linkCache: new NoLinks(),
    },
    ['./', ...names],
  );
  await pipeline(packed as unknown as NodeJS.ReadableStream, createWriteStream(file), { signal });
}

/** Remembers no inode, so that node-tar never writes a hard link. */
class NoLinks extends Map<never, string> {
  override set(): this {
    return this;
  }
}

/**
 * Unpacks a tar.gz of regular files and folders.
 * @throws if the archive is damaged, a member would leave the folder, is a link or a device, or there are too many
 */
export async function unpack(file: string, folder: string, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  let entries = 0;
  const refused = new AbortController();
  const problem = (entry: ReadEntry): string | null => {
    bytes += entry.size;
    entries += 1;
    if (!['File', 'OldFile', 'Directory'].includes(entry.type))
      return `${JSON.stringify(entry.path.slice(0, 200))} is a ${entry.type}: expected regular files and folders only`;
    if (bytes > MOST_GIGABYTES * 2 ** 30) return `it unpacks to more than ${MOST_GIGABYTES} GB`;
    return entries > MOST_ENTRIES ? `it has more than ${MOST_ENTRIES.toLocaleString('en')} members` : null;
  };
  const unpacked = extract({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    filter: (_path, entry) => {
      const found = problem(entry as ReadEntry);
      if (found !== null) refused.abort(new Error(found));
      return found === null;
    },
  });
  const whole = AbortSignal.any([signal, refused.signal]);
  const written = unpacked as unknown as NodeJS.WritableStream;
  try {
    await pipeline(createReadStream(file), written, { signal: whole });
    refused.signal.throwIfAborted();
  } catch (error) {
    refused.signal.throwIfAborted();
    throw error;
  }
}

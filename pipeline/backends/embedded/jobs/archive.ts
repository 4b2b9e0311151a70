import { readdir } from 'node:fs/promises';
import { create, extract } from 'tar';

/**
 * Packs a folder as tar.gz. The same content gives the same bytes: sorted names, fixed time, no owner (user 0).
 * @param file the archive to write
 */
export async function pack(folder: string, file: string): Promise<void> {
  // With "./", because node-tar reads a leading "@" as an archive to include.
  const names = (await readdir(folder, { recursive: true })).sort().map((name) => `./${name}`);
  await create(
    { file, cwd: folder, gzip: true, portable: true, mtime: new Date(0), noDirRecurse: true, strict: true },
    ['./', ...names],
  );
}

/** @throws if the archive is damaged or a member would leave the folder */
export async function unpack(file: string, folder: string): Promise<void> {
  await extract({ file, cwd: folder, strict: true, preserveOwner: false });
}

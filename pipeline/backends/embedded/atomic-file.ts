import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file whole or not at all; replaces an older one. Survives a kill at any point. */
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const draft = await writeDraft(path, bytes);
  await rename(draft, path);
}

/** Like writeAtomic, but false where the file exists already (decided by the file system, so that one writer wins). */
export async function createAtomic(path: string, bytes: Uint8Array | string): Promise<boolean> {
  const draft = await writeDraft(path, bytes);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Copies a file whole or not at all. */
export async function copyAtomic(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const draft = `${to}.${randomUUID()}.draft`;
  try {
    await copyFile(from, draft);
    await rename(draft, to);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(path: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

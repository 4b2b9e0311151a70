import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes or replaces a file completely or not at all, even if the process is killed. */
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await withDraft(path, async (draft) => {
    await writeSynced(draft, bytes);
    await rename(draft, path);
  });
}

/** Like writeAtomic, but returns false if the file exists. The file system decides, so exactly one writer wins. */
export async function createAtomic(path: string, bytes: Uint8Array | string): Promise<boolean> {
  return await withDraft(path, async (draft) => {
    await writeSynced(draft, bytes);
    try {
      await link(draft, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Copies a file completely or not at all. */
export async function copyAtomic(from: string, to: string): Promise<void> {
  await withDraft(to, async (draft) => {
    await copyFile(from, draft);
    await rename(draft, to);
  });
}

/** Whether a file with this name is an unfinished draft, which nobody may read. */
export const isDraft = (name: string): boolean => name.endsWith('.draft');

/** null where there is no such file or folder; any other trouble (no permission, a bad disk) is thrown, not taken for nothing. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether the file system found nothing of that name, or a folder where a file was wanted, or the other way round. */
export function isMissing(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code);
}

/** Hands out the name of a draft beside the file, and removes what is left of it: a full disk is not filled further. */
async function withDraft<T>(path: string, work: (draft: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    return await work(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

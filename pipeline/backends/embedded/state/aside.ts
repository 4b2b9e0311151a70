import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { unlessMissing } from './files.ts';

/**
 * Moves a file or folder of the state folder to the same path under `aside/`, where nothing reads it, and returns its new
 * path. What was moved there before stays.
 */
export async function setAside(home: string, path: string): Promise<string> {
  const place = join(home, 'aside', relative(home, path));
  for (let n = 1; ; n++) {
    const target = n === 1 ? place : `${place}.${n}`;
    if ((await unlessMissing(stat(target))) !== null) continue;
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
    return target;
  }
}

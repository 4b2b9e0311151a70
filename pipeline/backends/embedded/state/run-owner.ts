import { rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, ownerOf } from '../owner.ts';
import { unlessMissing } from './files.ts';

const fileName = 'owner';

/** Marks a run's folder as driven by this process, until the returned function is called. */
export function claimRun(folder: string): () => void {
  const file = join(folder, fileName);
  writeFileSync(file, ownerOf(process.pid));
  return () => rmSync(file, { force: true });
}

/** Removes the mark of a killed process from a run's folder. */
export function forgetRun(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

/**
 * The runs that a process drives now, and those whose process was killed. A run of another machine counts as driven,
 * because its process cannot be checked here.
 */
export async function unfinishedRuns(runs: string): Promise<{ driven: string[]; killed: string[] }> {
  const found: { driven: string[]; killed: string[] } = { driven: [], killed: [] };
  for (const name of (await unlessMissing(readdir(runs))) ?? []) {
    const owner = await unlessMissing(readFile(join(runs, name, fileName), 'utf8'));
    if (owner === null) continue;
    (hasEnded(owner) ? found.killed : found.driven).push(name);
  }
  return found;
}

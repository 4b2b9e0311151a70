import { rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, ownerOf } from '../owner.ts';
import { unlessMissing } from './files.ts';

const fileName = 'owner';

/** Marks a run's folder as driven by this process, until the function that it returns is called. */
export function claimRun(folder: string): () => void {
  const file = join(folder, fileName);
  writeFileSync(file, ownerOf(process.pid));
  return () => rmSync(file, { force: true });
}

/** Removes what a process left that was killed as it drove a run. */
export function forgetRun(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

/**
 * The runs that a process drives now, and those whose process was killed. Of another machine's process nobody here can
 * tell: its run counts as driven.
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

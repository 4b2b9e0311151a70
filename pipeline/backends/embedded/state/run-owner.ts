import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lifeOf, ownerOf } from '../owner.ts';
import { unlessMissing } from './files.ts';

/** The file that marks a run's folder, or the state folder, as in use by a process. */
const fileName = 'owner';

/** Milliseconds between two signs of life of a process that uses a folder. */
const beat = 5000;
/**
 * Milliseconds without a sign of life after which a process that cannot be looked at from here counts as gone: one of
 * another machine or container that shares the folder, or of this machine before a restart. Should it live after all, the
 * fencing number of the lease keeps it from promoting.
 */
const longestSilence = 60_000;

/** Marks a run's folder as driven by this process, until the returned function is called. */
export const claimRun = (folder: string): (() => void) => claim(join(folder, fileName));

/**
 * Writes a mark of this process whole or not at all, and renews it until the returned function is called. The file system
 * dates the mark, so that clocks of different machines do not matter.
 */
export function claim(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const text = Buffer.from(ownerOf(process.pid));
  const draft = `${file}.${randomUUID()}.draft`;
  try {
    writeFileSync(draft, text, { flush: true });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  const mark = openSync(file, 'r+');
  const timer = setInterval(() => {
    try {
      // The same bytes again: no reader ever sees anything else.
      writeSync(mark, text, 0, text.length, 0);
    } catch {
      // A full or read-only disk. On this machine the process itself is looked at.
    }
  }, beat);
  timer.unref();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    closeSync(mark);
    try {
      rmSync(file, { force: true });
    } catch {
      // On a read-only disk the mark stays. It names a process that will have ended, and the error of the run says more.
    }
  };
}

/** Removes the mark of a killed process from a run's folder. */
export function forgetRun(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

/** The runs that a process drives now, and those whose process is gone. */
export async function unfinishedRuns(runs: string): Promise<{ driven: string[]; killed: string[] }> {
  const found: { driven: string[]; killed: string[] } = { driven: [], killed: [] };
  for (const name of (await unlessMissing(readdir(runs))) ?? []) {
    const gone = await isGone(join(runs, name, fileName));
    if (gone !== null) (gone ? found.killed : found.driven).push(name);
  }
  return found;
}

/** Whether the process that wrote a mark is gone; null if there is no mark. */
export async function isGone(file: string): Promise<boolean | null> {
  const owner = await unlessMissing(readFile(file, 'utf8'));
  if (owner === null) return null;
  const life = lifeOf(owner);
  if (life !== 'unknown') return life === 'ended';
  const marked = await unlessMissing(stat(file));
  return marked === null ? null : (await clockOf(dirname(file))) - marked.mtimeMs > longestSilence;
}

/**
 * The time in milliseconds, by the clock of the file system that holds a folder; by this machine's if nothing can be written
 * there.
 */
async function clockOf(folder: string): Promise<number> {
  const file = join(folder, `.${randomUUID()}.draft`);
  try {
    await writeFile(file, '');
    return (await stat(file)).mtimeMs;
  } catch {
    return Date.now();
  } finally {
    rmSync(file, { force: true });
  }
}

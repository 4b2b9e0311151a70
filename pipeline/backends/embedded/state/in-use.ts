import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerOf } from '../owner.ts';
import { createAtomic, unlessMissing } from './files.ts';
import { claim, isGone, unfinishedRuns } from './run-owner.ts';

/*
 * A run stages files, and relies on files that earlier runs left, before it has a name. So each marks the state folder as in
 * use before it looks at anything, and `mlops gc` marks it as being cleared before it looks for such marks: of the two at
 * once, at least one sees the other.
 */

/** Files cannot be removed now, because somebody uses or removes them. */
class StateInUseError extends Error {
  override readonly name = 'StateInUseError';
}

const inUse = (home: string): string => join(home, 'in-use');
const clearing = (home: string): string => join(home, 'clearing');

/** Marks the state folder as in use by a run or a service, until the returned function is called. Waits while `mlops gc` clears it. */
export async function useState(home: string, onNote: (line: string) => void): Promise<() => void> {
  await usersOf(home);
  const release = claim(join(inUse(home), randomUUID()));
  try {
    for (let waits = 0; (await isGone(clearing(home))) === false; waits++) {
      if (waits === 0) onNote('Waiting until `mlops gc` has ended ...');
      await delay(100);
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/**
 * Marks the state folder as being cleared, until the returned function is called.
 * @throws StateInUseError while a run or another `mlops gc` is in progress
 */
export async function clearState(home: string): Promise<() => void> {
  const file = clearing(home);
  if ((await isGone(file)) === true) rmSync(file, { force: true });
  if (!(await createAtomic(file, ownerOf(process.pid)))) throw busy('another `mlops gc` is in progress');
  const release = claim(file);
  const users = await usersOf(home);
  const { driven } = await unfinishedRuns(join(home, 'runs'));
  if (users.length + driven.length === 0) return release;
  release();
  if (driven.length > 0) throw busy(`a run is in progress (${driven.join(', ')})`);
  throw busy('a run or `mlops serve` is in progress');
}

const busy = (what: string) =>
  new StateInUseError(`mlops gc: ${what}, expected none; nothing was removed: try again later`);

/** The marks of processes that live. Those of killed processes are removed. */
async function usersOf(home: string): Promise<string[]> {
  const live: string[] = [];
  for (const name of (await unlessMissing(readdir(inUse(home)))) ?? []) {
    const file = join(inUse(home), name);
    const gone = await isGone(file);
    if (gone) rmSync(file, { force: true });
    else if (gone === false) live.push(name);
  }
  return live;
}

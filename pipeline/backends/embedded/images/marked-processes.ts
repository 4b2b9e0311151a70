import { execFile } from 'node:child_process';
import { hasLine, processIds } from '../linux-processes.ts';

/** Rounds, because a process may fork while the others are read. */
const ROUNDS = 5;

/** The line of the environment that a job's programs have and no other program does; null for what is no job. */
export function markOf(env: Readonly<Record<string, string>>): string | null {
  const folder = env.SAGEMAKER_BASE_DIR;
  return folder === undefined ? null : `SAGEMAKER_BASE_DIR=${folder}`;
}

/**
 * Kills the processes with this line in the environment that they were started with, whatever group or session they are
 * in. Linux and macOS tell a process's environment, and only to its own user; elsewhere nothing happens.
 */
export async function endMarked(mark: string | null): Promise<void> {
  if (mark === null) return;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await marked(mark);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}

async function marked(mark: string): Promise<number[]> {
  if (process.platform === 'darwin') return markedIn(await listOfPs(), mark);
  if (process.platform !== 'linux') return [];
  const pids = await processIds();
  const found = await Promise.all(pids.map(async (pid) => ((await hasLine(pid, mark)) ? [Number(pid)] : [])));
  return found.flat();
}

/** `PID COMMAND ENVIRONMENT` of every process of this user, a line each. */
function listOfPs(): Promise<string> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 2 ** 20 };
    execFile('ps', ['-xwwE', '-o', 'pid=,command='], options, (_error, stdout) => resolve(stdout));
  });
}

/** The processes in a list of `ps -E` whose line has the mark as a word. */
export function markedIn(list: string, mark: string): number[] {
  return list.split('\n').flatMap((line) => {
    const [, pid = '', rest = ''] = /^\s*(\d+)\s(.*)$/.exec(line) ?? [];
    return `${rest} `.includes(` ${mark} `) ? [Number(pid)] : [];
  });
}

import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { statFields } from './linux-processes.ts';

/**
 * A process, named so that no other process is ever taken for it: `BOOT/PID/STARTED`. BOOT names one start of one machine,
 * and in a container also the container, because its process ids are its own; STARTED tells the process from a later one
 * that got the same id. The host's name is no part of it: it changes with the network, and clones of a machine share it.
 */
export const ownerOf = (pid: number): string => `${boot()}/${pid}/${startOf(pid)}`;

/**
 * Whether an owner's process still runs. `unknown`: it ran on another machine, in another container, or before a restart
 * here; or the text names no process.
 */
export function lifeOf(owner: string): 'alive' | 'ended' | 'unknown' {
  const [bootThen, pid = '', started] = owner.split('/');
  if (bootThen !== boot() || !/^[1-9]\d*$/.test(pid)) return 'unknown';
  const now = isAlive(Number(pid)) ? startOf(Number(pid)) : 'ended';
  return now !== 'ended' && now === started ? 'alive' : 'ended';
}

/** Whether an owner's process is known to have ended. */
export const hasEnded = (owner: string): boolean => lifeOf(owner) === 'ended';

let known: string | undefined;

function boot(): string {
  known ??= bootOf().replace(/[^\w.:-]/g, '');
  return known;
}

function bootOf(): string {
  switch (process.platform) {
    case 'linux': {
      const id = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
      const processes = textOf(() => readlinkSync('/proc/self/ns/pid'));
      return id === null ? hostname() : `${id}.${processes ?? ''}`;
    }
    case 'darwin':
      return printed('sysctl', '-n', 'kern.bootsessionuuid') ?? hostname();
    default:
      return hostname();
  }
}

/**
 * When a process started, in a form that only serves to compare: `ended` if it has ended and only waits for its parent to
 * notice, which in a container may be never; `unknown` if that cannot be told here.
 */
function startOf(pid: number): string {
  switch (process.platform) {
    case 'linux': {
      const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
      if (stat === null) return 'unknown';
      // Field 3 is the state, field 22 the start in clock ticks.
      const fields = statFields(stat);
      return ['Z', 'X'].includes(fields[0] ?? '') ? 'ended' : (fields[19] ?? 'unknown');
    }
    case 'darwin': {
      const [state = '', ...started] =
        printed('ps', '-o', 'stat=,lstart=', '-p', String(pid))?.split(/\s+/) ?? [];
      return state.startsWith('Z') ? 'ended' : started.join('-') || 'unknown';
    }
    default:
      return 'unknown';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(read: () => string): string | null {
  try {
    return read().trim();
  } catch {
    return null;
  }
}

function printed(command: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}

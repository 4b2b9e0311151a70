import { hostname } from 'node:os';

/** A process of this machine, as the owner of what it runs: `HOST/PID`. */
export const ownerOf = (pid: number): string => `${hostname()}/${pid}`;

/** Whether an owner is a process of this machine that has ended. Nobody here can tell of another machine's: false. */
export function hasEnded(owner: string): boolean {
  const pid = Number(owner.slice(owner.lastIndexOf('/') + 1));
  return owner === ownerOf(pid) && !isAlive(pid);
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

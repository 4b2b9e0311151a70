import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/*
 * A disk that is full or read-only: a small file system in memory, and a mount of the folder onto itself. Both need root, or
 * sudo that asks for no password.
 */

function asRoot(...command: string[]): string | null {
  const [file = '', ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Why this machine can mount nothing; null if it can. */
export function whyNoMounts(scratch: string): string | null {
  const folder = join(scratch, 'mount');
  mkdirSync(folder, { recursive: true });
  const problem = asRoot('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  if (problem === null) unmount(folder);
  return problem;
}

const unmount = (folder: string) => asRoot('umount', '--lazy', folder);

function must(problem: string | null): void {
  if (problem !== null) throw new Error(problem);
}

/** A disk that is put under a folder, with what is in it. */
export interface Disk {
  /** Brings the trouble. */
  harm(): void;
  /** Takes the trouble away; the disk stays. */
  heal(): void;
  /** Takes the disk away. */
  remove(): void;
}

/** A disk of some megabytes; the trouble is a file that fills it to its last byte. */
export function smallDisk(folder: string, megabytes = 64): Disk {
  const before = `${folder}.before`;
  renameSync(folder, before);
  mkdirSync(folder);
  must(asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=777`, 'tmpfs', folder));
  for (const name of readdirSync(before))
    cpSync(join(before, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  const filler = join(folder, 'filler');
  return {
    harm: () => fill(filler),
    heal: () => rmSync(filler, { force: true }),
    remove: () => unmount(folder),
  };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let size = 2 ** 20; size >= 1; ) {
    try {
      if (writeSync(file, Buffer.alloc(size)) === 0) break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      size = Math.floor(size / 16);
    }
  }
  closeSync(file);
}

/** A disk that can be made read-only; files that are open for writing stay so. */
export function lockableDisk(folder: string): Disk {
  const thaw = () => void unmount(folder);
  return {
    harm: () => {
      must(asRoot('mount', '--bind', folder, folder));
      must(asRoot('mount', '-o', 'remount,bind,ro', folder));
    },
    heal: thaw,
    remove: () => {},
  };
}

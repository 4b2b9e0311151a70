import type { ChildProcess } from 'node:child_process';
import { type Disk, lockableDisk, smallDisk } from './disk.ts';

export interface Fault {
  /** One line for --help. */
  says: string;
  /** Puts a disk under the state folder first. */
  disk?: (home: string) => Disk;
  /** Done while the process is stopped at a point. */
  strike: (process: ChildProcess, disk: Disk | null) => void;
  /** The most seconds from there until the process has ended. */
  within: number;
  /** Whether the process was told to end, which it does by itself, and is no failure of the run. */
  asked: boolean;
  /** Whether the process could still say what is wrong. */
  speaks: boolean;
}

const signal = (child: ChildProcess, name: NodeJS.Signals, sign: 1 | -1 = 1) =>
  process.kill(sign * (child.pid ?? 0), name);

const harm = (_: ChildProcess, disk: Disk | null) => disk?.harm();

export const faults = {
  'kill-parent': {
    says: 'SIGKILL to the process of `mlops run` alone; its jobs must end with it',
    strike: (child) => signal(child, 'SIGKILL'),
    within: 2,
    asked: false,
    speaks: false,
  },
  'kill-group': {
    says: 'SIGKILL to its whole process group, as a closed terminal or a runner does',
    strike: (child) => signal(child, 'SIGKILL', -1),
    within: 2,
    asked: false,
    speaks: false,
  },
  interrupt: {
    says: 'SIGINT, as Ctrl-C: it ends within 2 s, and no process is left',
    strike: (child) => signal(child, 'SIGINT', -1),
    within: 2,
    asked: true,
    speaks: false,
  },
  'full-disk': {
    says: 'the disk with the state folder is full to the last byte (a small tmpfs)',
    disk: smallDisk,
    strike: harm,
    within: 60,
    asked: false,
    speaks: true,
  },
  'read-only': {
    says: 'the state folder is read-only (a mount of it onto itself)',
    disk: lockableDisk,
    strike: harm,
    within: 60,
    asked: false,
    speaks: true,
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

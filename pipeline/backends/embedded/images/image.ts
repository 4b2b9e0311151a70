import type { Listener } from './listeners.ts';

/** A container image on this machine: starts one of its programs on a folder with the layout of /opt/ml. */

export interface ProgramOptions {
  /** The folder that the program sees as /opt/ml (SAGEMAKER_BASE_DIR for a plain process, a mount for a container). */
  readonly baseDir: string;
  /** The job's environment; of the host's variables a program gets only those that a process needs to start. */
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Only for `serve`: its port on 127.0.0.1. */
  readonly port?: number;
  /** Every line of standard output and standard error, in order of arrival, without its line end. */
  readonly onLine: (line: string) => void;
}

export interface Exit {
  /** null if a signal ended the program. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running program with all its children. */
export interface Program {
  readonly exited: Promise<Exit>;
  /**
   * Sends SIGTERM to the whole group, and SIGKILL after the grace period; resolves when it has ended. Another call with a
   * shorter period shortens it.
   */
  stop(graceSeconds: number): Promise<void>;
  /** The addresses on which it listens; undefined, or absent, where they cannot be known. */
  listening?(): Promise<Listener[] | undefined>;
}

export interface Image {
  /** With digest: `NAME@sha256:...`. */
  readonly uri: string;
  start(program: 'train' | 'serve' | 'prepare', options: ProgramOptions): Promise<Program>;
  /**
   * Imports `train` and `serve` without running them. Only images that run as plain processes can do this.
   * @throws SetupError with the traceback if one of them cannot be imported
   */
  check?(): Promise<void>;
  /** Sentences for the report of a run with this image. */
  readonly notes?: readonly string[];
}

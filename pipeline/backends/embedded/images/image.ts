/** What a job needs of a container image on this machine: start one of its programs over a folder laid out as /opt/ml. */

export interface ProgramOptions {
  /** The folder that the program sees as /opt/ml (SAGEMAKER_BASE_DIR for a plain process, a mount for a container). */
  readonly baseDir: string;
  /** The job's own environment; nothing of the host's but what a process needs to start. */
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** `serve` only: the port of 127.0.0.1 at which it is to be reached. */
  readonly port?: number;
  /** Every line of standard output and standard error, in order of arrival, without its line end. */
  readonly onLine: (line: string) => void;
}

export interface Exit {
  /** null where a signal ended the program. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running program with all its children. */
export interface Program {
  readonly exited: Promise<Exit>;
  /** SIGTERM to the whole group, SIGKILL after the grace, then resolves. Idempotent. */
  stop(graceSeconds: number): Promise<void>;
}

export interface Image {
  /** With digest: `NAME@sha256:...`. */
  readonly uri: string;
  start(program: 'train' | 'serve' | 'prepare', options: ProgramOptions): Promise<Program>;
}

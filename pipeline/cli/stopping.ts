import type { RunProgress } from '../run/start/run-progress.ts';
import type { RunSurroundings } from '../run/start/start-run.ts';
import { home } from './home.ts';

type Surroundings = Pick<RunSurroundings, 'home' | 'runId' | 'signal' | 'onNote' | 'onProgress'>;

/**
 * Seconds from Ctrl-C until this process ends, also where something still waits: an installation, a job that hangs. The run is
 * recorded by then, and whatever this process started ends with it.
 */
const longestStop = 1.6;

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ends a command on Ctrl-C: its signal is aborted once something runs, which stops the jobs. */
export class Stopping {
  readonly #abort = new AbortController();
  readonly #progress: RunProgress;
  readonly #isLocal: boolean;
  /** Whether there is something to record. On AWS an execution may be running before it reports its first step. */
  running: boolean;

  constructor(progress: RunProgress, isLocal: boolean) {
    this.#progress = progress;
    this.#isLocal = isLocal;
    this.running = !isLocal;
    for (const signal of signals) process.on(signal, this.#stop);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What a run or a release on this command line is started with. */
  surroundings(progress: RunProgress): Surroundings {
    return {
      home: home(),
      runId: process.env.GITHUB_RUN_ID || null,
      signal: this.signal,
      onNote: (line) => progress.note(line),
      onProgress: (update) => {
        this.running = true;
        progress.update(update);
      },
    };
  }

  /** Leaves Ctrl-C to others. */
  end(): void {
    for (const signal of signals) process.off(signal, this.#stop);
  }

  readonly #stop = (): void => {
    // Before the first step there is nothing to record, and a second Ctrl-C does not wait for the jobs: they end with
    // this process.
    if (!this.running || this.#abort.signal.aborted) process.exit(130);
    this.#progress.note('Stopping the jobs ...');
    this.#abort.abort();
    // On AWS the execution has to be told, which may take longer.
    if (this.#isLocal) setTimeout(() => process.exit(130), longestStop * 1000).unref();
  };
}

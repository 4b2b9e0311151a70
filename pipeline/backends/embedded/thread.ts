import { getCompileCacheDir } from 'node:module';
import { dirname, extname } from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';
import { abortError } from './jobs/errors.ts';

type Answer = { result: unknown } | { error: { name: string; message: string; stack: string | undefined } };

/**
 * A thread that runs a file, such as step-worker.ts, which answers calls (`answerCalls`). Work that computes for seconds runs on
 * one, because a thread that computes hears no Ctrl-C.
 */
export class Thread {
  readonly #what: string;
  readonly #worker: Worker;
  /** Rejects when the thread ends by itself. */
  readonly #ended: Promise<never>;

  /**
   * @param file - without its extension, which is that of this file: in a bundle too, it is a file of its own
   * @param what - what runs on it, for errors
   */
  constructor(file: string, what: string) {
    this.#what = what;
    // Not with this process's own options, such as a test runner's.
    this.#worker = new Worker(`${file}${extname(import.meta.filename)}`, {
      execArgv: [],
      env: environmentOfThread(),
    });
    const { promise, reject } = Promise.withResolvers<never>();
    this.#worker.once('error', reject);
    this.#worker.once('exit', (code) =>
      reject(new Error(`${what}: its thread ended without an answer (${code})`)),
    );
    promise.catch(() => undefined);
    this.#ended = promise;
  }

  /**
   * The answer to a call; one at a time.
   * @throws what the thread throws, by name and message, and AbortError as soon as the signal fires
   */
  async call(data: unknown, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const answered = Promise.withResolvers<Answer>();
    const onAbort = () => answered.reject(abortError(`${this.#what} was stopped`));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#worker.once('message', answered.resolve);
    try {
      this.#worker.postMessage(data);
      const answer = await Promise.race([answered.promise, this.#ended]);
      if ('result' in answer) return answer.result;
      throw Object.assign(new Error(answer.error.message), answer.error);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends it, whatever it does. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** On a thread: answers each call with what the work gives, or with its error. */
export function answerCalls(work: (data: unknown) => Promise<unknown>): void {
  parentPort?.on('message', async (data: unknown) => {
    const answer = await work(data).then(
      (result): Answer => ({ result }),
      (thrown: unknown): Answer => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const { name, message, stack } = error;
        return { error: { name, message, stack } };
      },
    );
    parentPort?.postMessage(answer);
  });
}

/**
 * A thread uses its process's compile cache only if this variable names it. The folder of one version of Node is in the folder
 * that the variable names.
 */
function environmentOfThread(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir();
  return { ...(cache !== undefined && { NODE_COMPILE_CACHE: dirname(cache) }), ...process.env };
}

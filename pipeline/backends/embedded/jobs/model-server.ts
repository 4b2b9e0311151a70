/** Runs a model's `serve` on this machine: for a batch transform, and for `mlops serve`. */
import { createServer } from 'node:net';
import type { Image, Program } from '../images/image.ts';
import { isReachable, type Listener } from '../images/listeners.ts';
import type { Jobs } from './context.ts';
import { JobFailure } from './errors.ts';
import { type ModelClient, modelClient, pause, send } from './model-client.ts';
import { exitCode, startProgram } from './run-program.ts';

/** A server that answers, and its port on this machine. */
export interface ModelServer extends ModelClient {
  readonly port: number;
}

/** The number of characters of a server's line in a note. */
const QUOTED = 400;
/** The number of a silent server's last lines in a note. */
const LAST_LINES = 5;

interface ServerOptions {
  baseDir: string;
  env: Record<string, string>;
  onLine: (line: string) => void;
  /** Called with a sentence if the server lets one wait. */
  onNote: (text: string) => void;
  signal: AbortSignal;
}

/**
 * Starts `serve` on a free port, waits until GET /ping answers 200, calls `use`, and stops the server.
 * @throws JobFailure if it does not answer in time, listens elsewhere or ends too early; then `use` is aborted
 */
export async function withModelServer<T>(
  jobs: Jobs,
  image: Image,
  options: ServerOptions,
  use: (server: ModelServer, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { port, signal, stop } = await startModelServer(jobs, image, options);
  try {
    return await use({ port, ...modelClient(port, signal) }, signal);
  } finally {
    await stop(options.signal.aborted ? jobs.waits.abort : jobs.waits.end);
  }
}

/** A server that answers until it is stopped. */
export interface StartedServer {
  port: number;
  /** Aborted with a JobFailure when the server ends by itself, and when the caller's signal is. */
  signal: AbortSignal;
  /** Resolves when the server and all its children have ended; SIGKILL comes after so many seconds. */
  stop(graceSeconds: number): Promise<void>;
}

/**
 * Starts `serve` on a free port and waits until GET /ping answers 200. If the caller's signal is aborted, the server is
 * stopped, but not waited for: call `stop` too.
 * @throws JobFailure if it does not answer in time, listens elsewhere or ends too early; nothing runs then
 */
export async function startModelServer(
  jobs: Pick<Jobs, 'waits'>,
  image: Image,
  options: ServerOptions,
): Promise<StartedServer> {
  const { signal: outer, onNote, ...program } = options;
  const port = await freePort();
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (lines.length > LAST_LINES) lines.shift();
    options.onLine(line);
  };
  const running = await startProgram(image, 'serve', { ...program, onLine, port });
  const gone = new AbortController();
  void running.exited.then((exit) =>
    gone.abort(new JobFailure(`AlgorithmError: serve ended, exit code: ${exitCode(exit)}`)),
  );
  const signal = AbortSignal.any([outer, gone.signal]);
  const onAbort = () => void running.stop(jobs.waits.abort).catch(() => undefined); // awaited by stop
  outer.addEventListener('abort', onAbort, { once: true });
  const stop = async (graceSeconds: number) => {
    await running.stop(graceSeconds);
    outer.removeEventListener('abort', onAbort);
  };
  try {
    await healthy(jobs, { running, port, lines, onNote }, signal);
  } catch (error) {
    await stop(outer.aborted ? jobs.waits.abort : jobs.waits.end);
    throw error;
  }
  return { port, signal, stop };
}

interface Starting {
  running: Program;
  port: number;
  /** The last lines that it has printed. */
  lines: readonly string[];
  onNote: (text: string) => void;
}

async function healthy(
  jobs: Pick<Jobs, 'waits'>,
  { running, port, lines, onNote }: Starting,
  signal: AbortSignal,
): Promise<void> {
  const { waits } = jobs;
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  const elsewhere = new Elsewhere(running, port);
  let quiet = waits.quiet;
  let last = 'no connection';
  for (;;) {
    try {
      const { status } = await send(port, { method: 'GET', path: '/ping', timeoutSeconds: 2, signal });
      if (status === 200) {
        const own = (await running.listening?.())?.filter((at) => at.port === port);
        if (own?.some(({ host }) => EVERY_ADDRESS.includes(host))) onNote(reachable(port));
        if (own?.length !== 0) return;
        last = `another program listens on port ${port}`;
      } else last = `status ${status}`;
    } catch (error) {
      signal.throwIfAborted();
      last = (error as Error).message;
      if (await elsewhere.answers(waits.elsewhere, signal))
        throw new JobFailure(`AlgorithmError: ${wrongAddress(port, elsewhere.found)}`);
    }
    if (passed() > quiet) {
      const { found } = elsewhere;
      const where = found.length === 0 ? '' : `; it listens on ${addresses(found)}`;
      const printed = lines.map((line) => `\n    | ${line.slice(0, QUOTED)}`).join('');
      onNote(
        `still waiting for serve: after ${quiet} s GET /ping has not answered 200 on port ${port} (${last})${where}; ` +
          (printed === '' ? 'it has printed nothing' : `its last lines:${printed}`),
      );
      quiet *= 2;
    }
    if (passed() > waits.ping) {
      throw new JobFailure(
        `AlgorithmError: serve did not answer GET /ping with 200 within ${waits.ping} s; last: ${last}`,
      );
    }
    await pause(0.05, signal);
  }
}

const EVERY_ADDRESS = ['0.0.0.0', '::'];

const listenHere =
  'Let it listen on 127.0.0.1 where SAGEMAKER_BASE_DIR is set, and on 0.0.0.0 in a container';

const reachable = (port: number): string =>
  `while serve runs, others on this network can reach it, because it listens on every address of this machine, port ${port}. ${listenHere}`;

/** Statuses of a server that has no POST /invocations, such as one that only shows metrics. */
const NOT_A_MODEL = [404, 405, 501];

/** Finds out whether a server that does not listen on its port listens on another. */
class Elsewhere {
  readonly #running: Program;
  readonly #port: number;
  #since: number | null = null;
  #next = 0;
  /** The addresses, while nothing listens on its port. */
  found: readonly Listener[] = [];

  constructor(running: Program, port: number) {
    this.#running = running;
    this.#port = port;
  }

  /** Whether a model has answered on another address for so long while nothing listened on its port. */
  async answers(seconds: number, signal: AbortSignal): Promise<boolean> {
    const now = performance.now();
    if (now < this.#next) return false;
    this.#next = now + 100 * seconds;
    const listening = (await this.#running.listening?.()) ?? [];
    const own = listening.some((at) => at.port === this.#port && isReachable(at));
    this.found = own ? [] : listening;
    const models = await Promise.all(this.found.map((at) => isModel(at, signal)));
    if (models.includes(true)) this.#since ??= now;
    else this.#since = null;
    return this.#since !== null && now - this.#since >= seconds * 1000;
  }
}

/** Whether a server at the address has a POST /invocations. */
async function isModel({ host, port }: Listener, signal: AbortSignal): Promise<boolean> {
  const to = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const headers = { 'Content-Type': 'text/csv', 'Content-Length': 0 };
  try {
    const sent = { method: 'POST', path: '/invocations', headers, timeoutSeconds: 2, signal } as const;
    return !NOT_A_MODEL.includes((await send(port, sent, to)).status);
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

const addresses = (found: readonly Listener[]): string =>
  found
    .map((at) => [isReachable(at), at.host.includes(':') ? `[${at.host}]` : at.host, at.port] as const)
    .map(([reachable, host, port]) => (reachable ? String(port) : `${host}:${port}`))
    .join(', ');

function wrongAddress(port: number, found: readonly Listener[]): string {
  const mend = found.some((at) => at.port === port)
    ? listenHere
    : 'Let it take its port from that variable, and 8080 only where the variable is not set';
  return `nothing listens on SAGEMAKER_BIND_TO_PORT=${port}; serve listens on ${addresses(found)}. ${mend}`;
}

/** Ports used by this process, so that two transforms that start at the same time get different ones. */
const taken = new Set<number>();

async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    if (taken.has(port)) continue;
    taken.add(port);
    return port;
  }
}

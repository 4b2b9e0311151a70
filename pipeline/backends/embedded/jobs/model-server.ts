/** Runs a model's `serve` on this machine for a batch transform. */
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Image } from '../images/image.ts';
import type { Jobs } from './context.ts';
import { JobFailure } from './errors.ts';
import { exitCode, startProgram } from './run-program.ts';

interface InvokeOptions {
  contentType: string;
  accept: string | undefined;
  timeoutSeconds: number;
  /** Retries after a lost connection, a timeout, or an answer of 429 or 5xx. */
  retries: number;
}

export interface ModelServer {
  /**
   * POST /invocations.
   * @returns the body of an answer with status 200
   * @throws JobFailure with the status and body of any other answer; ClientError for 4xx
   */
  invoke(payload: Buffer, options: InvokeOptions): Promise<Buffer>;
}

/** The number of characters of a server's answer in a failure. */
const QUOTED = 400;

/**
 * Starts `serve` on a free port, waits until GET /ping answers 200, calls `use`, and stops the server.
 * @throws JobFailure if it does not answer in time or ends too early; then `use` is aborted
 */
export async function withModelServer<T>(
  jobs: Jobs,
  image: Image,
  options: {
    baseDir: string;
    env: Record<string, string>;
    onLine: (line: string) => void;
    signal: AbortSignal;
  },
  use: (server: ModelServer, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal: outer, ...program } = options;
  const port = await freePort();
  const running = await startProgram(image, 'serve', { ...program, port });
  const gone = new AbortController();
  void running.exited.then((exit) =>
    gone.abort(new JobFailure(`AlgorithmError: serve ended, exit code: ${exitCode(exit)}`)),
  );
  const signal = AbortSignal.any([outer, gone.signal]);
  try {
    await healthy(jobs, port, signal);
    return await use({ invoke: (payload, how) => invoke(port, payload, how, signal) }, signal);
  } finally {
    await running.stop(jobs.waits.abort);
  }
}

async function healthy(jobs: Jobs, port: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + jobs.waits.ping * 1000;
  let last = 'no connection';
  for (;;) {
    try {
      const { status } = await send(port, { method: 'GET', path: '/ping', timeoutSeconds: 2, signal });
      if (status === 200) return;
      last = `status ${status}`;
    } catch (error) {
      signal.throwIfAborted();
      last = (error as Error).message;
    }
    if (performance.now() > deadline) {
      throw new JobFailure(
        `AlgorithmError: serve did not answer GET /ping with 200 within ${jobs.waits.ping} s; last: ${last}`,
      );
    }
    await pause(0.05, signal);
  }
}

async function invoke(
  port: number,
  payload: Buffer,
  options: InvokeOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  const headers = {
    'Content-Type': options.contentType,
    'Content-Length': payload.length,
    ...(options.accept !== undefined && { Accept: options.accept }),
  };
  const { timeoutSeconds } = options;
  const megabytes = (payload.length / 2 ** 20).toPrecision(2);
  for (let attempt = 0; ; attempt++) {
    let failure: string;
    let again = true;
    try {
      const answer = await send(port, {
        method: 'POST',
        path: '/invocations',
        headers,
        payload,
        timeoutSeconds,
        signal,
      });
      if (answer.status === 200) return answer.body;
      again = answer.status === 429 || answer.status >= 500;
      failure =
        `${answer.status < 500 ? 'ClientError' : 'AlgorithmError'}: ` +
        `Bad HTTP status received from algorithm: ${answer.status}${hint(answer.status, options)}. ` +
        `Its answer to ${megabytes} MB: ${answer.body.toString('utf8').trim().slice(0, QUOTED) || '(empty)'}`;
    } catch (error) {
      failure = `AlgorithmError: no answer from the algorithm to ${megabytes} MB: ${lost(error as NodeJS.ErrnoException)}`;
    }
    // If the server has just ended, this pause notices it: its exit code says more than the lost connection.
    if (again) await pause(0.1 * 2 ** attempt, signal);
    signal.throwIfAborted();
    if (!again || attempt >= options.retries) throw new JobFailure(failure);
  }
}

/** A server that closes the connection on a payload that is too large may thereby lose its answer. */
function lost(error: NodeJS.ErrnoException): string {
  const closed = error.code === 'EPIPE' || error.code === 'ECONNRESET';
  return closed ? `${error.message} (payload too large? lower MaxPayloadInMB)` : error.message;
}

function hint(status: number, options: InvokeOptions): string {
  if (status === 413) return ' (payload too large: lower MaxPayloadInMB)';
  if (status === 415) return ` (it does not take ${options.contentType})`;
  return '';
}

interface Sent {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string | number>;
  payload?: Buffer;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** Sends one request on its own connection, with node:http, because fetch always gives up after 300 s. */
async function send(port: number, sent: Sent): Promise<{ status: number; body: Buffer }> {
  const { method, path, headers, payload, timeoutSeconds } = sent;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([sent.signal, timeout]);
  try {
    return await new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port, method, path, headers, agent: false, signal },
        (response) => {
          buffer(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      request.on('error', reject);
      request.end(payload);
    });
  } catch (error) {
    sent.signal.throwIfAborted();
    if (timeout.aborted) throw new Error(`no answer within ${timeoutSeconds} s`);
    throw error;
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
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

/** Calls a model's server on this machine. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobFailure } from './errors.ts';
import { ReusedBuffer } from './reused-buffer.ts';

interface InvokeOptions {
  contentType: string;
  accept: string | undefined;
  timeoutSeconds: number;
  /** Retries after a lost connection, a timeout, or an answer of 429 or 5xx. */
  retries: number;
  /** Called when the system has taken the whole request. */
  onSent?: () => void;
}

export interface ModelClient {
  /**
   * POST /invocations.
   * @param memory - holds the answer
   * @returns the body of an answer with status 200
   * @throws JobFailure with the status and body of any other answer; ClientError for 4xx
   */
  invoke(payload: Buffer, options: InvokeOptions, memory?: ReusedBuffer): Promise<Buffer>;
  /** What GET /execution-parameters answers; undefined where the server does not have it, as most. */
  executionParameters(): Promise<unknown>;
}

/** The number of characters of a server's answer in a failure. */
const QUOTED = 400;
/** An answer holds a line for each record of at most 100 MB of them. */
const MOST_ANSWER_BYTES = 100 * 2 ** 20;
const MOST_QUOTED_BYTES = 65_536;

/** @param signal - ends what is under way; its reason is thrown */
export function modelClient(port: number, signal: AbortSignal): ModelClient {
  return {
    invoke: (payload, how, memory) => invoke(port, payload, { ...how, memory }, signal),
    executionParameters: () => executionParameters(port, signal),
  };
}

async function executionParameters(port: number, signal: AbortSignal): Promise<unknown> {
  const asked = { method: 'GET', path: '/execution-parameters', timeoutSeconds: 5, signal } as const;
  try {
    const { status, body } = await send(port, asked);
    return status === 200 ? JSON.parse(body.toString('utf8')) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function invoke(
  port: number,
  payload: Buffer,
  options: InvokeOptions & { memory: ReusedBuffer | undefined },
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
        onSent: options.onSent,
        memory: options.memory,
      });
      if (answer.status === 200) return answer.body;
      again = answer.status === 429 || answer.status >= 500;
      failure =
        `${answer.status < 500 ? 'ClientError' : 'AlgorithmError'}: ` +
        `Bad HTTP status received from algorithm: ${answer.status}${hint(answer.status, options)}. ` +
        `Its answer to ${megabytes} MB: ${answer.body.toString('utf8').trim().slice(0, QUOTED) || '(empty)'}`;
    } catch (error) {
      again = !(error instanceof TooLong);
      failure = again
        ? `AlgorithmError: no answer from the algorithm to ${megabytes} MB: ${lost(error as NodeJS.ErrnoException, payload.length)}`
        : `AlgorithmError: the algorithm's answer to ${megabytes} MB is not taken: ${(error as Error).message}`;
    }
    // If the server has just ended, this pause notices it: its exit code says more than the lost connection.
    if (again) await pause(0.1 * 2 ** attempt, signal);
    signal.throwIfAborted();
    if (!again || attempt >= options.retries) throw new JobFailure(failure);
  }
}

/** Bytes above which a server may refuse a payload for its size. */
const LARGE = 1_000_000;

/** Why there is no answer. A server that closes the connection on a payload that is too large may thereby lose its answer. */
function lost(error: NodeJS.ErrnoException, bytes: number): string {
  const closed = error.code === 'EPIPE' || error.code === 'ECONNRESET';
  if (!closed) return error.message;
  if (bytes > LARGE) return `${error.message} (payload too large? lower MaxPayloadInMB)`;
  return `${error.message}: serve closed the connection before it answered; its log says why`;
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
  onSent?: (() => void) | undefined;
  memory?: ReusedBuffer | undefined;
}

/** Sends one request on its own connection, with node:http, because fetch always gives up after 300 s. */
export async function send(
  port: number,
  sent: Sent,
  host = '127.0.0.1',
): Promise<{ status: number; body: Buffer }> {
  const { method, path, headers, payload, timeoutSeconds } = sent;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([sent.signal, timeout]);
  try {
    return await new Promise((resolve, reject) => {
      const request = httpRequest({ host, port, method, path, headers, agent: false, signal }, (response) => {
        const status = response.statusCode ?? 0;
        bodyOf(response, status, sent.memory).then((body) => resolve({ status, body }), reject);
      });
      request.on('error', reject);
      request.end(payload, sent.onSent);
    });
  } catch (error) {
    sent.signal.throwIfAborted();
    if (timeout.aborted) throw new Error(`no answer within ${timeoutSeconds} s`);
    throw error;
  }
}

/** The whole body of an answer with status 200, and the beginning of any other, which is only quoted. */
async function bodyOf(
  response: IncomingMessage,
  status: number,
  memory = new ReusedBuffer(),
): Promise<Buffer> {
  memory.clear();
  for await (const chunk of response as AsyncIterable<Buffer>) {
    memory.append(chunk);
    if (status !== 200 && memory.length > MOST_QUOTED_BYTES) break;
    if (memory.length > MOST_ANSWER_BYTES) {
      response.destroy();
      throw new TooLong(`it answers more than ${MOST_ANSWER_BYTES / 2 ** 20} MB`);
    }
  }
  return memory.content;
}

/** An answer that would be as long the next time. */
class TooLong extends Error {}

export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

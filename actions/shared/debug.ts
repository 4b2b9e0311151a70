import { subscribe } from 'node:diagnostics_channel';
import { statSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { cleanOutput } from '../../pipeline/report/clean-text.ts';
import { escaped } from './annotate.ts';

/*
 * Lines for people who look for the cause of a failure: GitHub shows them once "Enable debug logging" is chosen for a
 * rerun. The toolkit's `debug` prints the same, but the toolkit loads slowly.
 */

/** Whether the runner shows debug lines. */
export const isDebug = (): boolean => process.env.RUNNER_DEBUG === '1';

/** Prints a debug line, in which no value of a secret variable appears. */
export function debug(message: string): void {
  if (isDebug()) process.stdout.write(`::debug::${escaped(cleanOutput(withoutSecrets(message)))}\n`);
}

/** Names of environment variables whose values are secrets, the inputs' (INPUT_TOKEN) included. */
const secret = /TOKEN|SECRET|PASSWORD|ACCESS_KEY|CREDENTIALS/i;

function withoutSecrets(text: string): string {
  return Object.entries(process.env)
    .filter(([name, value]) => secret.test(name) && value !== undefined && value.trim() !== '')
    .reduce((left, [, value = '']) => left.replaceAll(value.trim(), '***'), text);
}

/** Tells which values a step was given or puts out, and the size of those that are files. */
export function debugValues(kind: 'input' | 'output', values: object): void {
  if (!isDebug()) return;
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const text = JSON.stringify(value);
    const shown = text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
    debug(`${kind} ${name}: ${shown}${sizeOf(value)}`);
  }
}

function sizeOf(value: unknown): string {
  if (typeof value !== 'string' || value === '') return '';
  const found = statSync(value, { throwIfNoEntry: false });
  return found?.isFile() ? `, a file of ${found.size} bytes` : '';
}

/** Tells of every call that this process makes over HTTP: never its query, headers or body, which can hold secrets. */
export function debugCalls(): void {
  if (!isDebug()) return;
  // Node's own HTTP client, which the AWS SDK uses.
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const target = request.getHeader('x-amz-target');
    debug(
      callLine({
        method: request.method,
        url: `${request.protocol}//${request.getHeader('host') ?? request.host}${request.path}`,
        action: typeof target === 'string' ? target : '',
        status: response.statusCode ?? 0,
        size: response.headers['content-length'],
      }),
    );
  });
  // fetch, which GitHub's client uses.
  subscribe('undici:request:headers', (message) => {
    const { request, response } = message as {
      request: { origin: string; method: string; path: string };
      response: { statusCode: number; headers: Buffer[] };
    };
    const names = response.headers.map(String);
    const at = names.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
    debug(
      callLine({
        method: request.method,
        url: `${request.origin}${request.path}`,
        action: '',
        status: response.statusCode,
        size: at === -1 ? undefined : names[at + 1],
      }),
    );
  });
}

function callLine(call: {
  method: string;
  url: string;
  action: string;
  status: number;
  size: string | undefined;
}): string {
  const { method, url, action, status, size } = call;
  const bare = url.replace(/[?#].*$/, '').replace(/\/\/[^/@]*@/, '//');
  return `call ${method} ${bare}${action === '' ? '' : ` ${action}`}: ${status}${size === undefined ? '' : `, ${size} bytes`}`;
}

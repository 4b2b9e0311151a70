import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { limitOf, longestWait } from './rate-limit.ts';

/** An answer of GitHub's API; every field may be missing. */
export type Answer = Record<string, unknown>;

const waits = [1, 3, 9];

/**
 * GETs a path, which begins with `/repos/OWNER/NAME`, with the workflow's own token (GITHUB_TOKEN). Null if GitHub answers
 * 404. Waits while GitHub is down or limits the rate. Throws an Error with path and status for any other answer.
 */
export async function ask(path: string): Promise<unknown> {
  const { status, answer } = await request('GET', path);
  if (status === 404) return null;
  if (status >= 300) throw refused(path, status, answer);
  return answer;
}

/** POSTs to a path. Null if GitHub's answer has no body. Waits and throws as `ask` does, and throws for 404 too. */
export async function tell(path: string, body: object): Promise<unknown> {
  const { status, answer } = await request('POST', path, body);
  if (status >= 300) throw refused(path, status, answer);
  return answer;
}

const refused = (path: string, status: number, answer: unknown) =>
  new Error(`${path}: ${status}${at(answer, 'message') ? ` (${String(at(answer, 'message'))})` : ''}`);

async function request(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<{ status: number; answer: unknown }> {
  const { GITHUB_API_URL = 'https://api.github.com', GITHUB_TOKEN = '' } = process.env;
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(`${GITHUB_API_URL}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${GITHUB_TOKEN}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'user-agent': 'mlops-template',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: Error) => error);
    const pause = waits[attempt];
    if (response instanceof Error || response.status >= 500) {
      if (pause === undefined)
        throw new Error(`${path}: ${response instanceof Error ? response.message : response.status}`);
      await delay(pause * 1000);
      continue;
    }
    const { status, headers } = response;
    const text = await response.text();
    const answer = parsed(text);
    const limit = limitOf({ status, headers, message: text }, { attempt, now: Date.now() });
    if (limit === null) return { status, answer };
    if (pause === undefined || limit > longestWait)
      throw new Error(
        `${path}: ${status}, GitHub's rate limit is used up for ${limit} s more; run the job again then`,
      );
    console.log(`GitHub's rate limit (${path}): asking again in ${limit} s.`);
    await delay(limit * 1000);
  }
}

/** The answer as JSON; null if it is empty or something else, such as a proxy's page. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `OWNER/NAME` of the repository that the workflow runs in. */
export const repository = (): string => process.env.GITHUB_REPOSITORY ?? '';

/** Sets the outputs of this step. A value may span lines, because only a random mark ends it. */
export function give(outputs: Record<string, string>): void {
  const mark = randomUUID();
  const lines = Object.entries(outputs).map(([name, value]) => `${name}<<${mark}\n${value}\n${mark}\n`);
  appendFileSync(process.env.GITHUB_OUTPUT ?? '/dev/stdout', lines.join(''));
}

/** The value at `a.b.c` of an answer; undefined if any part of the path is missing. */
export function at(answer: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Answer | null | undefined)?.[key], answer);
}

/** The value if it is a list, otherwise an empty list. */
export const listOf = (answer: unknown): unknown[] => (Array.isArray(answer) ? answer : []);

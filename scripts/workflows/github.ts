import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** An answer of GitHub's API; every field may be missing. */
export type Answer = Record<string, unknown>;

const waits = [1000, 3000, 9000];

/**
 * GETs a path, which begins with `/repos/OWNER/NAME`, with the workflow's own token (GITHUB_TOKEN). Null if GitHub answers
 * 404. Retries while GitHub is down or asks to wait. Throws an Error with path and status for any other answer.
 */
export async function ask(path: string): Promise<unknown> {
  const { GITHUB_API_URL = 'https://api.github.com', GITHUB_TOKEN = '' } = process.env;
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(`${GITHUB_API_URL}${path}`, {
      headers: {
        authorization: `Bearer ${GITHUB_TOKEN}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'user-agent': 'mlops-template',
      },
      signal: AbortSignal.timeout(30_000),
    }).catch((error: Error) => error);
    if (response instanceof Response && response.ok) return await response.json();
    if (response instanceof Response && response.status === 404) return null;
    const wait = waits[attempt];
    const passing = response instanceof Error || response.status >= 500 || response.status === 429;
    if (wait === undefined || !passing)
      throw new Error(`${path}: ${response instanceof Error ? response.message : response.status}`);
    await delay(wait);
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

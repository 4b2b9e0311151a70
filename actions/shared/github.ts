import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';

const WithPlugins = Octokit.plugin(paginateRest, retry, throttling);

/** GitHub's REST API for one token. */
export type GitHub = InstanceType<typeof WithPlugins>;

/** 1 + 4 + 9 + 16 + 25 s of waiting: an outage of half a minute is sat out. */
const tries = 5;
/** A job does not wait longer than this for a rate limit. */
const longestWait = 120;

/**
 * A client that sits out short outages (no connection, 5xx) and waits as rate limits ask it to. It prints what it waits
 * for, and never the token.
 * @param apiUrl of GITHUB_API_URL, another for each GitHub Enterprise Server
 * @param second milliseconds of a second of waiting
 */
export function connect({
  token,
  apiUrl,
  onWait,
  second = 1000,
}: {
  token: string;
  apiUrl: string;
  onWait: (message: string) => void;
  second?: number;
}): GitHub {
  const onLimit =
    (limit: string) =>
    (seconds: number, { method, url }: { method: string; url: string }, _: unknown, retries: number) => {
      const again = retries < tries && seconds <= longestWait;
      onWait(
        `GitHub's ${limit} (${method} ${url}): ${again ? `going on in ${seconds} s` : `free again in ${seconds} s, which is not waited for`}`,
      );
      return again;
    };
  return new WithPlugins({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'mlops-template',
    request: {
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(30 * second) }),
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    // 429 and 403 are for the throttling, which knows how long to wait.
    retry: {
      retries: tries,
      retryAfterBaseValue: second,
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
    },
    throttle: {
      // Of its own, so that clients side by side do not wait for each other.
      id: crypto.randomUUID(),
      retryAfterBaseValue: second,
      onRateLimit: onLimit('rate limit'),
      onSecondaryRateLimit: onLimit('secondary rate limit'),
    },
  });
}

/** The status of GitHub's answer; null where the error is none of GitHub's. */
export function statusOf(error: unknown): number | null {
  const { name, status } = error as { name?: string; status?: unknown };
  return name === 'HttpError' && typeof status === 'number' ? status : null;
}

/**
 * What a request to GitHub failed for, and what to do.
 * @param permission what the job's token needs for it, as a workflow writes it: `pull-requests: write`
 */
export function whyRefused(error: unknown, permission: string): string {
  const { message, response } = error as { message?: string; response?: unknown };
  const said = (message ?? String(error)).replace(/ - https:\/\/docs\.github\.com\S*$/, '');
  const status = statusOf(error);
  if (status === null) return said;
  if (response === undefined) return `GitHub could not be reached: ${said}`;
  if (status === 401) return `GitHub does not know the token (401: ${said})`;
  if (status === 429 || /rate limit/i.test(said))
    return `GitHub's rate limit is used up (${status}: ${said})`;
  if (status === 403 || status === 404)
    return `GitHub refused it (${status}: ${said}): give the job \`permissions: ${permission}\`; what a pull request from a fork runs has a token that only reads`;
  return `GitHub answered ${status}: ${said}`;
}

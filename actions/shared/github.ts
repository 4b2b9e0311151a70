import { getOctokit } from '@actions/github';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import Bottleneck from 'bottleneck/light.js';

/** GitHub's API for one token, as https://octokit.github.io/rest.js documents it. */
export type Octokit = ReturnType<typeof getOctokit>;

/** The client waits 1 + 4 + 9 + 16 + 25 s between its tries, so it gets through an outage of half a minute. */
const tries = 5;
/** A job does not wait longer than this many seconds for a rate limit. */
const longestWait = 120;
/** Milliseconds that an answer may take. */
const longestAnswer = 30_000;

/**
 * The toolkit's client, which retries after short outages (no connection, 5xx) and waits as rate limits ask it to. It
 * prints what it waits for, and never the token.
 * @param apiUrl GITHUB_API_URL, which differs on a GitHub Enterprise Server
 * @param second milliseconds that a second of waiting takes; tests shorten it
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
}): Octokit {
  const onLimit =
    (limit: string) =>
    (seconds: number, { method, url }: { method: string; url: string }, _: unknown, retries: number) => {
      const again = retries < tries && seconds <= longestWait;
      onWait(
        `GitHub's ${limit} (${method} ${url}): ${again ? `retrying in ${seconds} s` : `retry possible in ${seconds} s, which is too long to wait`}`,
      );
      return again;
    };
  /** As the plugin makes them, in seconds of ours. */
  const every = (seconds: number) => new Bottleneck.Group({ maxConcurrent: 1, minTime: seconds * second });
  return getOctokit(
    token,
    {
      baseUrl: apiUrl,
      userAgent: 'mlops-template',
      request: {
        fetch: (url: string, init: RequestInit) =>
          fetch(url, { ...init, signal: AbortSignal.timeout(longestAnswer) }),
      },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      // The throttling plugin handles 429 and 403, because it knows how long to wait.
      retry: {
        retries: tries,
        retryAfterBaseValue: second,
        doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
      },
      throttle: {
        // Clients with the same id would queue behind each other.
        id: crypto.randomUUID(),
        retryAfterBaseValue: second,
        write: every(1),
        notifications: every(3),
        onRateLimit: onLimit('rate limit'),
        onSecondaryRateLimit: onLimit('secondary rate limit'),
      },
    },
    retry,
    throttling,
  );
}

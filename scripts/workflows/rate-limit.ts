/** The longest that a tool waits for a rate limit, in seconds; a job costs money while it waits. */
export const longestWait = 120;

/**
 * The seconds after which GitHub may be asked again; null if its answer is no rate limit. As GitHub documents it: the header
 * `retry-after` first, then `x-ratelimit-reset` where `x-ratelimit-remaining` is 0; a secondary limit that names neither is
 * over after a minute, and twice as long after every further try
 * (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
 */
export function limitOf(
  { status, headers, message }: { status: number; headers: Headers; message: string },
  { attempt, now }: { attempt: number; now: number },
): number | null {
  if (status !== 403 && status !== 429) return null;
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(after)) return after;
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN);
  if (headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(reset))
    return Math.max(0, Math.ceil(reset - now / 1000));
  return status === 429 || /rate limit/i.test(message) ? 60 * 2 ** attempt : null;
}

import { expect, test } from '@jest/globals';
import { limitOf } from './rate-limit.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const limit = (
  status: number,
  headers: Record<string, string>,
  message = 'Resource not accessible by integration',
  attempt = 0,
) => limitOf({ status, headers: new Headers(headers), message }, { attempt, now });
const secondary = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

test.each([
  ['retry-after, whatever else is said', 403, { 'retry-after': '7', 'x-ratelimit-remaining': '0' }, 7],
  [
    'until the reset, if nothing remains',
    403,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now / 1000 + 30}` },
    30,
  ],
  [
    'a reset that has passed',
    429,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now / 1000 - 5}` },
    0,
  ],
  ['a minute, if a 429 says nothing', 429, {}, 60],
  ['a refusal of the token is no limit', 403, { 'x-ratelimit-remaining': '999' }, null],
  ['neither is any other answer', 404, { 'retry-after': '7' }, null],
] as const)('GitHub is asked again: %s', (_, status, headers, seconds) => {
  expect(limit(status, headers)).toBe(seconds);
});

test('a secondary limit without a header is waited for longer after every try', () => {
  expect(
    [0, 1, 2].map((attempt) => limit(403, { 'x-ratelimit-remaining': '999' }, secondary, attempt)),
  ).toEqual([60, 120, 240]);
});

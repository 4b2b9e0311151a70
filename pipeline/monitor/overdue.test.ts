import { expect, test } from '@jest/globals';
import { lateness, longestGap } from './overdue.ts';

test.each([
  ['hourly', 1],
  ['daily', 24],
  ['weekly', 7 * 24],
  ['monthly', 31 * 24],
  ['rate(1 hour)', 1],
  ['rate(90 minutes)', 1.5],
  ['rate(3 days)', 72],
  ['cron(15 * * * ? *)', 1],
  ['cron(0 3 * * ? *)', 24],
  ['cron(0 3,15 * * ? *)', 24],
  ['cron(0 3 ? * MON-FRI *)', 7 * 24],
  ['cron(0 3 1,15 * ? *)', 62 * 24],
  ['cron(0 3 ? * MON#5 *)', 98 * 24],
  ['cron(0 3 1 1 ? *)', 8 * 366 * 24],
  ['cron(0 3 1 1 ? 2026)', Number.POSITIVE_INFINITY],
])('%s: at most %d hours pass', (schedule, hours) => {
  expect(longestGap(schedule)).toBe(hours * 3600);
});

test('what is no schedule is an error that says so', () => {
  expect(() => longestGap('cron(0 3 * *)')).toThrow('expected one that mlops.yaml takes');
  expect(() => longestGap('sometimes')).toThrow('got the schedule "sometimes"');
});

test('a look is overdue after the longest gap and the time that it may take', () => {
  const late = (last: string, schedule = 'daily') =>
    lateness(last, schedule, new Date('2026-03-03T00:00:00Z'));
  expect(late('2026-03-01T18:00:00Z')).toEqual({ hours: 30, most: 30, isOverdue: false });
  expect(late('2026-03-01T17:59:00Z').isOverdue).toBe(true);
  expect(late('2026-03-01T17:59:00Z', 'weekly').isOverdue).toBe(false);
  // What never has to come again is never late; a time that is none always is.
  expect(late('2020-03-01T00:00:00Z', 'cron(0 3 1 1 ? 2020)').isOverdue).toBe(false);
  expect(late('x').isOverdue).toBe(true);
});

import { expect, test } from '@jest/globals';
import { followRun } from './follow.fixture.ts';

test('an hour takes at most 150 calls, tuning included', async () => {
  const { calls, told } = await followRun(3600);
  expect(calls).toBeLessThanOrEqual(150);
  expect(told.at(-1)).toEqual({ kind: 'succeeded', state: 'Tune', seconds: 3600 });
  expect(told.filter(({ kind }) => kind === 'trial').length).toBeGreaterThan(10);
});

test.each([5, 60, 300, 3600, 36_000])(
  'the end of a run of %i s is told within an eighth of it, and 45 s',
  async (seconds) => {
    const { late } = await followRun(seconds);
    expect(late).toBeLessThanOrEqual(Math.min(Math.max(2, seconds / 8 + 2), 45));
  },
);

test('a signal that has fired before asks nothing', async () => {
  const { calls } = await followRun(10, AbortSignal.abort());
  expect(calls).toBe(0);
});

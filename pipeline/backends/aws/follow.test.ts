import { expect, test } from '@jest/globals';
import type { Progress } from '../backend.ts';
import { ExecutionHistory } from './execution-history.ts';
import { follow } from './follow.ts';
import { WrittenHistory } from './history.fixture.ts';

/** Follows a run of so many seconds, most of them tuning, by a clock that the waiting moves. */
async function followRun(seconds: number, signal = new AbortController().signal) {
  const written = new WrittenHistory();
  const task = written.task('Tune', 'createHyperParameterTuningJob.sync', {
    HyperParameterTuningJobName: 'tuning',
  });
  let now = 0;
  let calls = 0;
  let noticed = 0;
  const told: Progress[] = [];
  await follow({
    history: new ExecutionHistory('us-east-1'),
    signal,
    onProgress: (progress) => told.push(progress),
    eventsSince: async (lastId) => {
      calls++;
      if (now >= seconds && noticed === 0) {
        noticed = now;
        written.wait(seconds).end(task, 'TaskSucceeded', 'Tune');
        written.finish('ExecutionSucceeded');
      }
      return written.events.filter(({ id = 0 }) => id > lastId);
    },
    tuningProgress: async ({ state }) => {
      calls++;
      return { kind: 'trial', state, done: 1, total: 8, best: 0.9 };
    },
    wait: async (time) => {
      now += time;
    },
  });
  return { calls, late: noticed - seconds, told };
}

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

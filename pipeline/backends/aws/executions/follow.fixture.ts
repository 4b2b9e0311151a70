import type { Progress } from '../../backend.ts';
import { ExecutionHistory } from './execution-history.ts';
import { follow } from './follow.ts';
import { WrittenHistory } from './history.fixture.ts';

/** Follows a run of so many seconds, most of them tuning, by a clock that the waiting moves. */
export async function followRun(seconds: number, signal = new AbortController().signal) {
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

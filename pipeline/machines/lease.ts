import type { Retrier, TaskState } from './asl.ts';
import { type functionTask, withRetry } from './states.ts';

/**
 * Takes the lease that runs which promote, releases and rollbacks of one model share, so that they go one after the other.
 * `$.lease.fence` is the number that later writes check.
 */
export const takeLease = (invoke: ReturnType<typeof functionTask<'lease'>>, next: string): TaskState =>
  withRetry(
    invoke('lease', {
      payload: { 'execution.$': '$$.Execution.Name' },
      result: ['fence'],
      resultPath: '$.lease',
      next,
      failed: 'Take lease failed',
    }),
    untilFree,
  );

/** A run waits some ten hours for the lease, then fails. */
const untilFree: Retrier = {
  ErrorEquals: ['LeaseHeldError'],
  IntervalSeconds: 2,
  BackoffRate: 1.5,
  MaxDelaySeconds: 60,
  MaxAttempts: 600,
};

import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Progress } from '../../backend.ts';
import type { ExecutionHistory } from './execution-history.ts';
import type { StartedJob } from './started-job.ts';

export interface FollowOptions {
  history: ExecutionHistory;
  /** The events after the given one; makes a call. */
  eventsSince: (lastId: number) => Promise<HistoryEvent[]>;
  /** A tuning job's progress; makes a call. */
  tuningProgress: (job: StartedJob) => Promise<Progress>;
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
  /** Resolves after these seconds, or when the signal fires. */
  wait: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** Seconds between two polls: an eighth of the time passed so far, so that a short run is reported quickly. */
const shortest = 2;
const longest = 45;
/** One of so many polls also asks for the progress of tuning. */
const looksPerTuning = 4;

/** Follows an execution until it ends or the signal fires, with fewer than 150 calls per hour. */
export async function follow(options: FollowOptions): Promise<void> {
  const { history, signal, wait, onProgress } = options;
  let passed = 0;
  for (let look = 0; !signal.aborted; look++) {
    for (const progress of history.add(await options.eventsSince(history.lastId))) onProgress(progress);
    if (history.end !== null) return;
    const [tuning] = history.tuning();
    if (tuning && look % looksPerTuning === 0) onProgress(await options.tuningProgress(tuning));
    const seconds = Math.min(Math.max(passed / 8, shortest), longest);
    await wait(seconds, signal);
    passed += seconds;
  }
}

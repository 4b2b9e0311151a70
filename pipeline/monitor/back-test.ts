import { errorWith } from './estimate-window.ts';
import type { History, WindowRecord } from './history.ts';

/** How often estimates held what labels showed later. */
export interface BackTest {
  metric: string;
  /** Mature windows with an estimate and a measured value. */
  windows: number;
  /** Of those, windows whose measured value was in the estimate's interval. */
  held: number;
}

/** Whether a window's estimate held its measured value; null where there is only one of them, or none. */
export function held({ summary, estimates, labels }: WindowRecord, metric: string): boolean | null {
  const estimate = estimates[metric];
  const measured = labels.metrics[metric];
  if (labels.state !== 'mature' || estimate === undefined || measured === undefined) return null;
  const [low, high] = estimate.interval;
  const wider = (half: number) =>
    1.959964 * errorWith({ sampling: estimate.sampling, half }, summary.rows, measured.n);
  return (
    measured.value >= estimate.value - wider(estimate.value - low) &&
    measured.value <= estimate.value + wider(high - estimate.value)
  );
}

/**
 * The record of estimates before labels, by metric, over mature windows. An estimate's interval is of the value that labels of all
 * rows show, so it has that value's own sampling error. Where only n of N rows have a label, it is compared with an interval
 * that is wider by what the missing labels add: the sampling variance times N / n - 1.
 *
 * @param only one package; all of them by default
 */
export function backTest(history: Pick<History, 'windows'>, only?: string): BackTest[] {
  const tests = new Map<string, BackTest>();
  for (const record of history.windows) {
    if (only !== undefined && record.summary.package !== only) continue;
    for (const metric of Object.keys(record.estimates)) {
      const outcome = held(record, metric);
      if (outcome === null) continue;
      const test = tests.get(metric) ?? { metric, windows: 0, held: 0 };
      tests.set(metric, { ...test, windows: test.windows + 1, held: test.held + (outcome ? 1 : 0) });
    }
  }
  return [...tests.values()];
}

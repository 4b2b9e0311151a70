import { type DetectorState, readLosses, startDetectors } from '../../../pipeline/statistics/detectors.ts';
import { type LabelledScores, rawLosses } from '../../../pipeline/statistics/losses.ts';
import { aucOf, type Rows } from './production.ts';

const { sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Monitors of ROC AUC with labels. Each reads window after window and says how strongly it suspects decay: it alarms where that
 * is at or above its threshold, so that thresholds of all monitors can be set to the same rate of false alarms.
 */
export interface Watcher {
  name: string;
  /** How often in a week it looks. */
  looks: number;
  /** The threshold as its users have it. */
  usual: number;
  /** Reads the rows of the next window. */
  read(rows: Rows): number;
  /** As after an alarm: nothing was seen yet. */
  reset(): void;
}

/** How far the AUC is below the limit, in standard errors by DeLong's method. */
function standardised(rows: Rows, limit: number): number {
  const seen = aucOf(rows);
  if (seen === null) return Number.NEGATIVE_INFINITY;
  // Rows that a small window ranks without an error have a variance of 0.
  return (limit - seen.auc) / Math.max(1e-3, sqrt(seen.variance));
}

/** A one-sided z-test of each week's AUC, usually at 5 %. */
export function weeklyTest(limit: number): Watcher {
  return {
    name: 'weekly z-test',
    looks: 1,
    usual: 1.645,
    read: (rows) => standardised(rows, limit),
    reset() {},
  };
}

/** The AUC is below the limit in k of the last n weeks. */
export function kOfN(limit: number, k: number, n: number): Watcher {
  let last: number[] = [];
  return {
    name: `${k} of ${n} weeks`,
    looks: 1,
    usual: 0,
    read(rows) {
      last = [...last.slice(1 - n), standardised(rows, limit)];
      return [...last].sort((a, b) => b - a)[k - 1] ?? Number.NEGATIVE_INFINITY;
    },
    reset() {
      last = [];
    },
  };
}

/** Ours: e-SR on the AUC's losses. */
export function restartDetector(limit: number, looks: number): Watcher {
  let state: DetectorState = startDetectors(1 - limit);
  let seed = 0;
  return {
    name: looks === 1 ? 'ours, windows of a week' : 'ours, windows of a day',
    looks,
    usual: 20_000,
    read(rows) {
      const { values, labels } = rawLosses('roc_auc', labelled(rows), seed++);
      state = readLosses({ ...state, restartHighest: 0 }, values, labels);
      return state.restartHighest;
    },
    reset() {
      state = startDetectors(1 - limit);
    },
  };
}

export const labelled = ({ scores, labels }: Rows): LabelledScores => ({
  problem: 'binary',
  classes: 2,
  scores,
  labels: Float64Array.from(labels),
  threshold: 0.5,
  decided: false,
});

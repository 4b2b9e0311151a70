import type { Interval } from '../statistics/estimate.ts';

/** The verdict: the value behind the comment, the summary, the registry entry and the promotion. */

export type Outcome = 'promote' | 'hold' | 'reject';

export interface MetricResult {
  candidate: number;
  champion: number | null;
  /** Two-sided interval at the verdict's confidence level, like every interval here. */
  interval: Interval | null;
  champion_interval: Interval | null;
  /** Candidate minus champion, in the metric's own direction (a positive difference in log-loss is worse). */
  difference: number | null;
  difference_interval: Interval | null;
  /** Two-sided. */
  p_value: number | null;
  method: 'DeLong' | 'bootstrap' | 'none';
  /** A note on the number, for example that its variance is 0. */
  note?: string;
}

export interface SliceResult {
  column: string;
  value: string;
  n: number;
  /** Rows of the positive class; null if the problem is not binary. */
  positives: number | null;
  metric: string;
  /** null if the slice has too few rows or only one class. */
  candidate: number | null;
  champion: number | null;
  interval?: Interval | null;
  note?: string;
}

export interface Check {
  /** "threshold roc_auc", "floor", "champion", "anchor", "min_change", "slices Gender=Male". */
  name: string;
  outcome: 'pass' | 'fail' | 'inconclusive';
  /** One sentence with the numbers that decided. */
  detail: string;
  value: number | null;
  /** The one-sided confidence bound that decided; null if none did. */
  bound: number | null;
  limit: number | null;
  confidence: number | null;
}

export interface Verdict {
  outcome: Outcome;
  /** One sentence. */
  reason: string;
  /** Holdout rows compared. */
  n: number;
  /** null if the problem is not binary. */
  positives: number | null;
  seed: number;
  confidence: number;
  /** Smallest true difference in the primary metric that the holdout shows with 80 % power; null without a champion. */
  smallest_detectable_difference: number | null;
  /** Distinct looks at this holdout so far, this one included. */
  holdout_uses: number;
  primary: string;
  /** false: the outcome is reported but does not block promotion. */
  enforced: boolean;
  metrics: Record<string, MetricResult>;
  slices: SliceResult[];
  checks: Check[];
  /** Notes on the verdict as a whole: a metric that could not be computed and why, for example. */
  notes: string[];
}

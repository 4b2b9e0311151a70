import type { Interval } from '../statistics/estimate.ts';

/** The verdict: the one value that the comment, the summary, the registry and the promotion all render. */

export type Outcome = 'promote' | 'hold' | 'reject';

export interface MetricResult {
  candidate: number;
  champion: number | null;
  /** At the verdict's confidence, as every interval here. */
  interval: Interval | null;
  champion_interval: Interval | null;
  /** Candidate minus champion, in the metric's own direction (a positive log-loss difference is a loss). */
  difference: number | null;
  difference_interval: Interval | null;
  /** Two-sided. */
  p_value: number | null;
  method: 'DeLong' | 'bootstrap' | 'none';
  /** What a reader must know of the number, for example that its variance is 0. */
  note?: string;
}

export interface SliceResult {
  column: string;
  value: string;
  n: number;
  /** Rows of the positive class; null where the problem is not binary. */
  positives: number | null;
  metric: string;
  /** null where the slice has too few rows or one class only. */
  candidate: number | null;
  champion: number | null;
  interval?: Interval | null;
  note?: string;
}

export interface Check {
  /** As people read it: "threshold roc_auc", "floor", "champion", "anchor", "min_change", "slices Gender=Male". */
  name: string;
  outcome: 'pass' | 'fail' | 'inconclusive';
  /** One sentence with the numbers that decided. */
  detail: string;
  value: number | null;
  /** The one-sided confidence bound that decided, where one did. */
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
  /** null where the problem is not binary. */
  positives: number | null;
  seed: number;
  confidence: number;
  /** On the primary metric: the smallest true difference this holdout shows with 80 % power; null without a champion. */
  smallest_detectable_difference: number | null;
  /** Distinct looks at this holdout so far, this one included. */
  holdout_uses: number;
  primary: string;
  /** false: the outcome is reported but nobody is held to it. */
  enforced: boolean;
  metrics: Record<string, MetricResult>;
  slices: SliceResult[];
  checks: Check[];
  /** What a reader must know of the whole: zero variance, a metric that could not be computed and why, ... */
  notes: string[];
}

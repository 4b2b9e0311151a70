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
  /** Two-sided, of no difference; below 1 - confidence if and only if difference_interval leaves out 0. */
  p_value: number | null;
  /** score: auc.ts; clustered and cluster: over groups of rows. */
  method: 'score' | 'clustered score' | 'bootstrap' | 'cluster bootstrap' | 'none';
  /** ROC AUC only: DeLong's intervals and paired test, as R's pROC gives them. They decide nothing. */
  delong?: DelongResult;
  /** A note on the number, for example that its variance is 0. */
  note?: string;
}

export interface DelongResult {
  /** Clipped to [0, 1]. */
  interval: Interval | null;
  champion_interval: Interval | null;
  difference_interval: Interval | null;
  p_value: number | null;
}

/** How far the candidate's value in a slice is from that in the largest slice of the same column. */
export interface Gap {
  /** The value of the largest slice. */
  reference: string;
  /** The slice's value less the reference's, in the metric's own direction. */
  value: number;
  /** null where either has none. */
  interval: Interval | null;
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
  /** Of the candidate's value. */
  interval?: Interval | null;
  /** Candidate minus champion, in the metric's own direction. */
  difference: number | null;
  difference_interval: Interval | null;
  /** To the largest slice of the column; absent for that one, and for a slice without a value. Nothing judges it. */
  gap?: Gap;
  /** The confidence level of the one-sided bound that judged the slice, by Holm's procedure; null if none did. */
  level: number | null;
  /** inconclusive: the point is beyond max_drop, but the bound does not show it. */
  outcome: CheckOutcome;
  /** One sentence. */
  reason: string;
  note?: string;
}

/** not_judged: there was nothing to compare with, or too few rows of a slice. It is no pass. */
export type CheckOutcome = 'pass' | 'fail' | 'inconclusive' | 'not_judged';

export interface Check {
  /** "threshold roc_auc", "floor", "champion", "anchor", "min_change", "slices Gender=Male". */
  name: string;
  outcome: CheckOutcome;
  /** One sentence with the numbers that decided. */
  detail: string;
  value: number | null;
  /** The one-sided confidence bound that decided; null if none did. */
  bound: number | null;
  limit: number | null;
  confidence: number | null;
}

/** A check that no number decided. */
export const NO_NUMBERS = { value: null, bound: null, limit: null, confidence: null };

export interface Power {
  /** The margin of non_inferior, in units of the primary metric. */
  margin: number;
  /** The probability that a candidate as good as the champion passes the margin on such a holdout. */
  equal_passes: number;
  /** The rows at which it would be 80 %. */
  rows_for_80: number;
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
  /** The power of the question that the champion check asks; null without a champion or a margin above 0. */
  power: Power | null;
  /** Distinct looks at this holdout so far, this one included. */
  holdout_uses: number;
  primary: string;
  /** false: the outcome is reported but does not block promotion. */
  enforced: boolean;
  metrics: Record<string, MetricResult>;
  slices: SliceResult[];
  checks: Check[];
  /** How many checks have each outcome. What was not judged is counted apart. */
  check_counts: Record<CheckOutcome, number>;
  /** true: only whether the candidate passes is shown, until it is promoted (seal.ts). */
  sealed?: true;
  /** Notes on the verdict as a whole: a metric that could not be computed and why, for example. */
  notes: string[];
}

import type { Costs } from '../statistics/costs.ts';

/** A margin in the metric's unit, or a share of the other model's value: "5%". */
export type Margin = number | `${number}%`;

export interface Threshold {
  min?: number | undefined;
  max?: number | undefined;
  /** bound: the one-sided bound on the safe side decides, not the value. @default 'point' */
  by?: 'point' | 'bound' | undefined;
}

export interface SlicePolicy {
  metric: string;
  max_drop: Margin;
  min_positives: number;
  /** A slice whose point, but not its bound, is beyond max_drop is only reported, or its check is inconclusive. */
  inconclusive: 'report' | 'hold';
}

/** The `gate` block of mlops.yaml with every default filled in; `off` and `none` are null. */
export interface GatePolicy {
  /** The metric of the checks floor, champion and anchor. */
  primary: string;
  /** Confidence level of two-sided intervals and of the one-sided bounds that decide; between 0.5 and 1. */
  confidence: number;
  thresholds: Record<string, Threshold | undefined>;
  /** Fewer rows of the rarest class (regression: rows) in the whole holdout make every comparison inconclusive. */
  min_positives: number;
  floor: boolean;
  /** The rule superior ignores margin. */
  champion: { rule: 'non_inferior' | 'superior'; margin?: Margin | undefined };
  anchor: { package: string | null; margin: Margin };
  /** What a binary model's decisions cost. */
  costs: Costs | null;
  min_change: { absolute?: number | undefined; relative?: number | undefined } | null;
  slices: SlicePolicy | null;
  inconclusive: 'hold' | 'promote' | 'reject';
  reuse: 'report' | 'correct' | 'sealed';
  enforce: boolean;
}

/**
 * The margin in the metric's unit; NaN if it is missing or invalid. No comparison passes with NaN.
 *
 * @param reference the other model's value; where one value is best (calibration slope), its distance from it
 */
export function resolveMargin(margin: Margin | undefined, reference: number): number {
  if (margin === undefined) return Number.NaN;
  if (typeof margin === 'number') return margin >= 0 ? margin : Number.NaN;
  const share = /^\d+(\.\d+)?%$/.test(margin) ? Number(margin.slice(0, -1)) / 100 : Number.NaN;
  return share * Math.abs(reference);
}

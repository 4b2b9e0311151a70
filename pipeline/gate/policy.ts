import type { Problem } from '../metrics.ts';

/** Absolute, in the metric's unit, or relative to the other model's value: "5%". */
export type Margin = number | `${number}%`;

/** The `gate` block of mlops.yaml with every default filled in; off and none are null. */
export interface GatePolicy {
  /** The metric that floor, champion and anchor are judged by. */
  primary: string;
  /** Of two-sided intervals, and of the one-sided bounds that decide; between 0.5 and 1. */
  confidence: number;
  thresholds: Record<string, { min?: number | undefined; max?: number | undefined } | undefined>;
  floor: boolean;
  /** superior reads no margin. */
  champion: { rule: 'non_inferior' | 'superior'; margin?: Margin | undefined };
  anchor: { package: string | null; margin: Margin };
  min_change: { absolute?: number | undefined; relative?: number | undefined } | null;
  slices: { metric: string; max_drop: Margin; min_positives: number } | null;
  inconclusive: 'hold' | 'promote' | 'reject';
  reuse: 'report' | 'correct';
  enforce: boolean;
}

const COMMON = {
  confidence: 0.95,
  thresholds: {},
  floor: true,
  min_change: null,
  inconclusive: 'hold',
  reuse: 'report',
  enforce: true,
} as const;

/** The policy of a problem that says nothing: what `mlops gate` uses without a configuration. */
export const DEFAULT_POLICY: Readonly<Record<Problem, GatePolicy>> = {
  binary: {
    ...COMMON,
    primary: 'roc_auc',
    champion: { rule: 'non_inferior', margin: 0.03 },
    anchor: { package: null, margin: 0.05 },
    slices: { metric: 'roc_auc', max_drop: 0.1, min_positives: 20 },
  },
  multiclass: {
    ...COMMON,
    primary: 'log_loss',
    champion: { rule: 'non_inferior', margin: '5%' },
    anchor: { package: null, margin: '10%' },
    slices: { metric: 'log_loss', max_drop: '10%', min_positives: 20 },
  },
  regression: {
    ...COMMON,
    primary: 'rmse',
    champion: { rule: 'non_inferior', margin: '5%' },
    anchor: { package: null, margin: '10%' },
    slices: { metric: 'rmse', max_drop: '10%', min_positives: 20 },
  },
};

/** The margin in the metric's unit; NaN where it is none, which no comparison passes. */
export function resolveMargin(margin: Margin | undefined, reference: number): number {
  if (margin === undefined) return Number.NaN;
  if (typeof margin === 'number') return margin >= 0 ? margin : Number.NaN;
  const share = /^\d+(\.\d+)?%$/.test(margin) ? Number(margin.slice(0, -1)) / 100 : Number.NaN;
  return share * Math.abs(reference);
}

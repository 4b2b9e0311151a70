import {
  decimalsFor,
  formatConfidence,
  formatCount,
  formatCountOf,
  formatPercent,
  formatValue,
} from '../format.ts';
import { metricText } from '../metrics.ts';

/** A plan of the holdout's size, and its sentences, which terminal and page share. */

export interface PlannedSize {
  rows: number;
  /** Rows of the positive class; null if the problem is not binary. */
  positives: number | null;
}

interface Planned extends PlannedSize {
  /** The probability that the candidate passes. */
  chance: number;
}

export interface PowerPlan {
  project: string;
  model: string;
  /** The run whose scores tell how much results vary. */
  run: string;
  basis: 'candidate and champion' | 'candidate alone';
  /** Assumed between the two models; null where both were measured. */
  correlation: number | null;
  metric: string;
  rule: 'non_inferior' | 'superior';
  /** In units of the metric; 0 for superior. */
  margin: number;
  confidence: number;
  /** The candidate's true lead over the champion; below 0 it is worse. */
  lead: number;
  /** The probability of passing that is wanted. */
  power: number;
  /** The holdout of that run. */
  today: Planned;
  /**
   * null if no number of rows reaches the power. `data_rows`: the rows of all data that this takes; null where the holdout
   * is no share of them.
   */
  needed: (PlannedSize & { data_rows: number | null }) | null;
  /** In order of rows. */
  curve: Planned[];
  notes: string[];
}

/** "An equal candidate", "A candidate that is truly .020 better" */
function candidateOf({ lead, metric }: PowerPlan): string {
  if (lead === 0) return 'An equal candidate';
  const size = formatValue(Math.abs(lead), decimalsFor(lead));
  return `A candidate whose ${metricText(metric).label} is truly ${size} ${lead > 0 ? 'better' : 'worse'}`;
}

/** "non_inferior with margin .030 at 95 % confidence" */
export function ruleText({ rule, margin, confidence }: PowerPlan): string {
  const size = rule === 'superior' ? '' : ` with margin ${formatValue(margin, decimalsFor(margin))}`;
  return `${rule}${size} at ${formatConfidence(confidence)} confidence`;
}

/** "294 rows, 39 of them positive" */
function sizeText({ rows, positives }: PlannedSize): string {
  return `${formatCountOf(rows, 'row')}${positivesText(positives)}`;
}

const positivesText = (positives: number | null): string =>
  positives === null ? '' : `, ${formatCount(positives)} of them positive`;

/** Two sentences: what today's holdout can do, and what is needed. */
export function planSentences(plan: PowerPlan): [today: string, needed: string] {
  const { today, needed, power } = plan;
  const first = `${candidateOf(plan)} passes ${ruleText(plan)} with a probability of ${formatPercent(today.chance)} on today's holdout (${sizeText(today)}).`;
  if (needed === null)
    return [first, `No number of rows up to 1,000,000,000 brings it to ${formatPercent(power)}.`];
  const all =
    needed.data_rows === null
      ? ''
      : ` With today's data.holdout that is ${formatCountOf(needed.data_rows, 'row')} of data.`;
  const verb = needed.rows <= today.rows ? 'suffices' : 'is needed';
  return [
    first,
    `For ${formatPercent(power)} a holdout of ${formatCountOf(needed.rows, 'row')} ${verb}${positivesText(needed.positives)}.${all}`,
  ];
}

/** How the numbers came about. */
export function basisText({ basis, run }: PowerPlan): string {
  const measured =
    basis === 'candidate and champion'
      ? `candidate and champion of run ${run}`
      : `the candidate of run ${run} alone`;
  return `How much results vary: measured on ${measured}. Variances are taken to shrink with the number of rows.`;
}

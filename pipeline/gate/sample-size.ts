import type { Estimate } from '../statistics/estimate.ts';
import * as normal from '../statistics/normal.ts';
import * as studentT from '../statistics/student-t.ts';

const { ceil, exp, log, max, min, round, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** How large a holdout a comparison needs, where variances shrink with the number of rows. */

/** What is asked of the holdout. */
export interface Question {
  /** The lower bound must be above -margin; 0 for superior. In units of the metric. */
  margin: number;
  /** Confidence level of the one-sided bound. */
  confidence: number;
  /** The candidate's true lead, oriented: higher is better. 0: equal. */
  lead: number;
}

/** How uncertain a difference between two models is on a holdout of a known size. */
export interface Spread extends Sizes {
  /** The standard error of the difference where the true one is d. */
  errorAt(d: number): number;
}

interface Sizes {
  rows: number;
  /** Rows of the rarer class where the difference is of ROC AUCs, whose reference is Student's t; null: it is normal. */
  rarer: number | null;
  /** On fewer rows nothing passes (gate.min_positives). */
  least: number;
}

export function spreadOf(difference: Estimate, sizes: Sizes): Spread {
  return { ...sizes, errorAt: difference.errorAt ?? (() => difference.standardError) };
}

/** The spread of the difference of two models that vary as this one does and have this correlation. */
export function spreadOfPair(own: Estimate, correlation: number, sizes: Sizes): Spread {
  return { ...sizes, errorAt: () => sqrt(2 * (1 - correlation)) * own.standardError };
}

/** The probability that the candidate passes on a holdout of this size: that its bound is above -margin. */
export function chanceOf({ margin, confidence, lead }: Question, spread: Spread, rows: number): number {
  if (rows < spread.least) return 0;
  const scale = sqrt(spread.rows / rows);
  const supposed = scale * spread.errorAt(-margin);
  const actual = scale * spread.errorAt(lead);
  const room = lead + margin - critical(confidence, spread, rows) * supposed;
  if (actual === 0) return room > 0 ? 1 : 0;
  return normal.upperTail(-room / actual);
}

function critical(confidence: number, { rarer, rows: now }: Spread, rows: number): number {
  if (rarer === null) return normal.quantile(confidence);
  return studentT.quantile(confidence, max(1, round((rarer * rows) / now) - 1));
}

/** Most rows that are considered. */
const MOST_ROWS = 1e9;

/** The fewest rows on which the candidate passes with this probability; null if no number of rows suffices. */
export function rowsFor(question: Question, spread: Spread, power: number): number | null {
  if (!(question.lead + question.margin > 0)) return null;
  const suffices = (rows: number) => chanceOf(question, spread, rows) >= power;
  let high = 4;
  while (!suffices(high)) {
    high *= 2;
    if (high > MOST_ROWS) return null;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = ceil((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The probability at `points` sizes, evenly spaced on a logarithmic scale, that hold both today's and the needed one. */
export function powerCurve(
  question: Question,
  spread: Spread,
  needed: number | null,
  points: number,
): { rows: number; chance: number }[] {
  const sizes = [spread.rows, needed ?? spread.rows];
  const [least, most] = [max(10, min(...sizes) / 4), max(...sizes) * 4];
  return Array.from({ length: points }, (_, i) => {
    const rows = round(exp(log(least) + (i / (points - 1)) * (log(most) - log(least))));
    return { rows, chance: chanceOf(question, spread, rows) };
  });
}

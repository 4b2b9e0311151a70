import type { Estimate } from '../statistics/estimate.ts';
import * as normal from '../statistics/normal.ts';
import type { Power } from './verdict.ts';

/** What a holdout of this size can show, for estimates that are nearly normal. */

/** The deviate that a power of 80 % needs. */
const EIGHTY = normal.quantile(0.8);

/** How many standard errors a bound at this confidence level is away. */
const critical = ({ reference = normal }: Estimate, confidence: number): number =>
  reference.quantile(confidence);

/**
 * The true difference that a one-sided test at this confidence level shows with 80 % power: (z_confidence + z_0.8)
 * standard errors.
 */
export function smallestDetectable(difference: Estimate, confidence: number): number {
  return (critical(difference, confidence) + EIGHTY) * difference.standardError;
}

/**
 * The probability that a candidate as good as the champion passes non_inferior with this margin, and the rows at which
 * it would be 80 %, where variances shrink with the number of rows.
 *
 * @param difference candidate minus champion, oriented
 * @returns null without a margin above 0: an equal candidate passes superior with 1 - confidence, whatever the rows
 */
export function powerOf(
  difference: Estimate,
  margin: number | null,
  confidence: number,
  rows: number,
): Power | null {
  if (margin === null || !(margin > 0)) return null;
  const equal = difference.standardError;
  const supposed = critical(difference, confidence) * (difference.errorAt?.(-margin) ?? equal);
  const chance = equal === 0 ? 1 : normal.upperTail((supposed - margin) / equal);
  return {
    margin,
    equal_passes: chance,
    rows_for_80: Math.ceil(rows * ((supposed + EIGHTY * equal) / margin) ** 2),
  };
}

import { decimalsFor, formatApart, formatConfidence, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import type { Estimate } from '../statistics/estimate.ts';
import type { Check } from './verdict.ts';
import { comparedTo } from './wording.ts';

/** The gate's decision rules: each turns numbers into one check. */

/** A number and the size of the numbers that it came from. */
interface Sized {
  value: number;
  scale: number;
}

/** Compares a value with a limit; differences in the last bits of a float64 count as equal. */
function order({ value, scale }: Sized, limit: number): number {
  return Math.abs(value - limit) <= 1e-12 * Math.max(scale, Math.abs(limit)) ? 0 : value - limit;
}

const NO_NUMBERS = { value: null, bound: null, limit: null, confidence: null };

/** A failed check. A check that cannot be computed fails too: the gate fails closed. */
export function failed(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'fail', detail };
}

export function passed(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'pass', detail };
}

/** Compares the point estimate with a lowest or highest value; a value equal to the limit passes. */
export function thresholdCheck(
  name: string,
  metric: string,
  value: number,
  bound: 'min' | 'max',
  limit: number,
): Check {
  const past = order({ value, scale: Math.abs(value) }, limit);
  const passes = bound === 'min' ? past >= 0 : past <= 0;
  const { label } = metricText(metric);
  const [shown, shownLimit] = formatApart(value, limit, decimalsFor(value));
  const side = { min: ['at least', 'below the lowest'], max: ['at most', 'above the highest'] }[bound];
  const detail = passes
    ? `${label} is ${shown}, ${side[0]} ${shownLimit}.`
    : `${label} is ${shown}, ${side[1]} that passes, ${shownLimit}.`;
  return { ...NO_NUMBERS, name, outcome: passes ? 'pass' : 'fail', detail, value, limit };
}

/**
 * Passes if the candidate's one-sided bound is better than the constant prediction.
 *
 * @param estimate oriented: higher is better
 * @param constant the constant prediction's value, oriented
 * @param sign 1, or -1 if a lower value of the metric is better
 */
export function floorCheck(
  metric: string,
  estimate: Estimate,
  constant: number,
  sign: 1 | -1,
  confidence: number,
): Check {
  const bound = estimate.quantile(1 - confidence);
  const passes = order({ value: bound, scale: Math.abs(estimate.value) }, constant) > 0;
  const decimals = decimalsFor(estimate.value, constant);
  const [shownBound, shownConstant] = formatApart(sign * bound, sign * constant, decimals);
  const side = sign === 1 ? 'a lower' : 'an upper';
  const detail =
    `${metricText(metric).label} is ${formatValue(sign * estimate.value, decimals)} with ${side} bound of ${shownBound} ` +
    `at ${formatConfidence(confidence)}, which ${passes ? 'beats' : 'does not beat'} the constant prediction's ${shownConstant}.`;
  const numbers = { value: sign * estimate.value, bound: sign * bound, limit: sign * constant, confidence };
  return { name: 'floor', outcome: passes ? 'pass' : 'fail', detail, ...numbers };
}

/** A metric's value for the candidate and for the model that it is compared with. */
interface Compared {
  metric: string;
  candidate: number;
  other: number;
}

/**
 * The rule non_inferior with a margin; superior is the same with margin 0.
 *
 * @param difference candidate minus other, oriented: higher is better
 */
export function comparisonCheck(
  name: string,
  { metric, candidate, other }: Compared,
  { difference, margin, confidence }: { difference: Estimate; margin: number; confidence: number },
): Check {
  const limit = margin === 0 ? 0 : -margin;
  const scale = Math.abs(other) + Math.abs(difference.value);
  const lower = difference.quantile(1 - confidence);
  const upper = difference.quantile(confidence);
  const passes = order({ value: lower, scale }, limit) > 0;
  const fails = order({ value: upper, scale }, limit) < 0;
  const outcome = passes ? 'pass' : fails ? 'fail' : 'inconclusive';
  const bound = fails ? upper : lower;
  const decimals = decimalsFor(candidate, other);
  const detail =
    `${metricText(metric).label} is ${comparedTo(difference.value, decimals)} the ${name}'s` +
    `${boundWords(outcome, { value: bound, scale }, limit, decimals)} at ${formatConfidence(confidence)} confidence; ` +
    `${margin === 0 ? 'only better passes' : `the margin is ${formatValue(margin, decimals)}`}.`;
  return { name, outcome, detail, value: difference.value, bound, limit, confidence };
}

/** The bound in words: the lower one if the check passes or is inconclusive, the upper one if it fails. */
function boundWords(outcome: Check['outcome'], bound: Sized, limit: number, decimals: number): string {
  if (order(bound, 0) === 0) return outcome === 'inconclusive' ? ' and may be no better' : ', no worse';
  const shown = formatApart(order(bound, limit) === 0 ? limit : bound.value, limit, decimals)[0].replace(
    '−',
    '',
  );
  if (outcome === 'inconclusive') return ` and may be ${shown} worse`;
  if (bound.value > 0) return `, at least ${shown} better`;
  return outcome === 'pass' ? `, at most ${shown} worse` : `, at least ${shown} worse`;
}

/**
 * A point difference below the limit is inconclusive.
 *
 * @param difference oriented: higher is better
 */
export function minChangeCheck(
  { metric, candidate, other }: Compared,
  difference: number,
  limit: number,
): Check {
  const scale = Math.max(Math.abs(candidate), Math.abs(other));
  const enough = order({ value: difference, scale }, limit) >= 0;
  const decimals = decimalsFor(candidate, other);
  const detail =
    `${metricText(metric).label} is ${comparedTo(difference, decimals)} the champion's, ` +
    `${enough ? 'at least' : 'below'} the least change that counts, ${formatValue(limit, decimals)}.`;
  const outcome = enough ? 'pass' : 'inconclusive';
  return { ...NO_NUMBERS, name: 'min_change', outcome, detail, value: difference, limit };
}

/**
 * Fails if the champion's value minus the candidate's exceeds the largest drop allowed.
 *
 * @param of the slice's name in the sentence
 * @param drop oriented: positive is worse
 */
export function dropCheck(
  name: string,
  of: string,
  { metric, candidate, other }: Compared,
  drop: number,
  limit: number,
): Check {
  const scale = Math.max(Math.abs(candidate), Math.abs(other));
  const passes = order({ value: drop, scale }, limit) <= 0;
  const decimals = decimalsFor(candidate, other);
  const [shown, shownLimit] = formatApart(Math.abs(drop), limit, decimals);
  const how = passes ? comparedTo(-drop, decimals) : `${shown} worse than`;
  const detail =
    `${metricText(metric).label} of ${of} is ${how} the champion's; ` +
    `${passes ? `a drop of ${formatValue(limit, decimals)} is allowed` : `a drop of ${shownLimit} is the most allowed`}.`;
  const outcome = passes ? 'pass' : 'fail';
  return { ...NO_NUMBERS, name, outcome, detail, value: 0 - drop, limit: 0 - limit };
}

import type { Estimate } from './estimate.ts';
import { shownApart, shownNumber, shownPercent } from './text.ts';
import type { Check } from './verdict.ts';

/** The rules of CONTRACT.md ("How checks decide"), each from numbers to one check. */

/** A number and the size of the numbers that it came from. */
interface Sized {
  value: number;
  scale: number;
}

/** Real-number order: what differs in the last bits of a float64 only is equal. */
function order({ value, scale }: Sized, limit: number): number {
  return Math.abs(value - limit) <= 1e-12 * Math.max(scale, Math.abs(limit)) ? 0 : value - limit;
}

const NO_NUMBERS = { value: null, bound: null, limit: null, confidence: null };

/** A check that cannot be made fails: the gate fails closed. */
export function failed(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'fail', detail };
}

export function passed(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'pass', detail };
}

/** The point estimate against a least or a largest value, both of which pass. */
export function thresholdCheck(
  name: string,
  metric: string,
  value: number,
  bound: 'min' | 'max',
  limit: number,
): Check {
  const past = order({ value, scale: Math.abs(value) }, limit);
  const passes = bound === 'min' ? past >= 0 : past <= 0;
  const [shown, shownLimit] = shownApart(value, limit);
  const side = { min: ['at least', 'below the least'], max: ['at most', 'above the largest'] }[bound];
  const detail = passes
    ? `${metric} is ${shown}, ${side[0]} ${shownLimit}.`
    : `${metric} is ${shown}, ${side[1]} that passes, ${shownLimit}.`;
  return { ...NO_NUMBERS, name, outcome: passes ? 'pass' : 'fail', detail, value, limit };
}

/**
 * The one-sided bound of the candidate above the constant prediction.
 *
 * @param estimate oriented: higher is better
 * @param constant the constant prediction's value, oriented
 * @param sign 1, or -1 where the metric's own direction is the other
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
  const [shownBound, shownConstant] = shownApart(sign * bound, sign * constant);
  const level = shownPercent(confidence);
  const side = sign === 1 ? 'lower' : 'upper';
  const detail = `${metric} is ${shownNumber(sign * estimate.value)} with a ${side} bound of ${shownBound} at ${level}, which ${
    passes ? 'beats' : 'does not beat'
  } the constant prediction's ${shownConstant}.`;
  const numbers = { value: sign * estimate.value, bound: sign * bound, limit: sign * constant, confidence };
  return { name: 'floor', outcome: passes ? 'pass' : 'fail', detail, ...numbers };
}

/**
 * non_inferior with a margin; superior is the same with 0.
 *
 * @param difference candidate minus other, oriented: higher is better
 * @param scale the size of the values that were subtracted
 */
export function comparisonCheck(
  name: string,
  {
    metric,
    difference,
    scale,
    margin,
    confidence,
  }: {
    metric: string;
    difference: Estimate;
    scale: number;
    margin: number;
    confidence: number;
  },
): Check {
  const limit = margin === 0 ? 0 : -margin;
  const lower = difference.quantile(1 - confidence);
  const upper = difference.quantile(confidence);
  const passes = order({ value: lower, scale }, limit) > 0;
  const fails = order({ value: upper, scale }, limit) < 0;
  const bound = fails ? upper : lower;
  const [shownBound, shownLimit] = shownApart(bound, limit);
  const how = difference.value === 0 ? 'equal to' : difference.value > 0 ? 'better than' : 'worse than';
  const size = difference.value === 0 ? '' : `${shownNumber(Math.abs(difference.value))} `;
  const verdict = passes ? 'above' : fails ? 'below' : 'not above';
  const detail =
    `${metric} is ${size}${how} the ${name}'s: the ${fails ? 'upper' : 'lower'} bound of the difference at ` +
    `${shownPercent(confidence)} is ${shownBound}, ${verdict} ${shownLimit}.`;
  const outcome = passes ? 'pass' : fails ? 'fail' : 'inconclusive';
  return { name, outcome, detail, value: difference.value, bound, limit, confidence };
}

/** A point difference below either limit is inconclusive. */
export function minChangeCheck(metric: string, difference: number, scale: number, limit: number): Check {
  const enough = order({ value: difference, scale }, limit) >= 0;
  const [shown, shownLimit] = shownApart(difference, limit);
  const detail = `The difference in ${metric}, ${shown}, is ${enough ? 'at least' : 'below'} the least change that counts, ${shownLimit}.`;
  return {
    ...NO_NUMBERS,
    name: 'min_change',
    outcome: enough ? 'pass' : 'inconclusive',
    detail,
    value: difference,
    limit,
  };
}

/**
 * Fails where champion minus candidate exceeds the largest drop.
 *
 * @param drop oriented: positive is worse
 */
export function dropCheck(name: string, metric: string, drop: number, scale: number, limit: number): Check {
  const passes = order({ value: drop, scale }, limit) <= 0;
  const [shown, shownLimit] = shownApart(Math.abs(drop), limit);
  const size = drop === 0 ? 'equal to' : `${shown} ${drop > 0 ? 'worse than' : 'better than'}`;
  const detail = `${metric} is ${size} the champion's; a drop of ${shownLimit} ${passes ? 'is allowed' : 'is the most allowed'}.`;
  return {
    ...NO_NUMBERS,
    name,
    outcome: passes ? 'pass' : 'fail',
    detail,
    value: 0 - drop,
    limit: 0 - limit,
  };
}

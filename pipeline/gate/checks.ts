import { decimalsFor, formatApart, formatConfidence, formatCountOf, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { type Check, NO_NUMBERS } from './verdict.ts';
import { amountOf, comparedTo } from './wording.ts';

/** The gate's decision rules: each turns numbers into one check. */

/** A number and the size of the numbers that it came from. */
interface Sized {
  value: number;
  scale: number;
}

/** Compares a value with a limit; differences in the last bits of a float64 count as equal. */
export function order({ value, scale }: Sized, limit: number): number {
  return Math.abs(value - limit) <= 1e-12 * Math.max(scale, Math.abs(limit)) ? 0 : value - limit;
}

/** A failed check. A check that cannot be computed fails too: the gate fails closed. */
export function failed(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'fail', detail };
}

/** A check that had nothing to judge. It is no pass. */
export function notJudged(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'not_judged', detail };
}

export function inconclusive(name: string, detail: string): Check {
  return { ...NO_NUMBERS, name, outcome: 'inconclusive', detail };
}

/** The words for a limit: "at least" and "below the lowest" of a minimum, and so on. */
const SIDES = { min: ['at least', 'below the lowest'], max: ['at most', 'above the highest'] } as const;

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
  const [within, beyond] = SIDES[bound];
  const detail = passes
    ? `${label} is ${shown}, ${within} ${shownLimit}.`
    : `${label} is ${shown}, ${beyond} that passes, ${shownLimit}.`;
  return { ...NO_NUMBERS, name, outcome: passes ? 'pass' : 'fail', detail, value, limit };
}

/** Compares the one-sided bounds with the limit: pass where the safe one is within it, fail where the other is not. */
export function thresholdBoundCheck(
  name: string,
  metric: string,
  estimate: Estimate,
  side: 'min' | 'max',
  { limit, confidence }: { limit: number; confidence: number },
): Check {
  const sign = side === 'min' ? 1 : -1;
  const at = (p: number) => estimate.quantile(side === 'min' ? 1 - p : p);
  const scale = Math.abs(estimate.value);
  const [safe, other] = [at(confidence), at(1 - confidence)];
  const passes = sign * order({ value: safe, scale }, limit) >= 0;
  const fails = sign * order({ value: other, scale }, limit) < 0;
  const outcome = passes ? 'pass' : fails ? 'fail' : 'inconclusive';
  const bound = fails ? other : safe;
  const { label } = metricText(metric);
  const decimals = decimalsFor(estimate.value);
  const [shown, shownLimit] = formatApart(bound, limit, decimals);
  const [within, beyond] = SIDES[side];
  const which = (side === 'min') === !fails ? 'a lower' : 'an upper';
  const how = {
    pass: `${within} ${shownLimit}`,
    fail: `${beyond} that passes, ${shownLimit}`,
    inconclusive: `so that neither ${within} ${shownLimit} nor its opposite is shown`,
  }[outcome];
  const detail =
    `${label} is ${formatValue(estimate.value, decimals)} with ${which} bound of ${shown} ` +
    `at ${formatConfidence(confidence)} confidence, ${how}.`;
  return { name, outcome, detail, value: estimate.value, bound, limit, confidence };
}

/**
 * Passes if the lower bound of the candidate's lead over the constant prediction is above 0; the constant is resampled
 * on the same rows.
 *
 * @param difference candidate minus constant, oriented: higher is better
 */
export function floorCheck(
  { metric, candidate, other }: Compared,
  difference: Estimate,
  confidence: number,
): Check {
  const bound = difference.quantile(1 - confidence);
  const scale = Math.abs(other) + Math.abs(difference.value);
  const passes = order({ value: bound, scale }, 0) > 0;
  const decimals = decimalsFor(candidate, other);
  const atLeast = order({ value: bound, scale }, 0) === 0 ? 'no better' : amountOf(bound, decimals);
  const detail =
    `${metricText(metric).label} is ${formatValue(candidate, decimals)}, ${comparedTo(difference.value, decimals)} ` +
    `the constant prediction's ${formatValue(other, decimals)}${passes ? ', at least' : ', but it may be'} ` +
    `${atLeast} at ${formatConfidence(confidence)} confidence.`;
  const numbers = { value: difference.value, bound, limit: 0, confidence };
  return { name: 'floor', outcome: passes ? 'pass' : 'fail', detail, ...numbers };
}

/** Passes if the AUC's own lower bound is above 1/2, the AUC of every constant. */
export function aucFloorCheck(metric: string, estimate: Estimate, confidence: number): Check {
  const bound = estimate.quantile(1 - confidence);
  const passes = order({ value: bound, scale: 1 }, 0.5) > 0;
  const [shown, half] = formatApart(bound, 0.5, 3);
  const detail =
    `${metricText(metric).label} is ${formatValue(estimate.value, 3)} with a lower bound of ${shown} at ` +
    `${formatConfidence(confidence)} confidence, which ${passes ? 'beats' : 'does not beat'} the constant prediction's ${half}.`;
  const numbers = { value: estimate.value, bound, limit: 0.5, confidence };
  return { name: 'floor', outcome: passes ? 'pass' : 'fail', detail, ...numbers };
}

/** A metric's value for the candidate and for the model that it is compared with. */
interface Compared {
  metric: string;
  candidate: number;
  other: number;
}

interface Comparison {
  rule: 'non_inferior' | 'superior';
  /** candidate minus other, oriented: higher is better */
  difference: Estimate;
  margin: number;
  confidence: number;
  /** Whether both models predict the same row for row. */
  alike: boolean;
}

/** The rules non_inferior, with a margin, and superior, whose margin is 0 and which equal models do not pass. */
export function comparisonCheck(
  name: string,
  { metric, candidate, other }: Compared,
  { rule, difference, margin, confidence, alike }: Comparison,
): Check {
  const limit = margin === 0 ? 0 : -margin;
  const { label } = metricText(metric);
  const decimals = decimalsFor(candidate, other);
  const asked = rule === 'superior' ? 'only better passes' : `the margin is ${formatValue(margin, decimals)}`;
  if (alike) {
    const detail = `${label} is equal to the ${name}'s: both models predict the same row for row; ${asked}.`;
    const outcome = rule === 'superior' ? 'inconclusive' : 'pass';
    return { name, outcome, detail, value: 0, bound: 0, limit, confidence };
  }
  const scale = Math.abs(other) + Math.abs(difference.value);
  const lower = difference.quantile(1 - confidence);
  const upper = difference.quantile(confidence);
  const passes = order({ value: lower, scale }, limit) > 0;
  const fails = order({ value: upper, scale }, limit) < 0;
  const outcome = passes ? 'pass' : fails ? 'fail' : 'inconclusive';
  const bound = fails ? upper : lower;
  const numbers = { value: difference.value, bound, limit, confidence };
  const level = `at ${formatConfidence(confidence)} confidence`;
  if (outcome === 'inconclusive') {
    const open =
      rule === 'superior'
        ? 'neither better nor worse is shown'
        : `the margin of ${formatValue(margin, decimals)} is neither met nor excluded`;
    const range = rangeOf({ value: lower, scale }, { value: upper, scale }, decimals);
    return { name, outcome, detail: `${label} is ${range} the ${name}'s ${level}; ${open}.`, ...numbers };
  }
  const detail =
    `${label} is ${comparedTo(difference.value, decimals)} the ${name}'s` +
    `${boundWords(outcome, { value: bound, scale }, limit, decimals)} ${level}; ${asked}.`;
  return { name, outcome, detail, ...numbers };
}

/** "between .089 worse and .008 better than", "between .008 and .089 worse than", "up to .089 worse than" */
function rangeOf(lower: Sized, upper: Sized, decimals: number): string {
  const [low, high] = [lower, upper].map((end) => (order(end, 0) === 0 ? 0 : end.value)) as [number, number];
  const size = (value: number) => amountOf(value, decimals);
  const bare = (value: number) => size(value).replace(/ (better|worse)$/, '');
  if (high === 0) return `up to ${size(low)} than`;
  if (low === 0) return `up to ${size(high)} than`;
  if (low < 0 && high > 0) return `between ${size(low)} and ${size(high)} than`;
  const [nearer, farther] = high < 0 ? [high, low] : [low, high];
  return `between ${bare(nearer)} and ${size(farther)} than`;
}

/** The bound in words: the lower one if the check passes, the upper one if it fails. */
function boundWords(outcome: 'pass' | 'fail', bound: Sized, limit: number, decimals: number): string {
  if (order(bound, 0) === 0) return ', no worse';
  const shown = formatApart(order(bound, limit) === 0 ? limit : bound.value, limit, decimals)[0].replace(
    '−',
    '',
  );
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

/** The sentence on a holdout that is too small to conclude anything from. */
export function tooFew(rows: number, least: number, isRegression: boolean): string {
  const have = `${formatCountOf(rows, 'row')}${isRegression ? '' : ' of its rarest class'}`;
  return `The holdout has ${have}, too few to conclude from: gate.min_positives asks for at least ${least}.`;
}

/**
 * One slice, judged at the level that Holm's procedure gives it: fails where the upper bound shows a drop beyond the
 * limit; inconclusive where only the point is beyond it.
 *
 * @param of the slice's name in the sentence
 * @param difference candidate minus champion, oriented: higher is better
 * @param limit the negative of max_drop
 */
export function dropCheck(
  name: string,
  of: string,
  { metric, candidate, other }: Compared,
  { difference, limit, level }: { difference: Estimate; limit: number; level: number },
): Check {
  const scale = Math.max(Math.abs(candidate), Math.abs(other));
  const bound = difference.quantile(level);
  const fails = order({ value: bound, scale }, limit) < 0;
  const beyond = order({ value: difference.value, scale }, limit) < 0;
  const outcome = fails ? 'fail' : beyond ? 'inconclusive' : 'pass';
  const decimals = decimalsFor(candidate, other);
  const allowed = formatValue(-limit, decimals);
  const [shown, shownLimit] = formatApart(Math.abs(difference.value), -limit, decimals);
  const confidence = `at ${formatConfidence(level)} confidence`;
  const label = `${metricText(metric).label} of ${of} is`;
  const detail = {
    pass: `${label} ${comparedTo(difference.value, decimals)} the champion's; a drop of ${allowed} is allowed.`,
    fail: `${label} ${shown} worse than the champion's, at least ${formatApart(Math.abs(bound), -limit, decimals)[0]} worse ${confidence}; a drop of ${shownLimit} is the most allowed.`,
    inconclusive: `${label} ${shown} worse than the champion's, beyond the drop of ${shownLimit} that is allowed, but the slice is too small to show it: the upper bound is ${upperWords(bound, decimals)} ${confidence}.`,
  }[outcome];
  return { name, outcome, detail, value: difference.value, bound, limit, confidence: level };
}

const upperWords = (bound: number, decimals: number): string =>
  bound === 0 ? 'no difference' : amountOf(bound, decimals);

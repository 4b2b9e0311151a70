import { byCodePoint } from '../code-points.ts';
import { formatCount, formatCountOf } from '../format.ts';
import { metricText } from '../metrics.ts';
import { type Estimate, intervalOf, valueIntervalOf } from '../statistics/estimate.ts';
import { distance } from '../statistics/metrics.ts';
import { type Model, metricOf, modelOf } from '../statistics/model.ts';
import { samplingOf } from '../statistics/sampling.ts';
import { pick, positivesOf, type SliceColumn } from '../statistics/scores.ts';
import { dropCheck, failed, inconclusive, notJudged } from './checks.ts';
import { withGaps } from './gaps.ts';
import { type GatePolicy, resolveMargin } from './policy.ts';
import { smallestClass, whyTooFew } from './rules.ts';
import type { Check, SliceResult } from './verdict.ts';
import { whyAbsent } from './wording.ts';

interface Judged {
  results: SliceResult[];
  checks: Check[];
  notes: string[];
}

/** Most slices of a column, and of all columns, that are reported although they are too small to judge. */
const MOST_SMALL_SLICES = 50;
const MOST_SMALL_IN_ALL = 1000;
/** Most slices that are judged: with more, no drop could be shown at the level that each of them gets. */
const MOST_JUDGED = 1000;
/** Replicates of a slice's intervals. */
const SLICE_REPLICATES = 500;
/** Sentences cut a longer name or value; the check's name has it in full. */
const MOST_CHARACTERS = 40;

interface Slice {
  column: string;
  value: string;
  rows: Uint32Array;
  smallest: number;
}

/** A slice with its numbers, before Holm's procedure gives it a level. */
interface Measured {
  slice: Slice;
  result: Omit<SliceResult, 'level' | 'outcome' | 'reason'>;
  /** The check, or what it needs. */
  judgement: Check | { difference: Estimate; limit: number; p: number };
}

/**
 * The metric for each value of each slice column, and its check if the policy judges slices. A slice fails where the
 * upper bound of its difference shows a drop beyond max_drop. The levels are Holm's (Scandinavian Journal of Statistics
 * 6, 1979) over all slices judged: the chance that any slice of an equal candidate fails is at most 1 - confidence.
 */
export function judgeSlices(
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  { replicates, seed }: { replicates: number; seed: number },
): Judged {
  const least = policy.slices?.min_positives ?? 1;
  const { slices, notes } = listed(candidate, least);
  const large = slices.filter(({ smallest }) => smallest >= least).length;
  if (large > MOST_JUDGED) {
    const detail = `${formatCount(large)} slices are large enough to judge, expected at most ${formatCount(MOST_JUDGED)}: leave out columns of data.slices, or set gate.slices.min_positives higher.`;
    return {
      results: [],
      checks: policy.slices === null ? [] : [failed('slices', detail)],
      notes: [...notes, detail],
    };
  }
  const drawn = { replicates: Math.min(replicates, SLICE_REPLICATES), seed };
  const tooFewInAll = whyTooFew(candidate.rows, policy);
  const measured = slices.map((slice) => measure(slice, candidate, champion, policy, drawn, tooFewInAll));
  const checks = holm(measured, policy);
  const results = withGaps(
    measured.map(({ result }, i): SliceResult => {
      const { outcome, detail, confidence } = checks[i]!.slice;
      return { ...result, level: confidence, outcome, reason: detail };
    }),
  );
  if (policy.slices === null) {
    return { results, checks: [notJudged('slices', 'gate.slices is off.')], notes };
  }
  const own = checks.map(({ check }) => check);
  if (own.length === 0) own.push(notJudged('slices', 'The holdout has no column of data.slices.'));
  return { results, checks: own, notes };
}

/** The slices to report: all that are large enough to judge, and of the others a limited number. */
function listed(candidate: Model, least: number): { slices: Slice[]; notes: string[] } {
  const slices: Slice[] = [];
  const notes: string[] = [];
  let smallInAll = 0;
  for (const [column, values] of candidate.rows.slices) {
    let small = 0;
    for (const [code, rows] of rowsByValue(values)) {
      const smallest = smallestClass(candidate.rows, rows);
      if (smallest < least && (++small > MOST_SMALL_SLICES || ++smallInAll > MOST_SMALL_IN_ALL)) continue;
      slices.push({ column, value: values.values[code]!, rows, smallest });
    }
    if (small > MOST_SMALL_SLICES) {
      notes.push(
        `${column} has ${formatCount(small - MOST_SMALL_SLICES)} more slices that are too small to judge; they are not listed.`,
      );
    }
  }
  if (smallInAll > MOST_SMALL_IN_ALL) {
    notes.push(
      `Of slices that are too small to judge, the first ${formatCount(MOST_SMALL_IN_ALL)} are listed.`,
    );
  }
  return { slices, notes };
}

/** The values in code-point order, with their rows. */
function rowsByValue({ values, codes }: SliceColumn): [code: number, rows: Uint32Array][] {
  const counts = new Uint32Array(values.length);
  for (const code of codes) counts[code]!++;
  const rows = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let row = 0; row < codes.length; row++) rows[codes[row]!]![counts[codes[row]!]!++] = row;
  return [...rows.entries()]
    .filter(([, own]) => own.length > 0)
    .sort(([a], [b]) => byCodePoint(values[a]!, values[b]!));
}

/** @param tooFewInAll why the whole holdout is too small for any comparison; null if it is not */
function measure(
  slice: Slice,
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  drawn: { replicates: number; seed: number },
  tooFewInAll: string | null,
): Measured {
  const { column, value, rows, smallest } = slice;
  const metric = policy.slices?.metric ?? policy.primary;
  // The other slices' columns are left behind first: copying them for each slice would be quadratic.
  const part = (model: Model): Model =>
    modelOf(pick({ ...model.rows, slices: new Map() }, rows), model.threshold, model.costs);
  const own = part(candidate);
  const theirs = champion && part(champion);
  const values = [metricOf(own, metric), theirs && metricOf(theirs, metric)] as const;
  const whyNot = (model: Model) => whyAbsent(model, metric).replace('the holdout', 'the slice');
  const few = policy.slices !== null && smallest < policy.slices.min_positives;
  const note = values[0] === null ? whyNot(own) : few ? 'too few rows to judge' : null;
  const sampling = samplingOf(theirs === null ? [own] : [own, theirs], { ...drawn, metrics: [metric] });
  const estimate = sampling.of(own, metric);
  const difference = theirs && sampling.difference(own, theirs, metric);
  const result = {
    column,
    value,
    n: rows.length,
    positives: positivesOf(own.rows),
    metric,
    candidate: values[0],
    champion: values[1],
    interval: estimate && valueIntervalOf(metric, estimate, policy.confidence),
    difference: values[0] === null || values[1] === null ? null : values[0] - values[1],
    difference_interval: difference && intervalOf(difference, policy.confidence),
    ...(note === null ? {} : { note }),
  };
  const name = `slices ${column}=${value}`;
  const judged = (judgement: Measured['judgement']): Measured => ({ slice, result, judgement });
  if (policy.slices === null) return judged(notJudged(name, 'gate.slices is off.'));
  if (theirs === null) return judged(notJudged(name, 'There is no champion to compare with.'));
  if (tooFewInAll !== null) return judged(inconclusive(name, tooFewInAll));
  if (few) {
    const what = own.rows.problem === 'regression' ? '' : ' in its rarest class';
    const have = `${formatCountOf(smallest, 'row')}${what}; gate.slices.min_positives asks for ${policy.slices.min_positives}`;
    return judged(notJudged(name, `Not judged: ${have}.`));
  }
  for (const [model, whose] of [
    [own, 'candidate'],
    [theirs, 'champion'],
  ] as const) {
    if (metricOf(model, metric) !== null) continue;
    const detail = `${metricText(metric).label} of the ${whose} cannot be computed in ${sliceText(column, value)}: ${whyNot(model)}.`;
    return judged(failed(name, detail));
  }
  const oriented = sampling.orientedDifference(own, theirs, metric);
  const limit = 0 - resolveMargin(policy.slices.max_drop, distance(metric, values[1]!));
  if (oriented === null || Number.isNaN(limit)) {
    const why =
      oriented === null ? 'there are too few rows for a bound' : 'gate.slices.max_drop is no margin';
    return judged(failed(name, `${sliceText(column, value)} cannot be judged: ${why}.`));
  }
  return judged({ difference: oriented, limit, p: oriented.below(limit) });
}

/**
 * Holm's procedure: the slice with the smallest p of k is judged at 1 - alpha / k, the next at 1 - alpha / (k - 1), and
 * so on up to the first that does not fail; all that follow keep its level.
 *
 * @returns for each slice its check, and the slice's own answer, which a check may only report
 */
function holm(measured: readonly Measured[], policy: GatePolicy): { check: Check; slice: Check }[] {
  const tested = measured.flatMap(({ judgement, slice, result }) =>
    'outcome' in judgement ? [] : [{ judgement, slice, result }],
  );
  tested.sort((a, b) => a.judgement.p - b.judgement.p);
  const found = new Map<Slice, Check>();
  let step = 0;
  let goesOn = true;
  for (const { judgement, slice, result } of tested) {
    const level = 1 - (1 - policy.confidence) / (tested.length - step);
    const compared = { metric: result.metric, candidate: result.candidate!, other: result.champion! };
    const check = dropCheck(
      `slices ${slice.column}=${slice.value}`,
      sliceText(slice.column, slice.value),
      compared,
      { ...judgement, level },
    );
    goesOn &&= check.outcome === 'fail';
    if (goesOn) step++;
    found.set(slice, check);
  }
  return measured.map(({ judgement, slice }) => {
    const own = 'outcome' in judgement ? judgement : found.get(slice)!;
    const isReported =
      own.outcome === 'inconclusive' && found.has(slice) && policy.slices?.inconclusive === 'report';
    return { slice: own, check: isReported ? { ...own, outcome: 'pass' } : own };
  });
}

/** "Gender=Male" */
function sliceText(column: string, value: string): string {
  const short = (text: string) => {
    const characters = Array.from(text);
    return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : text;
  };
  return `${short(column)}=${short(value)}`;
}

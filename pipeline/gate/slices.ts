import { byCodePoint } from '../code-points.ts';
import { formatCount } from '../format.ts';
import { metricText } from '../metrics.ts';
import { valueIntervalOf } from '../statistics/estimate.ts';
import { orientation } from '../statistics/metrics.ts';
import { type Model, metricOf, modelOf } from '../statistics/model.ts';
import { samplingOf } from '../statistics/sampling.ts';
import { pick, type Scores, type SliceColumn } from '../statistics/scores.ts';
import { dropCheck, failed, passed } from './checks.ts';
import { type GatePolicy, resolveMargin } from './policy.ts';
import type { Check, SliceResult } from './verdict.ts';
import { whyAbsent } from './wording.ts';

interface Judged {
  results: SliceResult[];
  checks: Check[];
  notes: string[];
}

/** Most slices of a column that are reported although they are too small to judge. */
const MOST_SMALL_SLICES = 50;
/** Replicates of a slice's interval. It decides nothing, so few suffice. */
const SLICE_REPLICATES = 500;
/** Sentences cut a longer name or value; the check's name has it in full. */
const MOST_CHARACTERS = 40;

/** The metric for each value of each slice column, and its check if the policy judges slices. */
export function judgeSlices(
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  { replicates, seed }: { replicates: number; seed: number },
): Judged {
  const drawn = { replicates: Math.min(replicates, SLICE_REPLICATES), seed };
  const judged: Judged = { results: [], checks: [], notes: [] };
  const least = policy.slices?.min_positives ?? 1;
  for (const [column, slices] of candidate.rows.slices) {
    let small = 0;
    for (const [code, rows] of rowsByValue(slices)) {
      const slice = { column, value: slices.values[code]!, rows };
      const smallest = smallestClass(candidate.rows, rows);
      if (smallest < least && ++small > MOST_SMALL_SLICES) continue;
      const { result, check } = judgeSlice(slice, smallest, candidate, champion, policy, drawn);
      judged.results.push(result);
      if (check !== null) judged.checks.push(check);
    }
    if (small > MOST_SMALL_SLICES) {
      judged.notes.push(
        `${column} has ${formatCount(small - MOST_SMALL_SLICES)} more slices that are too small to judge; they are not listed.`,
      );
    }
  }
  if (policy.slices !== null && judged.checks.length === 0) judged.checks.push(passed('slices', 'none'));
  return judged;
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

/** Rows of the slice's rarest class: of both classes (binary) or of those present (multiclass). Regression: all. */
function smallestClass({ problem, labels }: Scores, rows: Uint32Array): number {
  if (problem === 'regression') return rows.length;
  const counts = new Map<number, number>(
    problem === 'binary'
      ? [
          [0, 0],
          [1, 0],
        ]
      : [],
  );
  for (const row of rows) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  return Math.min(...counts.values());
}

function judgeSlice(
  { column, value, rows }: { column: string; value: string; rows: Uint32Array },
  smallest: number,
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  drawn: { replicates: number; seed: number },
): { result: SliceResult; check: Check | null } {
  const metric = policy.slices?.metric ?? policy.primary;
  const part = (model: Model): Model =>
    modelOf({ ...pick(model.rows, rows), slices: new Map() }, model.threshold);
  const own = part(candidate);
  const theirs = champion && part(champion);
  const values = [metricOf(own, metric), theirs && metricOf(theirs, metric)] as const;
  const { problem, labels } = own.rows;
  const few = policy.slices !== null && smallest < policy.slices.min_positives;
  const whyNot = (model: Model) => whyAbsent(model, metric).replace('the holdout', 'the slice');
  const note = values[0] === null ? whyNot(own) : few ? 'too few rows to judge' : null;
  const estimate = samplingOf([own], { ...drawn, metrics: [metric] }).of(own, metric);
  const result: SliceResult = {
    column,
    value,
    n: rows.length,
    positives: problem === 'binary' ? labels.reduce((sum, label) => sum + label, 0) : null,
    metric,
    candidate: values[0],
    champion: values[1],
    interval: estimate && valueIntervalOf(metric, estimate, policy.confidence),
    ...(note === null ? {} : { note }),
  };
  if (policy.slices === null) return { result, check: null };
  const name = `slices ${column}=${value}`;
  if (few) {
    const what = problem === 'regression' ? 'rows' : 'rows in its rarest class';
    return {
      result,
      check: passed(name, `Not judged: ${smallest} ${what}; ${policy.slices.min_positives} are needed.`),
    };
  }
  if (champion === null) return { result, check: passed(name, 'none') };
  for (const [model, whose] of [
    [own, 'candidate'],
    [theirs!, 'champion'],
  ] as const) {
    if (metricOf(model, metric) === null) {
      return {
        result,
        check: failed(
          name,
          `${metricText(metric).label} of the ${whose} cannot be computed in ${sliceText(column, value)}: ${whyNot(model)}.`,
        ),
      };
    }
  }
  const orient = orientation(metric);
  const drop = orient(values[1]!) - orient(values[0]!);
  const limit = resolveMargin(policy.slices.max_drop, values[1]!);
  const compared = { metric, candidate: values[0]!, other: values[1]! };
  return { result, check: dropCheck(name, sliceText(column, value), compared, drop, limit) };
}

/** "Gender=Male" */
function sliceText(column: string, value: string): string {
  const short = (text: string) => {
    const characters = Array.from(text);
    return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : text;
  };
  return `${short(column)}=${short(value)}`;
}

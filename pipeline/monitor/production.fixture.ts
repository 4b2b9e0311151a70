import { aucEstimate } from '../statistics/auc.ts';
import { intervalOf } from '../statistics/estimate.ts';
import { metricOf, modelOf } from '../statistics/model.ts';
import type { Random } from '../statistics/random.ts';
import type { BinaryScores } from '../statistics/scores.ts';
import type { Look } from './look.ts';
import type { ColumnReference, Reference } from './reference.ts';
import { binOf, referenceOf } from './reference-of.ts';
import type { LabelledWindow, Summary, WindowColumn, WindowSummary } from './window.ts';

/** A simulated binary model in production: one column that decides, its score, and labels that follow from it. */
export interface Rows {
  column: Float64Array;
  scores: Float64Array;
  labels: Uint8Array;
}

/** How rows are drawn. The chance of the positive class is a logistic function of the column. */
export interface World {
  /** Mean of the column. */
  mean?: number;
  /** Log odds at a column of 0. */
  base?: number;
  /** Log odds by unit of the column: what the labels follow. */
  slope?: number;
  /** What the model believes; default: the truth when it was trained, base -1.7 and slope 1.5 (an AUC of .82). */
  believed?: { base: number; slope: number };
}

const TRAINED = { base: -1.7, slope: 1.5 };

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

export function drawRows(n: number, random: Random, world: World = {}): Rows {
  const { mean = 0, base = TRAINED.base, slope = TRAINED.slope, believed = TRAINED } = world;
  const rows = { column: new Float64Array(n), scores: new Float64Array(n), labels: new Uint8Array(n) };
  for (let i = 0; i < n; i++) {
    const x = mean + random.normal();
    rows.column[i] = x;
    rows.scores[i] = logistic(believed.base + believed.slope * x);
    rows.labels[i] = random.uniform() < logistic(base + slope * x) ? 1 : 0;
  }
  return rows;
}

export const THRESHOLD = 0.3;

const scoresOf = ({ scores, labels }: Rows): BinaryScores => ({
  problem: 'binary',
  source: 'simulated',
  ids: Array.from(labels, (_, i) => `${i}`),
  slices: new Map(),
  positions: null,
  classes: ['No', 'Yes'],
  labels,
  scores,
  predicted: null,
});

/** The value of a metric on rows. */
export function measuredOn(rows: Rows, metric: string): number {
  return metricOf(modelOf(scoresOf(rows), THRESHOLD), metric) ?? Number.NaN;
}

const EDGES = [-1.28, -0.84, -0.52, -0.25, 0, 0.25, 0.52, 0.84, 1.28];

/** A package's reference from a holdout, and from training rows ten times as many. */
export function referenceFrom(holdout: Rows, random: Random): Reference {
  const scores = scoresOf(holdout);
  const model = modelOf(scores, THRESHOLD);
  const auc = aucEstimate(model.placements!, null)!;
  const training = drawRows(10 * holdout.labels.length, random);
  const columns: ColumnReference[] = [
    {
      name: 'income',
      type: 'number',
      edges: EDGES,
      counts: countsOf(training.column, EDGES),
      missing: 0,
      range: [training.column.toSorted()[0]!, training.column.toSorted().at(-1)!],
    },
    {
      name: 'city',
      type: 'category',
      categories: ['Bonn', 'Graz'],
      counts: [6 * holdout.labels.length, 4 * holdout.labels.length],
      others: 0,
      missing: 0,
      known: ['Bonn', 'Graz'],
    },
  ];
  const metrics = { roc_auc: { candidate: auc.value, interval: intervalOf(auc, 0.95) } };
  return referenceOf(scores, metrics, ['No', 'Yes'], columns, THRESHOLD);
}

function countsOf(values: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) counts[binOf(value, edges)]!++;
  return counts;
}

export const DAY = 86_400;

const FIRST = Date.parse('2026-01-05T00:00:00.000Z');

/** The time of the start of the k-th window of a week. */
export const weekStart = (k: number): string => new Date(FIRST + k * 7 * DAY * 1000).toISOString();

/** What prepare's job counts of a week's rows. */
export function windowOf(rows: Rows, week: number, reference: Reference, name = 'p1'): WindowSummary {
  const n = rows.labels.length;
  const [{ edges }] = reference.scores as [Reference['scores'][number]];
  const sums = new Array<number>(edges.length + 1).fill(0);
  for (const score of rows.scores) sums[binOf(score, edges)]! += score;
  const flagged = rows.scores.reduce((sum, score) => sum + (score >= THRESHOLD ? 1 : 0), 0);
  const [bonn, graz] = [Math.round(0.6 * n), n - Math.round(0.6 * n)];
  const columns: WindowColumn[] = [
    { name: 'income', type: 'number', absent: false, counts: countsOf(rows.column, EDGES), missing: 0 },
    {
      name: 'city',
      type: 'category',
      absent: false,
      counts: [bonn, graz],
      others: 0,
      unseen: 0,
      examples: [],
      missing: 0,
    },
  ];
  return {
    package: name,
    start: weekStart(week),
    end: weekStart(week + 1),
    rows: n,
    scores: [{ name: '', counts: countsOf(rows.scores, edges), sums, bad: 0 }],
    decisions: [n - flagged, flagged],
    columns,
  };
}

export const summaryOf = (windows: WindowSummary[], sources: string[]): Summary => ({
  version: 1,
  sources,
  windows,
  truth: { rows: 0, conflicts: 0, unknown: 0, early: 0, future: 0, bad: 0, matched: 0 },
  notes: [],
});

/** A window with labels of the first `labelled` rows. */
export function labelledOf(
  rows: Rows,
  week: number,
  name = 'p1',
  labelled = rows.labels.length,
): LabelledWindow {
  const share = labelled / rows.labels.length;
  const tenth = Math.ceil(rows.labels.length / 10);
  return {
    package: name,
    start: weekStart(week),
    end: weekStart(week + 1),
    uri: `file:///labelled/${week}-${labelled}.parquet`,
    first: 0,
    rows: labelled,
    coverage: Array.from({ length: 10 }, () => ({ rows: tenth, labelled: Math.round(tenth * share) })),
  };
}

export const settings: Look['settings'] = {
  schedule: 'weekly',
  window: 7 * DAY,
  truth: 'truth.csv',
  label_delay: 7 * DAY,
  coverage: 0.5,
  drift: { tolerance: 0.1, false_alarms: 0.05 },
  decay: { metric: 'roc_auc', min: 0.72, mean_labels_between_false_alarms: 20_000, cool_down: 7 * DAY },
};

/** A look at the end of a week, which reads that week's predictions and the labels of the week before. */
export function lookAt(
  week: number,
  weeks: readonly Rows[],
  reference: Reference | null,
  { name = 'p1', shape, ...changes }: { name?: string; shape?: Reference } & Partial<Look> = {},
): Look {
  const labelled = week > 0 ? [labelledOf(weeks[week - 1]!, week - 1, name)] : [];
  return {
    model: 'churn',
    settings,
    at: weekStart(week + 1),
    current: name,
    gone: null,
    references: new Map([[name, reference]]),
    summary: summaryOf([windowOf(weeks[week]!, week, (reference ?? shape)!, name)], [`release-${week}`]),
    labelled,
    read: async ({ start, rows }) => {
      const found = weeks[Math.round((Date.parse(start) - FIRST) / (7 * DAY * 1000))]!;
      return { scores: found.scores.slice(0, rows), labels: Float64Array.from(found.labels.slice(0, rows)) };
    },
    ...changes,
  };
}

import { formatCount, formatCountOf, formatPercent, formatTime } from '../format.ts';
import { readLosses, startDetectors } from '../statistics/detectors.ts';
import { type LabelledScores, rawLosses, scaled, usable } from '../statistics/losses.ts';
import type { Detectors, WindowLabels, WindowRecord } from './history.ts';
import type { Limit } from './limit.ts';
import { measure } from './measure.ts';
import { keyOf } from './merge-summary.ts';
import type { Reference } from './reference.ts';
import type { LabelledWindow } from './window.ts';

/** Rows of a labelled window, in order of predicted_at, then row id. */
export interface LabelledRows {
  /** n, or n times k. */
  scores: Float64Array;
  /** n codes of classes, or values. */
  labels: Float64Array;
}

/** Whether enough labels are there to judge by, or why not. */
export function maturity(
  { due }: Pick<WindowLabels, 'due'>,
  coverage: LabelledWindow['coverage'],
  { at, least }: { at: string; least: number },
): string | null {
  if (Date.parse(at) < Date.parse(due)) return `labels are due on ${formatTime(due)}`;
  const filled = coverage.filter(({ rows }) => rows > 0);
  if (filled.length === 0) return 'no labels came';
  const shares = filled.map(({ rows, labelled }) => labelled / rows);
  const worst = Math.min(...shares);
  if (worst >= least) return null;
  const labelled = coverage.reduce((sum, tenth) => sum + tenth.labelled, 0);
  if (labelled === 0) return 'no labels came';
  return `only ${formatPercent(worst)} of the predictions in one tenth of the scores have a label, and ${formatPercent(least)} is asked for`;
}

/** Labels of a window as they are now: its metrics anew, if there is something new. */
export function recordLabels(
  record: WindowRecord,
  { coverage, rows: count }: LabelledWindow,
  { rows, why }: { rows: LabelledRows; why: string | null },
  reference: Reference,
): WindowRecord {
  const { labels } = record;
  const { rows: good, bad } = usable(labelledScores(reference, rows));
  const state: WindowLabels['state'] = labels.state === 'mature' || why === null ? 'mature' : 'not yet';
  // Early labels are no sample of the window: the quick ones differ from the rest.
  const metrics = state === 'not yet' || good.labels.length === 0 ? {} : measure(good);
  const next = {
    ...labels,
    state,
    why: labels.state === 'mature' ? labels.why : why,
    count,
    bad,
    coverage: [...coverage],
    late: labels.read === null ? 0 : Math.max(0, count - labels.read),
    metrics,
  };
  const isNew = JSON.stringify(next) !== JSON.stringify(labels);
  return isNew ? { ...record, labels: { ...next, version: labels.version + 1 } } : record;
}

/** What detectors read from one window. */
export interface Reading {
  detectors: Detectors;
  /** A sentence where nothing could be read. */
  why: string | null;
}

/** Detectors after the labels of a mature window, which they read once. */
export function detect(
  before: Detectors | undefined,
  window: LabelledWindow,
  rows: LabelledRows,
  { reference, limit }: { reference: Reference; limit: Limit },
): Reading {
  const detectors = detectorsFor(before, limit);
  const { rows: good } = usable(labelledScores(reference, rows));
  const raw = rawLosses(limit.metric, good, seedOf(keyOf(window)));
  if (raw.values.length === 0)
    return {
      detectors,
      why: `the window from ${formatTime(window.start)} has ${formatCountOf(good.labels.length, 'usable label')} and none that ${limit.metric} could be told from`,
    };
  const { values, labels } = scaled(limit.metric, raw, limit.scale);
  return { detectors: { ...detectors, state: readLosses(detectors.state, values, labels) }, why: null };
}

/** Detectors that begin anew where none are, or where the metric or its limit was changed. */
export function detectorsFor(before: Detectors | undefined, limit: Limit): Detectors {
  if (before !== undefined && isFor(before, limit)) return before;
  const { metric, value, scale, loss } = limit;
  return { metric, limit: value, scale, state: startDetectors(loss) };
}

/** Whether detectors have read for this limit. */
export const isFor = (detectors: Detectors, { metric, value, scale }: Limit): boolean =>
  detectors.metric === metric && detectors.limit === value && detectors.scale === scale;

function labelledScores(reference: Reference, { scores, labels }: LabelledRows): LabelledScores {
  const { problem, threshold } = reference;
  const decided = problem !== 'regression' && reference.scores.length === 0;
  const classes = reference.labels.length;
  const width = problem === 'multiclass' && !decided ? classes : 1;
  if (scores.length !== labels.length * width)
    throw new Error(
      `a labelled window has ${formatCount(scores.length)} scores for ${formatCountOf(labels.length, 'label')}, expected ${width} each`,
    );
  return { problem, classes, scores, labels, threshold, decided };
}

/** FNV-1a: which rows are paired depends on the window alone. */
function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

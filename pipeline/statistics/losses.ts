import type { Problem } from '../metrics.ts';
import { metricText } from '../metrics.ts';
import { watchable } from '../watchable.ts';
import { clipped } from './metrics.ts';
import { Random } from './random.ts';

const { abs, floor, log, max, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Predictions with labels, in order. */
export interface LabelledScores {
  problem: Problem;
  /** Classes; 0 for regression. */
  classes: number;
  /** n probabilities of the positive class, n times k of each class, n codes of classes (`decided`), or n values. */
  scores: Float64Array;
  /** n codes of classes, or values. */
  labels: Float64Array;
  /** The lowest score that is predicted positive. */
  threshold: number | null;
  /** The model answers classes alone. */
  decided: boolean;
}

export interface Losses {
  /** In [0, 1], in order of the rows. */
  values: Float64Array;
  /** How many labels each stands for: rows / values. */
  labels: number;
}

/** What a loss of 1 stands for, of metrics whose own loss has no bound: larger losses count as 1. */
const UNBOUNDED = ['log_loss', 'rmse', 'mae'];

/** Rows without a finite score or label, taken out. */
export function usable(rows: LabelledScores): { rows: LabelledScores; bad: number } {
  const n = rows.labels.length;
  const width = n === 0 ? 1 : rows.scores.length / n;
  const kept: number[] = [];
  for (let i = 0; i < n; i++) {
    let isUsable = isLabel(rows, rows.labels[i]!);
    for (let k = 0; k < width; k++) isUsable &&= Number.isFinite(rows.scores[i * width + k]!);
    if (isUsable) kept.push(i);
  }
  if (kept.length === n) return { rows, bad: 0 };
  const scores = new Float64Array(kept.length * width);
  for (const [place, i] of kept.entries())
    for (let k = 0; k < width; k++) scores[place * width + k] = rows.scores[i * width + k]!;
  const labels = Float64Array.from(kept, (i) => rows.labels[i]!);
  return { rows: { ...rows, scores, labels }, bad: n - kept.length };
}

const isLabel = ({ problem, classes }: LabelledScores, label: number): boolean =>
  problem === 'regression'
    ? Number.isFinite(label)
    : Number.isInteger(label) && label >= 0 && label < max(2, classes);

/** The code of each row's predicted class: the threshold's, or the most probable one and the first of equals. */
export function decisionsOf({
  problem,
  classes,
  scores,
  labels,
  threshold,
  decided,
}: LabelledScores): Int32Array {
  if (decided) return Int32Array.from(scores);
  if (problem === 'binary') return Int32Array.from(scores, (score) => (score >= (threshold ?? 0.5) ? 1 : 0));
  return Int32Array.from(labels, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[i * classes + c]! > scores[i * classes + best]!) best = c;
    return best;
  });
}

/**
 * The losses whose mean a metric is, unbounded and in the metric's own unit where it has no bound (`lossValue` turns the mean
 * into the metric). ROC AUC: blocks of three rows of the rarer class with an equal share of the other class,
 * drawn by `seed`, each row in one block; the loss is the share of a block's pairs that are ranked wrong, ties half. So losses are
 * independent of each other and their mean is 1 - AUC.
 * Precision, recall and F1 have a loss for each of the rows that they are about: those called positive; those that are
 * positive; and those that are either. Rows must be usable.
 */
export function rawLosses(metric: string, rows: LabelledScores, seed: number): Losses {
  const { problem, classes, scores, labels } = rows;
  const n = labels.length;
  const reason = watchable(metric, problem);
  if (reason !== null) throw new Error(`${metric} has no bounded loss: ${reason}`);
  const all = (of: (row: number) => number) => ({
    values: Float64Array.from(labels, (_, i) => of(i)),
    labels: 1,
  });
  switch (metric) {
    case 'roc_auc':
      return pairLosses(scores, labels, seed);
    case 'brier':
      return all((i) => (labels[i]! - scores[i]!) ** 2);
    case 'log_loss':
      return all((i) => {
        if (problem === 'multiclass') return -log(clipped(scores[i * classes + labels[i]!]!));
        return -log(clipped(labels[i] === 1 ? scores[i]! : 1 - scores[i]!));
      });
    case 'rmse':
      return all((i) => (labels[i]! - scores[i]!) ** 2);
    case 'mae':
      return all((i) => abs(labels[i]! - scores[i]!));
  }
  const decisions = decisionsOf(rows);
  if (metric === 'accuracy') return all((i) => (decisions[i] === labels[i] ? 0 : 1));
  const isAbout = {
    precision: (i: number) => decisions[i] === 1,
    recall: (i: number) => labels[i] === 1,
    f1: (i: number) => decisions[i] === 1 || labels[i] === 1,
  }[metric];
  if (isAbout === undefined) throw new Error(`${metric} has no loss here`);
  const values: number[] = [];
  for (let i = 0; i < n; i++) if (isAbout(i)) values.push(decisions[i] === labels[i] ? 0 : 1);
  return { values: Float64Array.from(values), labels: values.length === 0 ? 1 : n / values.length };
}

/**
 * Rows of the rarer class in a block. With one, an alarm needs a fifth more labels, since each row of the rarer class meets few
 * of the others; with six, small windows have too few losses (npm run simulate -- monitor --table delay).
 */
const RARE_IN_BLOCK = 3;

function pairLosses(scores: Float64Array, labels: Float64Array, seed: number): Losses {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < labels.length; i++) (labels[i] === 1 ? positives : negatives).push(scores[i]!);
  const isPositiveRarer = positives.length <= negatives.length;
  const [rare, common] = isPositiveRarer ? [positives, negatives] : [negatives, positives];
  if (rare.length === 0) return { values: new Float64Array(0), labels: 1 };
  const random = new Random(seed);
  for (let i = common.length - 1; i > 0; i--) {
    const j = floor(random.uniform() * (i + 1));
    [common[i], common[j]] = [common[j]!, common[i]!];
  }
  const blocks = max(1, floor(rare.length / RARE_IN_BLOCK));
  const startOf = (block: number, of: number[]) => floor((block * of.length) / blocks);
  const values = Float64Array.from({ length: blocks }, (_, block) => {
    const [rareStart, rareEnd] = [startOf(block, rare), startOf(block + 1, rare)];
    const [commonStart, commonEnd] = [startOf(block, common), startOf(block + 1, common)];
    let wrong = 0;
    for (let i = rareStart; i < rareEnd; i++)
      for (let k = commonStart; k < commonEnd; k++) {
        const difference = isPositiveRarer ? rare[i]! - common[k]! : common[k]! - rare[i]!;
        wrong += difference < 0 ? 1 : difference === 0 ? 0.5 : 0;
      }
    return wrong / (rareEnd - rareStart) / (commonEnd - commonStart);
  });
  return { values, labels: labels.length / blocks };
}

/**
 * What a loss of 1 stands for: twice the 99th percentile of the holdout's losses (RMSE: of its absolute errors), so that
 * hardly any loss is cut and yet the scale is no larger than it must be; 1 where the metric's own loss is bounded.
 */
export function scaleOf(metric: string, raw: Losses): number {
  if (!UNBOUNDED.includes(metric)) return 1;
  const sorted = raw.values.toSorted();
  const high = 2 * (sorted[min(sorted.length - 1, floor(0.99 * sorted.length))] ?? 0);
  return metric === 'rmse' ? 2 * sqrt(high / 2) : high;
}

/** Losses in [0, 1]: raw ones over the scale, cut at 1. A mean of cut losses is at most the mean of the raw ones. */
export function scaled(metric: string, { values, labels }: Losses, scale: number): Losses {
  const unit = metric === 'rmse' ? scale * scale : scale;
  return { values: values.map((loss) => min(1, loss / unit)), labels };
}

/** The mean loss in [0, 1] at which a metric has this value. */
export function lossAt(metric: string, value: number, scale: number): number {
  if (metric === 'rmse') return (value / scale) ** 2;
  if (metric === 'f1') return (2 - 2 * value) / (2 - value);
  return metricText(metric).better === 'higher' ? 1 - value : value / scale;
}

/** The metric's value at a mean loss: the inverse of lossAt. */
export function lossValue(metric: string, loss: number, scale: number): number {
  if (metric === 'rmse') return sqrt(max(0, loss)) * scale;
  if (metric === 'f1') return (2 - 2 * loss) / (2 - loss);
  return metricText(metric).better === 'higher' ? 1 - loss : loss * scale;
}

import type { Curve } from './curve.ts';
import { type DecisionCurve, decisionCurve } from './decision-curve.ts';
import type { Interval } from './estimate.ts';

export interface CalibrationBin {
  /** Mean predicted probability, share of positives, rows, and the share's 95 % Wilson interval. */
  predicted: number;
  observed: number;
  n: number;
  interval: Interval;
}

/** The plots of one model's holdout scores; the problem decides which there are. */
export interface ModelPlots {
  /** Binary: false-positive rate against true-positive rate. */
  roc?: Curve;
  /** Binary: recall against precision. */
  pr?: Curve;
  /** Binary: quantile bins, in the order of the prediction. */
  calibration?: CalibrationBin[];
  /** Binary: the net benefit by threshold; absent without rows of both classes. */
  decision?: DecisionCurve;
  /** Binary, score distribution: edges of the bins, counts of negatives and of positives. */
  histogram?: { edges: number[]; negatives: number[]; positives: number[] };
  /** Multiclass: rows are true classes, columns predicted classes (largest score), in the order of classes. */
  confusion?: { classes: string[]; counts: number[][] };
  /** Multiclass: quantile bins of the largest score; "observed" is the share of right predictions. */
  confidence?: CalibrationBin[];
  /** Multiclass: one class against the rest; a class without rows of both kinds is left out. */
  roc_by_class?: { class: string; roc: Curve }[];
  /** Regression: [predicted, actual] of at most 500 rows, evenly spaced in the order of the prediction. */
  predicted_actual?: Curve;
  /** Regression: how many rows a point of `predicted_actual` averages; absent: each is a row. */
  rows_per_point?: number;
  /** Regression: actual minus predicted; edges of the bins and counts. */
  residuals?: { edges: number[]; counts: number[] };
}

const CURVE_POINTS = 200;
const CALIBRATION_BINS = 10;
const HISTOGRAM_BINS = 20;
const SCATTER_POINTS = 500;
/** The normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959963984540054;

/**
 * The plots of a binary model.
 * @param labels n values, 1 for the positive class and 0 for the other.
 * @param scores n scores, higher meaning more likely positive; probabilities for calibration to mean anything.
 * @param threshold the probability from which on gate.costs calls a row positive; null: none.
 * @throws RangeError if the lengths differ, there are no rows, a score is not finite or a label is neither 0 nor 1.
 */
export function plotsOf(input: {
  labels: Uint8Array;
  scores: Float64Array;
  threshold?: number | null;
}): ModelPlots {
  const { labels, scores, threshold = null } = input;
  requireRows(labels.length, scores.length);
  requireFinite(scores, 'score');
  const positives = sortedScores(labels, scores, 1);
  const negatives = sortedScores(labels, scores, 0);
  if (positives.length + negatives.length !== labels.length)
    throw new RangeError('Binary labels are 0 and 1; another value was found.');

  const calibration = calibrationOf(labels, scores);
  const plots: ModelPlots = { calibration, histogram: histogramOf(negatives, positives) };
  if (positives.length > 0 && negatives.length > 0) {
    const decision = decisionCurve(negatives, positives, threshold);
    Object.assign(plots, curvesOf(negatives, positives), { decision });
  }
  return plots;
}

/**
 * The plots of a multiclass model.
 * @param labels n class indices, 0 to k-1.
 * @param scores n x k scores by row.
 * @param classes the k classes' names.
 * @throws RangeError if the shapes do not fit, a score is not finite or a label is not a class index.
 */
export function multiclassPlotsOf(input: {
  labels: ArrayLike<number>;
  scores: Float64Array;
  classes: string[];
}): ModelPlots {
  const { labels, scores, classes } = input;
  const n = labels.length;
  const k = classes.length;
  requireRows(n * k, scores.length);
  requireFinite(scores, 'score');
  const counts = classes.map(() => new Array<number>(k).fill(0));
  const confidence = new Float64Array(n);
  const right = new Uint8Array(n);
  for (let row = 0; row < n; row++) {
    const truth = counts[at(labels, row)];
    if (truth === undefined)
      throw new RangeError(`Row ${row + 1} has label ${labels[row]}; expected 0 to ${k - 1}.`);
    let best = 0;
    for (let c = 1; c < k; c++) if (at(scores, row * k + c) > at(scores, row * k + best)) best = c;
    truth[best] = at(truth, best) + 1;
    confidence[row] = at(scores, row * k + best);
    right[row] = Number(best === labels[row]);
  }
  const roc_by_class: { class: string; roc: Curve }[] = [];
  for (const [c, name] of classes.entries()) {
    const own = Uint8Array.from({ length: n }, (_, row) => Number(at(labels, row) === c));
    const column = Float64Array.from({ length: n }, (_, row) => at(scores, row * k + c));
    const positives = sortedScores(own, column, 1);
    const negatives = sortedScores(own, column, 0);
    if (positives.length > 0 && negatives.length > 0)
      roc_by_class.push({ class: name, roc: curvesOf(negatives, positives).roc });
  }
  return { confusion: { classes, counts }, confidence: calibrationOf(right, confidence), roc_by_class };
}

/**
 * The plots of a regression model.
 * @param actual n values in the target's unit.
 * @param predicted n values in the target's unit.
 * @throws RangeError if the lengths differ, there are no rows or a value is not finite.
 */
export function regressionPlotsOf(input: { actual: Float64Array; predicted: Float64Array }): ModelPlots {
  const { actual, predicted } = input;
  requireRows(actual.length, predicted.length);
  requireFinite(actual, 'label');
  requireFinite(predicted, 'prediction');
  const n = actual.length;
  const order = Uint32Array.from({ length: n }, (_, row) => row).sort(
    (a, b) => at(predicted, a) - at(predicted, b),
  );
  const drawn = Math.min(n, SCATTER_POINTS);
  const predicted_actual: Curve = Array.from({ length: drawn }, (_, i) => {
    const row = at(order, drawn === 1 ? 0 : Math.round((i * (n - 1)) / (drawn - 1)));
    return [at(predicted, row), at(actual, row)];
  });
  const residual = actual.map((value, row) => value - at(predicted, row));
  const low = least(residual);
  const high = most(residual);
  const edges = evenEdges(low, high > low ? high : low + 1, HISTOGRAM_BINS);
  return { predicted_actual, residuals: { edges, counts: countInto(edges, residual) } };
}

/**
 * The ROC and the precision-recall curve: one point for each distinct score, thinned to at most 200.
 * Both arrays ascend and hold at least one score.
 */
function curvesOf(negatives: Float64Array, positives: Float64Array): { roc: Curve; pr: Curve } {
  const fpr = [0];
  const tpr = [0];
  const precision: number[] = [];
  let n = negatives.length - 1;
  let p = positives.length - 1;
  while (n >= 0 || p >= 0) {
    const threshold = Math.max(n >= 0 ? at(negatives, n) : -Infinity, p >= 0 ? at(positives, p) : -Infinity);
    while (n >= 0 && negatives[n] === threshold) n--;
    while (p >= 0 && positives[p] === threshold) p--;
    const truePositives = positives.length - 1 - p;
    const falsePositives = negatives.length - 1 - n;
    fpr.push(falsePositives / negatives.length);
    tpr.push(truePositives / positives.length);
    precision.push(truePositives / (truePositives + falsePositives));
  }
  // Precision is undefined at recall 0, so the curve starts there with the precision of the strictest threshold.
  return {
    roc: thin(fpr, tpr, CURVE_POINTS),
    pr: thin(tpr, [at(precision, 0), ...precision], CURVE_POINTS),
  };
}

/**
 * Thins a polyline but keeps its shape: starts with both ends and adds the point farthest from the line drawn so far
 * until there are `count` points (Douglas and Peucker 1973, with a number of points in place of a tolerance).
 */
function thin(x: number[], y: number[], count: number): Curve {
  interface Span {
    from: number;
    to: number;
    farthest: number;
    distance: number;
  }
  const spanOf = (from: number, to: number): Span => {
    const dx = at(x, to) - at(x, from);
    const dy = at(y, to) - at(y, from);
    const length = Math.hypot(dx, dy);
    let farthest = -1;
    let distance = 1e-9;
    for (let i = from + 1; i < to; i++) {
      const ex = at(x, i) - at(x, from);
      const ey = at(y, i) - at(y, from);
      const d = length === 0 ? Math.hypot(ex, ey) : Math.abs(dx * ey - dy * ex) / length;
      if (d > distance) {
        distance = d;
        farthest = i;
      }
    }
    return { from, to, farthest, distance };
  };
  const last = x.length - 1;
  const kept = [0, last];
  const spans = [spanOf(0, last)];
  while (kept.length < count) {
    let worst = -1;
    for (const [i, span] of spans.entries())
      if (span.farthest >= 0 && (worst < 0 || span.distance > (spans[worst]?.distance ?? 0))) worst = i;
    const span = spans[worst];
    if (span === undefined) break;
    kept.push(span.farthest);
    spans.splice(worst, 1, spanOf(span.from, span.farthest), spanOf(span.farthest, span.to));
  }
  return kept.sort((a, b) => a - b).map((i) => [at(x, i), at(y, i)]);
}

/** Ten bins with the same number of rows, or fewer bins, since rows with the same score stay together. */
function calibrationOf(labels: Uint8Array, scores: Float64Array): CalibrationBin[] {
  const sorted = scores.slice().sort();
  const n = sorted.length;
  const upper = [
    ...new Set(
      Array.from({ length: CALIBRATION_BINS }, (_, i) =>
        at(sorted, Math.max(0, Math.ceil(((i + 1) * n) / CALIBRATION_BINS) - 1)),
      ),
    ),
  ];
  const bins = upper.map(() => ({ n: 0, positives: 0, sum: 0 }));
  for (let row = 0; row < n; row++) {
    const score = at(scores, row);
    const bin = bins[upper.findIndex((edge) => score <= edge)];
    if (bin === undefined) continue;
    bin.n += 1;
    bin.positives += at(labels, row);
    bin.sum += score;
  }
  return bins.map((bin) => ({
    predicted: bin.sum / bin.n,
    observed: bin.positives / bin.n,
    n: bin.n,
    interval: wilson(bin.positives, bin.n),
  }));
}

/** The 95 % score interval of a proportion (Wilson 1927). */
function wilson(successes: number, n: number): Interval {
  const share = successes / n;
  const z2 = Z95 * Z95;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  // Both ends are exact in theory; rounding would leave 1e-17.
  return [successes === 0 ? 0 : middle - half, successes === n ? 1 : middle + half];
}

function histogramOf(negatives: Float64Array, positives: Float64Array) {
  const low = Math.min(0, negatives[0] ?? 0, positives[0] ?? 0);
  const high = Math.max(1, negatives.at(-1) ?? 1, positives.at(-1) ?? 1);
  const edges = evenEdges(low, high, HISTOGRAM_BINS);
  return { edges, negatives: countInto(edges, negatives), positives: countInto(edges, positives) };
}

function evenEdges(low: number, high: number, bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
}

function countInto(edges: number[], values: Float64Array): number[] {
  const bins = edges.length - 1;
  const low = at(edges, 0);
  const width = at(edges, bins) - low;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((value - low) / width) * bins)));
    counts[bin] = at(counts, bin) + 1;
  }
  return counts;
}

function sortedScores(labels: Uint8Array, scores: Float64Array, label: number): Float64Array {
  return scores.filter((_, row) => labels[row] === label).sort();
}

function requireRows(expected: number, found: number): void {
  if (expected === 0) throw new RangeError('There are no rows to plot.');
  if (expected !== found) throw new RangeError(`Expected ${expected} scores, found ${found}.`);
}

function requireFinite(values: Float64Array, what: string): void {
  const row = values.findIndex((value) => !Number.isFinite(value));
  if (row >= 0)
    throw new RangeError(`The ${what} at position ${row + 1} is ${values[row]}; expected a number.`);
}

function least(values: Float64Array): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

/** An element of which the caller knows that it exists. */
function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

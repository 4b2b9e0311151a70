import { fnv1a } from '../hash.ts';
import { metricFacts } from '../metrics.ts';
import { binnedMetricNames, binnedMetrics } from './binned-metrics.ts';
import { drawBinomial, drawPoisson } from './draw-count.ts';
import { isotonic } from './isotonic.ts';
import { Random } from './random.ts';
import { quantile } from './student-t.ts';

const { max, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Labelled rows in bins of the score, ascending. */
export interface LabelledBins {
  /** Lower ends of the bins but the first: a score is in the first bin whose end is above it. */
  edges: readonly number[];
  bins: readonly { n: number; sum: number; positives: number }[];
}

/** Rows without labels in the same bins. */
export interface UnlabelledBins {
  counts: readonly number[];
  sums: readonly number[];
}

export interface PerformanceEstimate {
  value: number;
  /** 95 %, of the value that the labels of these rows will show. */
  interval: [number, number];
  /** The standard error as a whole. */
  error: number;
  /** The part of it that comes from which labels these rows happen to have: it is larger where only some get one. */
  sampling: number;
}

export interface Estimator {
  /** Whether probabilities are those of isotonic regression, because it improved on the model's own. */
  recalibrated: boolean;
  /** By metric; one without a value is absent. */
  estimate: (
    window: UnlabelledBins,
  ) => Partial<Record<(typeof binnedMetricNames)[number], PerformanceEstimate>>;
}

/**
 * Replicates vary less than estimates err, by so much: measured over 400 references of 294 to 10,000 rows and windows of 100 to
 * 1,000, with the model's own probabilities and with isotonic regression's.
 */
const WIDER = { own: 1.04, isotonic: 1.1 };

const GROUPS = 100;
const REPLICATES = 200;
const FOLDS = 5;
/**
 * Draws are seeded by the counts themselves. With one seed for all, every window would have the same draws, and with them the
 * error that 200 draws leave in a standard error: intervals of all windows were 7 % too narrow.
 */
const randomOf = (...counts: Float64Array[]): Random => new Random(fnv1a(counts.join(' ')));

/**
 * Estimates the performance of a binary model on rows whose labels are not known yet, from a reference with labels (CBPE,
 * confidence-based performance estimation: Garg et al., arXiv 2201.04234; NannyML's documentation), anchored at the reference: the
 * metric measured there, plus the difference between what calibrated probabilities expect of these rows and what they expect
 * of the reference's (a difference estimator: Cassel, Saerndal and Wretman, Biometrika 63, 1976, 615). Where nothing changed it is
 * the measured metric, so an error of calibration matters only as far as the scores moved.
 *
 * It supposes that the relation of score and label is the reference's. Probabilities are the model's own, or isotonic
 * regression's where it has the lower Brier score on rows that it did not see (five folds). The interval has both errors:
 * replicates draw the reference's rows anew (a Poisson bootstrap, each with its own isotonic regression) and labels for the
 * window's rows by the replicate's probabilities; it is their standard error times Student's t with the rarer class's rows less
 * one, of the reference or of the window, whichever are fewer. Seeded: the same numbers give the same estimate.
 *
 * @param threshold the lowest score that is called positive, which is one of the edges; null: no decisions
 */
export function estimatorOf(reference: LabelledBins, threshold: number | null): Estimator {
  const starts = groupStarts(reference, threshold);
  const join = (of: (bin: number) => number) => sums(starts, reference.bins.length, of);
  const rows = join((bin) => reference.bins[bin]!.n);
  const positives = join((bin) => reference.bins[bin]!.positives);
  const means = divide(
    join((bin) => reference.bins[bin]!.sum),
    rows,
  );
  const firstFlagged = flaggedFrom(reference.edges, threshold, starts);
  const random = randomOf(positives, rows);
  const recalibrated = improves(positives, rows, means, random);
  const calibrate = (found: Float64Array, of: Float64Array) =>
    recalibrated ? isotonic(divide(found, of), of) : null;
  const metricsOf = (found: ArrayLike<number>, of: ArrayLike<number>, scores: ArrayLike<number>) =>
    binnedMetrics(found, of, scores, firstFlagged);
  /** Measured less expected: what the reference's labels say beyond its probabilities. */
  const anchorOf = (found: Float64Array, of: Float64Array, p: Float64Array | null) => {
    const measured = metricsOf(found, of, means);
    const expected = metricsOf(times(of, p ?? means), of, means);
    return measured.map((value, i) => value - expected[i]!);
  };
  const fitted = calibrate(positives, rows);
  const anchor = anchorOf(positives, rows, fitted);
  const replicates = Array.from({ length: REPLICATES }, () => {
    const found = positives.map((count) => drawPoisson(random, count));
    const others = positives.map((count, g) => drawPoisson(random, rows[g]! - count));
    const of = found.map((count, g) => count + others[g]!);
    const p = calibrate(found, of);
    return { p, anchor: anchorOf(found, of, p) };
  });

  function estimate(window: UnlabelledBins) {
    const counts = sums(starts, reference.bins.length, (bin) => window.counts[bin] ?? 0);
    const scores = divide(
      sums(starts, reference.bins.length, (bin) => window.sums[bin] ?? 0),
      counts,
    ).map((mean, g) => (counts[g] === 0 ? means[g]! : mean));
    const expected = metricsOf(times(counts, fitted ?? scores), counts, scores);
    const freedom = max(1, min(rarer(positives, rows), rarer(times(counts, fitted ?? scores), counts)) - 1);
    const draws = randomOf(positives, counts, scores);
    const whole = binnedMetricNames.map(() => [] as number[]);
    const sampling = binnedMetricNames.map(() => [] as number[]);
    for (const { p, anchor: at } of replicates) {
      const probabilities = p ?? scores;
      const mean = metricsOf(times(counts, probabilities), counts, scores);
      const found = counts.map((count, g) => drawBinomial(draws, count, probabilities[g]!));
      const drawn = metricsOf(found, counts, scores);
      for (let i = 0; i < mean.length; i++) {
        const value = at[i]! + drawn[i]!;
        if (!Number.isFinite(value)) continue;
        whole[i]!.push(value);
        sampling[i]!.push(drawn[i]! - mean[i]!);
      }
    }
    const found: ReturnType<Estimator['estimate']> = {};
    for (const [i, metric] of binnedMetricNames.entries()) {
      if (threshold === null && !metricFacts(metric).probabilities) continue;
      const raw = anchor[i]! + expected[i]!;
      if (!Number.isFinite(raw) || whole[i]!.length < REPLICATES / 2) continue;
      const { min: least, max: most } = metricFacts(metric);
      const within = (value: number) => min(most ?? value, max(least ?? value, value));
      const error = (recalibrated ? WIDER.isotonic : WIDER.own) * deviation(whole[i]!);
      const half = quantile(0.975, freedom) * error;
      found[metric] = {
        value: within(raw),
        interval: [within(raw - half), within(raw + half)],
        error,
        sampling: deviation(sampling[i]!),
      };
    }
    return found;
  }
  return { recalibrated, estimate };
}

/** The first bins of groups of about equal count, at most a hundred and one; one begins at the threshold. */
function groupStarts({ edges, bins }: LabelledBins, threshold: number | null): number[] {
  const cut = threshold === null ? 0 : binFrom(edges, threshold);
  const total = bins.reduce((sum, { n }) => sum + n, 0);
  const starts: number[] = [];
  let before = 0;
  let next = 0;
  for (const [bin, { n }] of bins.entries()) {
    if (bin === 0 || bin === cut || before >= next - 1e-9) {
      starts.push(bin);
      next = before + total / GROUPS;
    }
    before += n;
  }
  return starts;
}

function flaggedFrom(edges: readonly number[], threshold: number | null, starts: number[]): number {
  if (threshold === null) return starts.length;
  const group = starts.indexOf(binFrom(edges, threshold));
  return group < 0 ? starts.length : group; // no bin begins at the threshold: none is called positive
}

/** The bin that begins at the threshold; bins, one too many, where none does. */
function binFrom(edges: readonly number[], threshold: number): number {
  const edge = edges.findIndex((from) => from >= threshold);
  return edge < 0 ? edges.length + 1 : edge + 1;
}

/** Whether isotonic regression on other rows predicts rows better than the model's own probabilities, by the Brier score. */
function improves(positives: Float64Array, rows: Float64Array, means: Float64Array, random: Random): boolean {
  const folds = Array.from({ length: FOLDS }, () => ({
    found: new Float64Array(rows.length),
    of: new Float64Array(rows.length),
  }));
  for (let g = 0; g < rows.length; g++)
    for (const isPositive of [true, false]) {
      let left = isPositive ? positives[g]! : rows[g]! - positives[g]!;
      for (const [k, fold] of folds.entries()) {
        const drawn = k === FOLDS - 1 ? left : drawBinomial(random, left, 1 / (FOLDS - k));
        left -= drawn;
        fold.of[g]! += drawn;
        if (isPositive) fold.found[g]! += drawn;
      }
    }
  let gain = 0;
  for (const fold of folds) {
    const of = rows.map((n, g) => n - fold.of[g]!);
    const fitted = isotonic(
      divide(
        positives.map((n, g) => n - fold.found[g]!),
        of,
      ),
      of,
    );
    gain += square(fold.found, fold.of, means) - square(fold.found, fold.of, fitted);
  }
  return gain > 0;
}

/** The sum of squared errors of probabilities. */
function square(found: Float64Array, of: Float64Array, p: Float64Array): number {
  let sum = 0;
  for (let g = 0; g < of.length; g++) sum += found[g]! * (1 - p[g]!) ** 2 + (of[g]! - found[g]!) * p[g]! ** 2;
  return sum;
}

/** Rows of the rarer class. */
function rarer(positives: Float64Array, rows: Float64Array): number {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  return min(sum(positives), sum(rows) - sum(positives));
}

const times = (a: Float64Array, b: Float64Array) => a.map((value, i) => value * b[i]!);

const divide = (a: Float64Array, b: Float64Array) => a.map((value, i) => (b[i] === 0 ? 0 : value / b[i]!));

function sums(starts: readonly number[], bins: number, of: (bin: number) => number): Float64Array {
  return Float64Array.from(starts, (start, group) => {
    let sum = 0;
    for (let bin = start; bin < (starts[group + 1] ?? bins); bin++) sum += of(bin);
    return sum;
  });
}

function deviation(values: number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / max(1, values.length - 1));
}

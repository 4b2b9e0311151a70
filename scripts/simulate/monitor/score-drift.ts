import { joinBins, joined, psiTest } from '../../../pipeline/statistics/psi.ts';

const { log, max } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Monitors of the scores alone: each says how strongly it suspects that a window's scores differ from the reference's. */
export interface DriftWatcher {
  name: string;
  /** The suspicion from which its users have it alarm. */
  usual: number;
  read(scores: Float64Array): number;
}

/** Interior edges of ten bins of about equal count. */
export function edgesOf(sorted: Float64Array, bins = 10): number[] {
  return Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)]!);
}

export function countsOf(scores: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const score of scores) {
    let bin = 0;
    while (bin < edges.length && edges[bin]! <= score) bin++;
    counts[bin]!++;
  }
  return counts;
}

/** The population stability index over ten bins, against a fixed limit; half a row is added to each count. */
export function fixedPsi(reference: Float64Array, usual: number): DriftWatcher {
  const edges = edgesOf(reference);
  const expected = countsOf(reference, edges);
  return {
    name: `PSI over ${usual}`,
    usual,
    read: (scores) => psiTest(expected, countsOf(scores, edges), 0)!.value,
  };
}

/** A Kolmogorov-Smirnov test in each window, usually at 5 %. */
export function smirnov(reference: Float64Array): DriftWatcher {
  return {
    name: 'KS test',
    usual: 1.358,
    read(scores) {
      const sorted = scores.toSorted();
      const [n, m] = [reference.length, sorted.length];
      let distance = 0;
      for (let i = 0, j = 0; j < m; j++) {
        while (i < n && reference[i]! < sorted[j]!) i++;
        distance = max(distance, Math.abs(i / n - j / m), Math.abs(i / n - (j + 1) / m));
      }
      return distance * Math.sqrt((n * m) / (n + m));
    },
  };
}

/** The level of the scores' test in one window: half of the windows' share of the year's budget; the other half is the columns'. */
export const levelOf = (falseAlarms: number, windows: number): number =>
  (1 - (1 - falseAlarms) ** (1 / windows)) / 2;

/** Ours: the index's excess over chance and the tolerance. The suspicion is minus the logarithm of the p-value. */
export function excessPsi(reference: Float64Array, tolerance: number, level: number): DriftWatcher {
  const edges = edgesOf(reference);
  const fine = countsOf(reference, edges);
  return {
    name: `ours, tolerance ${tolerance}`,
    usual: -log(level),
    read(scores) {
      const starts = joinBins(fine, scores.length);
      const test = psiTest(joined(fine, starts), joined(countsOf(scores, edges), starts), tolerance);
      return test === null ? 0 : -log(max(Number.MIN_VALUE, test.pValue));
    },
  };
}

import { clusteredVariance } from './clustered-delong.ts';
import type { Clusters } from './clusters.ts';
import { aucVariance, compareAucs, type Placements } from './delong.ts';
import { type Estimate, pointEstimate } from './estimate.ts';
import * as normal from './normal.ts';
import { scoreEstimate } from './score-estimate.ts';
import * as studentT from './student-t.ts';

const { max, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Intervals and tests of the area under the ROC curve that hold with few positives and near 1, where DeLong's are too
 * narrow (at an AUC of 1 his interval is a point). With many rows they are close to DeLong's.
 */

/** Variances are of AUCs within these limits: at 0 and 1 they are 0. */
const EDGE = 1e-6;

/** The sizes of both classes. */
interface Sizes {
  positives: number;
  negatives: number;
}

/**
 * The variance of an AUC whose true value is t, by Newcombe's method 5 (Statistics in Medicine 25, 2006, 559): Hanley
 * and McNeil's with both class sizes replaced by their mean. It is symmetric about 1/2.
 */
function modelVariance(t: number, { positives: m, negatives: n }: Sizes): number {
  const s = (m + n) / 2 - 1;
  return (t * (1 - t) * (1 + (s * (1 - t)) / (2 - t) + (s * t) / (1 + t))) / (m * n);
}

/**
 * One AUC: the values t with |auc - t| <= z sqrt(max(DeLong's variance, Newcombe's at t)). Newcombe's variance supposes
 * a shape of the scores; where they have another, DeLong's is the larger one.
 *
 * @param clusters the groups of rows that are not independent of each other
 * @returns null with fewer than two rows (or groups) in either class
 */
export function aucEstimate(model: Placements, clusters: Clusters | null): Estimate | null {
  const spread = spreadOf(model, null, clusters);
  if (spread === null) return null;
  const { variance, sizes, inflation } = spread;
  const modelled = (t: number) => inflation * modelVariance(min(max(t, 0), 1), sizes);
  const errorAt = (t: number) => sqrt(max(variance, modelled(t)));
  const largest = sqrt(max(variance, mostOf(sizes) * inflation));
  const estimate = scoreEstimate(model.auc, { errorAt, largest, reference: normal });
  return { ...estimate, standardError: errorAt(model.auc) };
}

/**
 * The difference of two AUCs on the same rows: the differences d that a score test does not reject, whose standard error
 * is sqrt(max(DeLong's variance, V0(d))). V0 is Newcombe's variance of two models with difference d and the mean AUC of
 * both, correlated as DeLong has it. The reference is Student's t with the rarer class's rows less one.
 *
 * @returns null with fewer than two rows (or groups) in either class
 */
export function aucDifference(
  first: Placements,
  second: Placements,
  clusters: Clusters | null,
): Estimate | null {
  const spread = spreadOf(first, second, clusters);
  if (spread === null) return null;
  const { variance, sizes, inflation, freedom, correlation } = spread;
  const difference = first.auc - second.auc;
  if (difference === 0 && variance === 0) return pointEstimate(0);
  const mean = (first.auc + second.auc) / 2;
  const least = min(first.auc, second.auc) < 0.5 ? EDGE : 0.5;
  const supposed = (auc: number) => modelVariance(min(max(auc, least), 1 - EDGE), sizes);
  const modelled = (d: number) => {
    const [a, b] = [supposed(mean + d / 2), supposed(mean - d / 2)];
    return max(0, a + b - 2 * correlation * sqrt(a * b));
  };
  return scoreEstimate(difference, {
    errorAt: (d) => sqrt(max(variance, inflation * modelled(d))),
    largest: sqrt(max(variance, 4 * mostOf(sizes) * inflation)),
    reference: {
      upperTail: (t) => studentT.upperTail(t, freedom),
      quantile: (p) => studentT.quantile(p, freedom),
    },
  });
}

/** An upper bound of the model's variance at any AUC: the bracket is at most 1 + s, t (1 - t) at most 1/4. */
const mostOf = ({ positives: m, negatives: n }: Sizes): number => (m + n) / 2 / (4 * m * n);

interface Spread {
  /** DeLong's, of the AUC or of the difference. */
  variance: number;
  sizes: Sizes;
  /** How many times the model's variance is as large because rows of a group are alike; at least 1. */
  inflation: number;
  /** Degrees of freedom. */
  freedom: number;
  /** DeLong's correlation of the two AUCs; 0 where a variance is 0. */
  correlation: number;
}

function spreadOf(first: Placements, second: Placements | null, clusters: Clusters | null): Spread | null {
  const { positives, negatives } = first;
  if (min(positives, negatives) < 2) return null;
  const plain = second === null ? aucVariance(first) : compareAucs(first, second).variance;
  if (clusters === null) {
    const [a, b] = second === null ? [0, 0] : [aucVariance(first), aucVariance(second)];
    return {
      variance: plain,
      sizes: { positives, negatives },
      inflation: 1,
      freedom: min(positives, negatives) - 1,
      correlation: correlationOf(a, b, plain),
    };
  }
  const clustered = clusteredVariance(first, second, clusters);
  const rarer = min(clustered.groups.positives, clustered.groups.negatives);
  if (rarer < 2) return null;
  const [a, b] =
    second === null
      ? [0, 0]
      : [first, second].map((model) => clusteredVariance(model, null, clusters).variance);
  return {
    variance: clustered.variance,
    // Where no pair of rows is ranked differently from another, nothing shows how alike a group's rows are: then each
    // group counts as one row.
    sizes: plain === 0 ? clustered.groups : { positives, negatives },
    inflation: plain === 0 ? 1 : max(1, clustered.variance / plain),
    freedom: rarer - 1,
    correlation: correlationOf(a!, b!, clustered.variance),
  };
}

function correlationOf(first: number, second: number, ofDifference: number): number {
  if (first === 0 || second === 0) return 0;
  const correlation = (first + second - ofDifference) / (2 * sqrt(first * second));
  return min(1, max(-1, correlation));
}

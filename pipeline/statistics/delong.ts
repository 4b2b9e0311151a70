import { upperTail } from './normal.ts';
import { ascendingOrder } from './order.ts';

/**
 * The area under the ROC curve, its variance and the paired test of two areas: DeLong, DeLong and Clarke-Pearson
 * (Biometrics 44, 1988), with one sort per model as in Sun and Xu (IEEE Signal Processing Letters 21, 2014).
 * A higher score means the positive class.
 */

/** One model's input to DeLong's method. */
export interface Placements {
  /** NaN if a class has no rows. */
  auc: number;
  positives: number;
  negatives: number;
  labels: Uint8Array;
  /** For each row, twice the number of rows of the other class that it ranks correctly against; a tie counts half. */
  doubled: Uint32Array;
  /** Sum of `doubled` over either class. */
  total: number;
}

export interface AucComparison {
  /** first.auc - second.auc. */
  difference: number;
  /** Variance of the difference; NaN with fewer than two rows in either class. */
  variance: number;
  /** Two-sided; 1 if the areas are equal. */
  p_value: number;
}

/**
 * @param labels n labels, 0 or 1
 * @param scores n finite scores
 */
export function placements(labels: Uint8Array, scores: Float64Array): Placements {
  const n = labels.length;
  const { rows, sorted } = ascendingOrder(scores);
  let positives = 0;
  for (let i = 0; i < n; i++) positives += labels[i]!;
  const negatives = n - positives;
  const sortedLabels = new Uint8Array(n);
  for (let i = 0; i < n; i++) sortedLabels[i] = labels[rows[i]!]!;
  const doubled = new Uint32Array(n);
  let positivesBelow = 0;
  let total = 0;
  for (let start = 0; start < n; ) {
    const score = sorted[start]!;
    let tied = sortedLabels[start]!;
    let end = start + 1;
    while (end < n && sorted[end] === score) tied += sortedLabels[end++]!;
    const ofPositive = 2 * (start - positivesBelow) + (end - start - tied);
    const ofNegative = 2 * (positives - positivesBelow) - tied;
    for (; start < end; start++) doubled[rows[start]!] = sortedLabels[start] === 1 ? ofPositive : ofNegative;
    total += tied * ofPositive;
    positivesBelow += tied;
  }
  return { auc: total / (2 * positives * negatives), positives, negatives, labels, doubled, total };
}

/** DeLong's variance of the AUC; NaN with fewer than two rows in either class. */
export function aucVariance(model: Placements): number {
  return placementVariance(model, null);
}

/**
 * The paired test of two models on the same rows. Equal areas give difference 0 and p 1. A difference with variance 0,
 * such as between a perfect and a perfectly wrong model, gives p 0.
 */
export function compareAucs(first: Placements, second: Placements): AucComparison {
  const difference = first.auc - second.auc;
  const variance = placementVariance(first, second);
  if (difference === 0) return { difference, variance, p_value: 1 };
  return { difference, variance, p_value: 2 * upperTail(Math.abs(difference) / Math.sqrt(variance)) };
}

/**
 * The variance of an AUC, or of the difference of two: within each class, the sample variance of the placements (or of
 * their differences) divided by the class's number of rows. Differences of whole numbers are exact, so equal models
 * have a variance of exactly 0.
 */
function placementVariance(first: Placements, second: Placements | null): number {
  const { labels, positives, negatives, doubled } = first;
  const other = second?.doubled;
  const total = first.total - (second?.total ?? 0);
  const means = Float64Array.of(total / negatives, total / positives);
  const squares = new Float64Array(2);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const deviation = doubled[i]! - (other === undefined ? 0 : other[i]!) - means[label]!;
    squares[label]! += deviation * deviation;
  }
  const [ofNegatives, ofPositives] = squares as unknown as [number, number];
  return (
    ofPositives / (positives - 1) / positives / (2 * negatives) ** 2 +
    ofNegatives / (negatives - 1) / negatives / (2 * positives) ** 2
  );
}

import * as normal from '../../../pipeline/statistics/normal.ts';
import type { Random } from '../../../pipeline/statistics/random.ts';

const { SQRT2, exp, log } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * A simulated model in production whose true quality is known. Scores are binormal probabilities, calibrated, with ROC AUC .85
 * and 20 % positive. A decay is a changed relation: a share of the rows gets its label by lot, so that the AUC falls by exactly
 * what is asked and the scores look as before. A shift moves the scores and leaves what each score means as it is.
 */

export const AUC = 0.85;
export const PREVALENCE = 0.2;
const SHIFT = SQRT2 * normal.quantile(AUC);
const BASE = log(PREVALENCE / (1 - PREVALENCE)) - (SHIFT * SHIFT) / 2;

/** Predictions of one window in the order of their time, and their labels. */
export interface Rows {
  scores: Float64Array;
  labels: Uint8Array;
}

export const emptyRows = (rows: number): Rows => ({
  scores: new Float64Array(rows),
  labels: new Uint8Array(rows),
});

export interface Change {
  /** What the AUC has lost. */
  loss?: number;
  /** What the scores' logits have moved by, in spreads of one class. */
  shift?: number;
}

/** Draws a window's rows into `rows`. */
export function drawRows(
  { scores, labels }: Rows,
  random: Random,
  { loss = 0, shift = 0 }: Change = {},
): void {
  const lot = loss / (AUC - 0.5);
  for (let row = 0; row < scores.length; row++) {
    const drawn = random.uniform() < PREVALENCE ? 1 : 0;
    const score = 1 / (1 + exp(-(SHIFT * (SHIFT * drawn + random.normal() + shift) + BASE)));
    scores[row] = score;
    const label = shift === 0 ? drawn : Number(random.uniform() < score);
    labels[row] = lot > 0 && random.uniform() < lot ? Number(random.uniform() < PREVALENCE) : label;
  }
}

/** The ROC AUC of rows without ties and its variance by DeLong's method; null with fewer than two rows of a class. */
export function aucOf({ scores, labels }: Rows): { auc: number; variance: number } | null {
  let positives = 0;
  for (const label of labels) positives += label;
  const negatives = labels.length - positives;
  if (positives < 2 || negatives < 2) return null;
  const high = new Float64Array(positives);
  const low = new Float64Array(negatives);
  let p = 0;
  for (let row = 0; row < labels.length; row++)
    if (labels[row] === 1) high[p++] = scores[row]!;
    else low[row - p] = scores[row]!;
  high.sort();
  low.sort();
  const ofHigh = placements(high, low);
  const auc = ofHigh.sum / positives / negatives;
  // The share of positives below a negative has the variance of the share above it.
  const ofLow = placements(low, high);
  const varianceOf = ({ sum, squares }: Placements, n: number, other: number) =>
    (squares - (sum * sum) / n) / (n - 1) / (other * other) / n;
  return {
    auc,
    variance: varianceOf(ofHigh, positives, negatives) + varianceOf(ofLow, negatives, positives),
  };
}

interface Placements {
  sum: number;
  squares: number;
}

/** Sums over ascending values of how many of `others` are below each. */
function placements(values: Float64Array, others: Float64Array): Placements {
  let below = 0;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    while (below < others.length && others[below]! < value) below++;
    sum += below;
    squares += below * below;
  }
  return { sum, squares };
}

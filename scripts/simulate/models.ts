import { placements } from '../../pipeline/statistics/delong.ts';
import * as normal from '../../pipeline/statistics/normal.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import type { BinaryScores, SliceColumn } from '../../pipeline/statistics/scores.ts';

const { SQRT2, exp, log, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Simulated models whose true quality is known. Scores of negatives are standard normal; those of positives vary. */

/** The scores of a model's positives, from a standard normal number and a uniform one. */
export interface Shape {
  name: string;
  /** The true ROC AUC. */
  auc: number;
  positive(luck: number, uniform: number): number;
}

/** Positives are normal with spread 1: the shape that Newcombe's variance supposes. */
export function binormal(auc: number): Shape {
  return unequal(auc, 1);
}

/** Positives are normal with another spread than negatives: the AUC is Phi(shift / sqrt(1 + spread²)). */
export function unequal(auc: number, spread: number): Shape {
  const shift = sqrt(1 + spread * spread) * normal.quantile(auc);
  return {
    name: spread === 1 ? 'binormal' : spread > 1 ? `spreads 1 and ${spread}` : `spreads ${1 / spread} and 1`,
    auc,
    positive: (luck) => shift + spread * luck,
  };
}

/** Half of the positives score above every negative, the others overlap with them: a mixture with this AUC. */
export function halfEasy(auc: number): Shape {
  const hard = SQRT2 * normal.quantile(2 * auc - 1);
  return { name: 'half easy', auc, positive: (luck, uniform) => (uniform < 0.5 ? 20 : hard) + luck };
}

/** The sizes of both classes of a holdout. */
export interface Sizes {
  positives: number;
  negatives: number;
}

/** Negatives first, as `decide` orders them. */
export function labelsOf({ positives, negatives }: Sizes): Uint8Array {
  return Uint8Array.from({ length: positives + negatives }, (_, row) => (row < negatives ? 0 : 1));
}

/**
 * Scores of one model.
 *
 * @param shared n numbers: the luck of each row that models share
 * @param rho the share of a row's variance that is shared luck
 */
export function scoresOf(
  labels: Uint8Array,
  shape: Shape,
  random: Random,
  { shared, rho }: { shared: Float64Array | null; rho: number } = { shared: null, rho: 0 },
): Float64Array {
  const [common, own] = [sqrt(rho), sqrt(1 - rho)];
  return Float64Array.from(labels, (label, row) => {
    const luck = common * (shared?.[row] ?? 0) + own * random.normal();
    return label === 1 ? shape.positive(luck, random.uniform()) : luck;
  });
}

export const luckOf = (n: number, random: Random): Float64Array =>
  Float64Array.from({ length: n }, () => random.normal());

/** Champion and candidate on the same rows, as DeLong's method takes them. */
export function pairOf(
  sizes: Sizes,
  { champion, candidate, rho }: { champion: number; candidate: number; rho: number },
  random: Random,
) {
  const labels = labelsOf(sizes);
  const common = { shared: luckOf(labels.length, random), rho };
  return {
    champion: placements(labels, scoresOf(labels, binormal(champion), random, common)),
    candidate: placements(labels, scoresOf(labels, binormal(candidate), random, common)),
  };
}

/** A score file's rows in memory. `scores` may be any numbers where only ranks count. */
export function rowsOf(
  labels: Uint8Array,
  scores: Float64Array,
  slices: Map<string, SliceColumn> = new Map(),
): BinaryScores {
  return {
    problem: 'binary',
    source: 'simulation',
    ids: new Array<string>(labels.length).fill(''),
    positions: null,
    slices,
    classes: ['0', '1'],
    labels,
    scores,
    predicted: null,
  };
}

/** The probabilities that a binormal model's scores mean where this share of rows is positive: it is calibrated. */
export function probabilitiesOf(scores: Float64Array, auc: number, share: number): Float64Array {
  const shift = SQRT2 * normal.quantile(auc);
  const base = log(share / (1 - share)) - (shift * shift) / 2;
  return scores.map((score) => 1 / (1 + exp(-(shift * score + base))));
}

/** Labels of rows of which each is positive with this probability, negatives first. */
export function drawnLabels(rows: number, share: number, random: Random): Uint8Array {
  let positives = 0;
  for (let row = 0; row < rows; row++) if (random.uniform() < share) positives++;
  return labelsOf({ positives, negatives: rows - positives });
}

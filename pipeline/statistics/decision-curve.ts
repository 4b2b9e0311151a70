import type { Curve } from './curve.ts';

/** What a binary model is worth at each threshold: Vickers and Elkin, Medical Decision Making 26 (2006), 565. */
export interface DecisionCurve {
  /** Threshold probability against net benefit, per row. */
  net_benefit: Curve;
  /** Share of positives: the net benefit at threshold 0 of calling every row positive. */
  prevalence: number;
  /** The threshold of gate.costs; null without costs. */
  threshold: number | null;
}

const POINTS = 99;

/**
 * The net benefit TP/n - FP/n t/(1 - t) of calling positive what scores at least t, at t = .01 to .99.
 *
 * @param negatives scores of the negatives, ascending
 * @param positives scores of the positives, ascending
 * @param threshold of gate.costs, or null
 */
export function decisionCurve(
  negatives: Float64Array,
  positives: Float64Array,
  threshold: number | null,
): DecisionCurve {
  const n = negatives.length + positives.length;
  const net_benefit = Array.from({ length: POINTS }, (_, i): [number, number] => {
    const t = (i + 1) / (POINTS + 1);
    return [t, (countFrom(positives, t) - countFrom(negatives, t) * (t / (1 - t))) / n];
  });
  return { net_benefit, prevalence: positives.length / n, threshold };
}

/** The net benefit of calling every row positive; calling none so has 0. */
export const benefitOfAll = (prevalence: number, t: number): number =>
  prevalence - (1 - prevalence) * (t / (1 - t));

/** How many of the ascending scores are at least t. */
function countFrom(scores: Float64Array, t: number): number {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) < t) low = middle + 1;
    else high = middle;
  }
  return scores.length - low;
}

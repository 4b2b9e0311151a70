import { formatValue } from '../format.ts';
import { probabilityMetricsOf } from '../metrics.ts';
import { calibrationSlope } from './calibration-slope.ts';
import { type Costs, costThreshold } from './costs.ts';
import { clipped, countOf, dot, type ModelMetrics, prepared, type Statistic, shared } from './metrics.ts';
import { ascendingOrder } from './order.ts';
import type { BinaryScores } from './scores.ts';

const { log, max, min } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

const ONE_CLASS = ['roc_auc', 'pr_auc', 'f1', 'precision', 'recall', 'calibration_slope'];

/**
 * The binary metrics of one model.
 *
 * @param threshold the lowest score that is predicted positive
 * @param costs of decisions at their own threshold; null: no expected cost
 */
export function binaryMetrics(
  rows: BinaryScores,
  threshold: number,
  costs: Costs | null = null,
): ModelMetrics {
  const { labels, scores } = rows;
  const n = labels.length;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const absent = new Map<string, string>();
  const notes = new Map<string, string>();
  if (scores === null)
    for (const name of probabilityMetricsOf('binary')) absent.set(name, 'the model gives no probabilities');
  if (costs === null) absent.delete('expected_cost');
  if (positives === 0 || positives === n) {
    const only = positives === 0 ? 'no positive rows' : 'no negative rows';
    for (const name of ONE_CLASS) absent.set(name, `the holdout has ${only}`);
  }
  const predicted = rows.predicted ?? Uint8Array.from(scores!, (score) => (score >= threshold ? 1 : 0));
  const truePositive = predicted.map((label, i) => label & labels[i]!);
  const counts = shared((weights) => ({
    positive: countOf(weights, labels),
    flagged: countOf(weights, predicted),
    found: countOf(weights, truePositive),
  }));
  if (!predicted.includes(1))
    notes.set('precision', 'no row is predicted positive: precision is 0 by convention');
  const statistics = new Map<string, Statistic>();
  if (scores !== null) {
    statistics.set(
      'pr_auc',
      prepared(() => averagePrecision(labels, scores)),
    );
    statistics.set(
      'log_loss',
      mean((i) => -log(clipped(labels[i] === 1 ? scores[i]! : 1 - scores[i]!)), n),
    );
    statistics.set(
      'brier',
      mean((i) => (labels[i]! - scores[i]!) ** 2, n),
    );
    // Mean prediction less the share of positives: above 0 the probabilities are too high on the whole.
    statistics.set(
      'calibration_in_the_large',
      mean((i) => scores[i]! - labels[i]!, n),
    );
  }
  statistics.set('f1', (weights, _, draw) => {
    const { positive, flagged, found } = counts(weights, draw);
    return (2 * found) / (flagged + positive);
  });
  statistics.set('precision', (weights, _, draw) => {
    const { flagged, found } = counts(weights, draw);
    return flagged === 0 ? 0 : found / flagged;
  });
  statistics.set('recall', (weights, _, draw) => {
    const { positive, found } = counts(weights, draw);
    return found / positive;
  });
  statistics.set('accuracy', (weights, total, draw) => {
    const { positive, flagged, found } = counts(weights, draw);
    // All rows but those of one class that are called the other.
    return (total - (positive - found) - (flagged - found)) / total;
  });
  if (scores !== null && !absent.has('calibration_slope')) {
    const slope = calibrationSlope(labels, scores);
    if (typeof slope === 'string') absent.set('calibration_slope', slope);
    else statistics.set('calibration_slope', slope);
  }
  if (scores !== null && costs !== null) {
    const least = costThreshold(costs);
    statistics.set(
      'expected_cost',
      mean((i) => costOf(costs, labels[i]!, scores[i]! >= least), n),
    );
    notes.set(
      'expected_cost',
      `per row, by gate.costs, positive from a probability of ${formatValue(least, 3)} on`,
    );
  }
  for (const name of absent.keys()) statistics.delete(name);
  return { statistics, absent, notes, predicted };
}

/** The floor: each metric of the best constant prediction on the weighted rows. */
export function binaryConstants(
  { labels }: BinaryScores,
  costs: Costs | null = null,
): Map<string, Statistic> {
  const positive = shared((weights) => countOf(weights, labels));
  const of =
    (value: (share: number) => number): Statistic =>
    (weights, total, draw) =>
      value(positive(weights, draw) / total);
  const entropy = (share: number) => (share === 0 ? 0 : -share * log(share));
  return new Map([
    ['pr_auc', of((share) => share)],
    ['log_loss', of((share) => entropy(share) + entropy(1 - share))],
    ['brier', of((share) => share * (1 - share))],
    // "Always positive" has the higher F1 and precision of the two constant labels.
    ['f1', of((share) => (2 * share) / (1 + share))],
    ['precision', of((share) => share)],
    // "Always positive" has recall 1, which nothing beats, so the floor is the recall of the majority class.
    ['recall', of((share) => (share > 0.5 ? 1 : 0))],
    ['accuracy', of((share) => max(share, 1 - share))],
    ...(costs === null ? [] : [['expected_cost', of((share) => constantCost(costs, share))] as const]),
  ]);
}

const costOf = (costs: Costs, label: number, flagged: boolean): number =>
  label === 1
    ? costs[flagged ? 'true_positive' : 'false_negative']
    : costs[flagged ? 'false_positive' : 'true_negative'];

/** The cheaper of the two constant labels, where this share of rows is positive. */
function constantCost(costs: Costs, share: number): number {
  const [always, never] = [true, false].map(
    (flagged) => share * costOf(costs, 1, flagged) + (1 - share) * costOf(costs, 0, flagged),
  );
  return min(always!, never!);
}

const mean = (value: (row: number) => number, n: number): Statistic =>
  prepared(() => {
    const values = Float64Array.from({ length: n }, (_, row) => value(row));
    return (weights, total) => dot(weights, values) / total;
  });

/** scikit-learn's average_precision_score: the sum over thresholds of precision times the gain in recall. */
function averagePrecision(labels: Uint8Array, scores: Float64Array): Statistic {
  const { rows, sorted } = ascendingOrder(scores);
  return (weights) => {
    let flagged = 0;
    let found = 0;
    let gained = 0;
    let sum = 0;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!;
      const weight = weights[row]!;
      flagged += weight;
      gained += weight * labels[row]!;
      if (gained > 0 && (i === 0 || sorted[i - 1] !== sorted[i])) {
        found += gained;
        sum += (gained * found) / flagged;
        gained = 0;
      }
    }
    return sum / found;
  };
}

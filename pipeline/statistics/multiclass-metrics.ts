import { probabilityMetricsOf } from '../metrics.ts';
import { clipped, countOf, dot, type ModelMetrics, type Statistic } from './metrics.ts';
import { ascendingOrder } from './order.ts';
import type { MulticlassScores } from './scores.ts';

const { log, max } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** The multiclass metrics of one model. The predicted class is the most probable one, and the first of equals. */
export function multiclassMetrics(rows: MulticlassScores): ModelMetrics {
  const { classes, labels, scores } = rows;
  const k = classes.length;
  const predicted = rows.predicted ?? mostProbable(scores!, k);
  const correct = Uint8Array.from(labels, (label, i) => (label === predicted[i] ? 1 : 0));
  const absent = new Map<string, string>();
  const statistics = new Map<string, Statistic>();
  if (scores === null) {
    for (const name of probabilityMetricsOf('multiclass'))
      absent.set(name, 'the model gives no probabilities');
  } else {
    const losses = Float64Array.from(labels, (label, i) => -log(clipped(scores[i * k + label]!)));
    statistics.set('log_loss', (weights, total) => dot(weights, losses) / total);
    const missing = classes.filter((_, index) => !labels.includes(index));
    if (missing.length > 0)
      absent.set('roc_auc_ovr', `the holdout has no rows of class ${missing.join(', ')}`);
    else statistics.set('roc_auc_ovr', oneVersusRest(labels, scores, k));
  }
  statistics.set('accuracy', (weights, total) => countOf(weights, correct) / total);
  statistics.set('f1_macro', macroF1(labels, predicted, k));
  return { statistics, absent, notes: new Map(), predicted };
}

/** The floor: the metrics of predicting the class shares (log_loss) or the most frequent class (the others). */
export function multiclassConstants({ labels, classes }: MulticlassScores): Map<string, Statistic> {
  const counts = new Float64Array(classes.length);
  const of =
    (value: (shares: number[]) => number): Statistic =>
    (weights, total) => {
      counts.fill(0);
      for (let i = 0; i < weights.length; i++) counts[labels[i]!]! += weights[i]!;
      return value(
        Array.from(
          counts.filter((count) => count > 0),
          (count) => count / total,
        ),
      );
    };
  return new Map([
    ['log_loss', of((shares) => -shares.reduce((sum, share) => sum + share * log(share), 0))],
    ['accuracy', of((shares) => max(...shares))],
    ['f1_macro', of((shares) => (2 * max(...shares)) / (1 + max(...shares)) / shares.length)],
    ['roc_auc_ovr', () => 0.5],
  ]);
}

function mostProbable(scores: Float64Array, k: number): Int32Array {
  const predicted = new Int32Array(scores.length / k);
  for (let i = 0; i < predicted.length; i++) {
    let best = 0;
    for (let c = 1; c < k; c++) if (scores[i * k + c]! > scores[i * k + best]!) best = c;
    predicted[i] = best;
  }
  return predicted;
}

/** The mean F1 of the classes that occur in labels or predictions. */
function macroF1(labels: Int32Array, predicted: Int32Array, k: number): Statistic {
  const hits = new Float64Array(k);
  const sizes = new Float64Array(k); // rows with the label plus rows with the prediction
  return (weights) => {
    hits.fill(0);
    sizes.fill(0);
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      const label = labels[i]!;
      const prediction = predicted[i]!;
      sizes[label]! += weight;
      sizes[prediction]! += weight;
      if (label === prediction) hits[label]! += weight;
    }
    let sum = 0;
    let present = 0;
    for (let c = 0; c < k; c++) {
      if (sizes[c] === 0) continue;
      present++;
      sum += (2 * hits[c]!) / sizes[c]!;
    }
    return sum / present;
  };
}

/** The unweighted mean over classes of the AUC of each class against all others. */
function oneVersusRest(labels: Int32Array, scores: Float64Array, k: number): Statistic {
  const n = labels.length;
  const orders = Array.from({ length: k }, (_, c) =>
    ascendingOrder(Float64Array.from({ length: n }, (_, i) => scores[i * k + c]!)),
  );
  return (weights) => {
    let sum = 0;
    for (let c = 0; c < k; c++) {
      const { rows, sorted } = orders[c]!;
      let below = 0;
      let tiedBelow = 0;
      let tiedAbove = 0;
      let positives = 0;
      let area = 0;
      for (let i = 0; i < n; i++) {
        const row = rows[i]!;
        if (labels[row] === c) tiedAbove += weights[row]!;
        else tiedBelow += weights[row]!;
        if (i === n - 1 || sorted[i + 1] !== sorted[i]) {
          area += tiedAbove * (below + tiedBelow / 2);
          below += tiedBelow;
          positives += tiedAbove;
          tiedBelow = 0;
          tiedAbove = 0;
        }
      }
      sum += area / (positives * below);
    }
    return sum / k;
  };
}

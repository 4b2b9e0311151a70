import { dot, EPSILON, type ModelMetrics, type Statistic } from './metrics.ts';
import type { RegressionScores } from './scores.ts';

const { abs, max, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** The regression metrics of one model. Errors are in the target's unit; MAPE is a fraction. */
export function regressionMetrics({ labels, predicted }: RegressionScores): ModelMetrics {
  const n = labels.length;
  const squares = labels.map((y, i) => (y - predicted[i]!) ** 2);
  const absolutes = labels.map((y, i) => abs(y - predicted[i]!));
  const relatives = absolutes.map((error, i) => error / max(abs(labels[i]!), EPSILON));
  const centre = labels.reduce((sum, y) => sum + y, 0) / n;
  const centred = labels.map((y) => y - centre);
  const centredSquares = centred.map((y) => y * y);
  const absent = new Map<string, string>();
  const statistics = new Map<string, Statistic>([
    ['rmse', (weights) => sqrt(dot(weights, squares) / n)],
    ['mae', (weights) => dot(weights, absolutes) / n],
    [
      'r2',
      (weights) =>
        1 - dot(weights, squares) / (dot(weights, centredSquares) - dot(weights, centred) ** 2 / n),
    ],
    ['mape', (weights) => dot(weights, relatives) / n],
  ]);
  if (labels.every((y) => y === labels[0])) {
    statistics.delete('r2');
    absent.set('r2', 'all labels are equal');
  }
  const notes = new Map<string, string>();
  if (labels.includes(0)) notes.set('mape', 'a label is 0: its relative error counts as error / 2.2e-16');
  return { statistics, absent, notes };
}

/** The floor: the metrics of predicting the labels' mean. */
export function regressionConstants(rows: RegressionScores): Map<string, number> {
  const { labels } = rows;
  const mean = labels.reduce((sum, y) => sum + y, 0) / labels.length;
  const { statistics } = regressionMetrics({
    ...rows,
    predicted: new Float64Array(labels.length).fill(mean),
  });
  const ones = new Uint8Array(labels.length).fill(1);
  const values = new Map([...statistics].map(([name, statistic]) => [name, statistic(ones)]));
  return values.set('r2', 0);
}

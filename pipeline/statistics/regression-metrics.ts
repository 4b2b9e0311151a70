import { formatCount, formatCountOf } from '../format.ts';
import { dot, EPSILON, type ModelMetrics, prepared, type Statistic } from './metrics.ts';
import { ascendingOrder } from './order.ts';
import type { RegressionScores } from './scores.ts';

const { abs, ceil, max, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** The regression metrics of one model. Errors are in the target's unit; MAPE is a fraction. */
export function regressionMetrics({ labels, predicted }: RegressionScores): ModelMetrics {
  const squares = labels.map((y, i) => (y - predicted[i]!) ** 2);
  const absolutes = labels.map((y, i) => abs(y - predicted[i]!));
  const relatives = absolutes.map((error, i) => error / max(abs(labels[i]!), EPSILON));
  const variation = variationOf(labels);
  const absent = new Map<string, string>();
  const statistics = new Map<string, Statistic>([
    ['rmse', (weights, total) => sqrt(dot(weights, squares) / total)],
    ['mae', (weights, total) => dot(weights, absolutes) / total],
    ['r2', (weights, total) => 1 - dot(weights, squares) / variation(weights, total)],
    ['mape', (weights, total) => dot(weights, relatives) / total],
  ]);
  if (labels.every((y) => y === labels[0])) {
    statistics.delete('r2');
    absent.set('r2', 'all labels are equal');
  }
  const notes = new Map<string, string>();
  if (labels.includes(0)) notes.set('mape', 'a label is 0: its relative error counts as error / 2.2e-16');
  const heavy = heavyTail(squares);
  if (heavy !== null) for (const metric of ['rmse', 'r2']) notes.set(metric, heavy);
  return { statistics, absent, notes, predicted };
}

/** The floor: the metrics of predicting the weighted rows' mean (RMSE, R²) or median (MAE, MAPE). */
export function regressionConstants({ labels }: RegressionScores): Map<string, Statistic> {
  const variation = variationOf(labels);
  const median = medianOf(labels);
  const relative = labels.map((y) => 1 / max(abs(y), EPSILON));
  return new Map<string, Statistic>([
    ['rmse', (weights, total) => sqrt(max(0, variation(weights, total)) / total)],
    ['r2', () => 0],
    [
      'mae',
      (weights, total) => {
        const centre = median(weights, total);
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * abs(labels[i]! - centre);
        return sum / total;
      },
    ],
    [
      'mape',
      (weights, total) => {
        const centre = median(weights, total);
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * abs(labels[i]! - centre) * relative[i]!;
        return sum / total;
      },
    ],
  ]);
}

/** The sum of squared deviations from the weighted rows' own mean. */
function variationOf(labels: Float64Array): Statistic {
  const centre = labels.reduce((sum, y) => sum + y, 0) / labels.length;
  const centred = labels.map((y) => y - centre);
  const squares = centred.map((y) => y * y);
  return (weights, total) => dot(weights, squares) - dot(weights, centred) ** 2 / total;
}

/** The lower median of weighted rows: the least label at or below which half of the weight lies. */
function medianOf(labels: Float64Array): Statistic {
  return prepared(() => {
    const { rows } = ascendingOrder(labels);
    return (weights, total) => {
      let below = 0;
      for (const row of rows) {
        below += weights[row]!;
        if (2 * below >= total) return labels[row]!;
      }
      return Number.NaN;
    };
  });
}

/** The share of the squared error in the largest hundredth of rows above which a note warns. Normal errors have 8 %. */
const HEAVY = 0.2;

/**
 * The note on squared errors with a heavy tail; null without one. With t(3) errors, whose largest hundredth has a third of
 * the squared error, a 95 % interval of RMSE holds the truth in 74 %.
 */
function heavyTail(squares: Float64Array): string | null {
  const most = ceil(squares.length / 100);
  const sum = squares.reduce((total, square) => total + square, 0);
  const share =
    squares
      .toSorted()
      .subarray(-most)
      .reduce((total, square) => total + square, 0) / sum;
  // With fewer rows the largest one alone may have as much by chance.
  if (squares.length < 100 || !(share > HEAVY)) return null;
  const rows = `${formatCountOf(most, 'row')} of ${formatCount(squares.length)} ${most === 1 ? 'makes' : 'make'} up`;
  return `${rows} ${(100 * share).toFixed(0)} % of the squared error: with such heavy tails the interval is too narrow; mae depends less on a few rows`;
}

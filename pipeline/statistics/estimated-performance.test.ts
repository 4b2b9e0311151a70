import { describe, expect, test } from '@jest/globals';
import { binnedMetrics } from './binned-metrics.ts';
import { estimateErrors } from './estimated-errors.ts';
import { estimatorOf } from './estimated-performance.ts';
import { Random } from './random.ts';

const { abs, exp, floor } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

test("metrics of bins equal scikit-learn's of the rows, a bin for each score", () => {
  // scores .05 .1 .2 .4 .45 .6 .8 .9, one row each but two of .2 (one positive) and two of .6 (one positive)
  const metrics = binnedMetrics(
    [0, 0, 1, 0, 1, 1, 1, 1],
    [1, 1, 2, 1, 1, 2, 1, 1],
    [0.05, 0.1, 0.2, 0.4, 0.45, 0.6, 0.8, 0.9],
    5,
  );
  const expected = [0.84, 0.7, 0.6666666666666666, 0.75, 0.6, 0.1725, 0.505418901638963];
  for (const [i, value] of metrics.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
});

const BINS = 50;
const THRESHOLD = 0.3;
const EDGES = Array.from({ length: BINS - 1 }, (_, i) => (i + 1) / BINS);

/** Rows whose chance of the positive class is p where the model says 1 / (1 + ((1 - p) / p)^stretch). */
function binned(n: number, random: Random, { mean = -1.5, stretch = 1 } = {}) {
  const bins = Array.from({ length: BINS }, () => ({ n: 0, sum: 0, positives: 0 }));
  for (let i = 0; i < n; i++) {
    const odds = mean + 1.5 * random.normal();
    const score = 1 / (1 + exp(-odds * stretch));
    const bin = bins[Math.min(BINS - 1, floor(score * BINS))]!;
    bin.n++;
    bin.sum += score;
    if (random.uniform() < 1 / (1 + exp(-odds))) bin.positives++;
  }
  return { edges: EDGES, bins };
}

const unlabelled = ({ bins }: ReturnType<typeof binned>) => ({
  counts: bins.map(({ n }) => n),
  sums: bins.map(({ sum }) => sum),
});

function measured({ bins }: ReturnType<typeof binned>) {
  const means = bins.map(({ n, sum }, bin) => (n === 0 ? bin / BINS : sum / n));
  const [roc_auc, accuracy, f1, precision, recall, brier, log_loss] = binnedMetrics(
    bins.map(({ positives }) => positives),
    bins.map(({ n }) => n),
    means,
    EDGES.indexOf(THRESHOLD) + 1,
  );
  return { roc_auc, accuracy, f1, precision, recall, brier, log_loss };
}

describe('intervals hold what labels show, 93 to 98 of 100 times, while scores mean what they meant', () => {
  // 80 references of 4 windows each: a share of 95 % has a standard error of 1.2 to 2.4 %, as errors of one reference go together.
  test.each([
    ['nothing changed', {}, {}],
    ['other rows', {}, { mean: -0.5 }],
    ['probabilities that are too extreme', { stretch: 1.7 }, { stretch: 1.7 }],
  ])('%s', (_, then, now) => {
    const random = new Random(21);
    const held = new Map<string, number>();
    for (let run = 0; run < 80; run++) {
      const { estimate } = estimatorOf(binned(1000, random, then), THRESHOLD);
      for (let window = 0; window < 4; window++) {
        const rows = binned(400, random, now);
        const truth = measured(rows);
        for (const [metric, { value, interval, error, sampling }] of Object.entries(
          estimate(unlabelled(rows)),
        )) {
          const shown = truth[metric as keyof typeof truth]!;
          if (shown >= interval[0] && shown <= interval[1]) held.set(metric, (held.get(metric) ?? 0) + 1);
          expect(value).toBeGreaterThanOrEqual(interval[0]);
          expect(value).toBeLessThanOrEqual(interval[1]);
          expect(sampling).toBeLessThan(error * 1.2);
        }
      }
    }
    expect([...held.keys()].sort()).toEqual(Object.keys(measured(binned(9, random))).sort());
    for (const [metric, count] of held) expect([metric, count / 320 > 0.9]).toEqual([metric, true]);
  });
});

test('probabilities are recalibrated where that improves them, and only there', () => {
  const random = new Random(22);
  expect(estimatorOf(binned(20_000, random, { stretch: 2 }), THRESHOLD).recalibrated).toBe(true);
  let kept = 0;
  for (let run = 0; run < 20; run++) if (estimatorOf(binned(2000, random), THRESHOLD).recalibrated) kept++;
  expect(kept).toBeLessThan(8);
});

test('the same numbers give the same estimate, and no rows none', () => {
  const random = new Random(23);
  const [reference, window] = [binned(500, random), unlabelled(binned(300, random))];
  expect(estimatorOf(reference, THRESHOLD).estimate(window)).toEqual(
    estimatorOf(reference, THRESHOLD).estimate(window),
  );
  const none = { counts: new Array<number>(BINS).fill(0), sums: new Array<number>(BINS).fill(0) };
  expect(estimatorOf(reference, THRESHOLD).estimate(none)).toEqual({});
});

test('a model without a threshold has no decisions to estimate', () => {
  const random = new Random(24);
  const { estimate } = estimatorOf(binned(500, random), null);
  expect(Object.keys(estimate(unlabelled(binned(300, random)))).sort()).toEqual([
    'brier',
    'log_loss',
    'roc_auc',
  ]);
});

describe('errors of a regression', () => {
  /** Errors grow with the predicted value. */
  function rows(n: number, random: Random, from: number) {
    const bins = Array.from({ length: 20 }, () => ({ n: 0, errors: { absolute: 0, squared: 0, fourth: 0 } }));
    const all: number[] = [];
    for (let i = 0; i < n; i++) {
      const value = from + (1 - from) * random.uniform();
      const error = abs((0.2 + 2 * value) * random.normal());
      all.push(error);
      const bin = bins[floor(value * 20)]!;
      bin.n++;
      bin.errors.absolute += error;
      bin.errors.squared += error ** 2;
      bin.errors.fourth += error ** 4;
    }
    const mean = (power: number) => all.reduce((sum, error) => sum + error ** power, 0) / n;
    return { bins, mae: mean(1), rmse: Math.sqrt(mean(2)) };
  }

  test('intervals hold what labels show though other values are predicted', () => {
    const random = new Random(25);
    const held = { mae: 0, rmse: 0 };
    for (let run = 0; run < 200; run++) {
      const [reference, now] = [rows(2000, random, 0), rows(500, random, 0.5)];
      const estimate = estimateErrors(reference, { counts: now.bins.map(({ n }) => n) });
      for (const metric of ['mae', 'rmse'] as const) {
        const [low, high] = estimate[metric]!.interval;
        if (now[metric] >= low && now[metric] <= high) held[metric]++;
      }
      // A third more than on the reference: that is what the window's values give.
      if (run === 0) expect(estimate.mae!.value / reference.mae).toBeGreaterThan(1.2);
    }
    expect(held.mae / 200).toBeGreaterThan(0.9);
    expect(held.rmse / 200).toBeGreaterThan(0.9);
  });

  test('nothing is estimated without rows, or from few', () => {
    const random = new Random(26);
    const reference = rows(2000, random, 0);
    expect(estimateErrors(reference, { counts: new Array<number>(20).fill(0) })).toEqual({});
    expect(estimateErrors(rows(20, random, 0), { counts: new Array<number>(20).fill(5) })).toEqual({});
    expect(estimateErrors({ bins: [{ n: 100 }] }, { counts: [5] })).toEqual({});
  });
});

import { describe, expect, test } from '@jest/globals';
import { Random } from '../statistics/random.ts';
import type { MulticlassScores, RegressionScores, Scores } from '../statistics/scores.ts';
import { estimateWindow, whyNotEstimated } from './estimate-window.ts';
import { emptyHistory } from './history.ts';
import { judge } from './judge.ts';
import { limitOf } from './limit.ts';
import type { Look } from './look.ts';
import { drawRows, labelledOf, referenceFrom, settings, summaryOf, weekStart } from './production.fixture.ts';
import type { Reference } from './reference.ts';
import { binOf, referenceOf } from './reference-of.ts';
import type { WindowSummary } from './window.ts';

const rowsOf = (n: number) => ({
  source: 'simulated',
  ids: Array.from({ length: n }, (_, i) => `${i}`),
  slices: new Map(),
  positions: null,
});

const CLASSES = ['high', 'low', 'mid'];

/** Three classes; the first has its probability right, and it decides. */
function multiclass(n: number, random: Random): MulticlassScores {
  const labels = new Int32Array(n);
  const scores = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const weights = CLASSES.map(() => Math.exp(1.5 * random.normal()));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [c, weight] of weights.entries()) scores[3 * i + c] = weight / sum;
    const drawn = random.uniform();
    labels[i] = drawn < scores[3 * i]! ? 0 : drawn < scores[3 * i]! + scores[3 * i + 1]! ? 1 : 2;
  }
  return { ...rowsOf(n), problem: 'multiclass', classes: CLASSES, labels, scores, predicted: null };
}

function regression(n: number, random: Random, more = 0): RegressionScores {
  const predicted = Float64Array.from({ length: n }, () => 10 * random.uniform());
  const labels = predicted.map((value) => value + (1 + more) * random.normal());
  return { ...rowsOf(n), problem: 'regression', labels, predicted };
}

/** What prepare's job counts of a window. */
function windowOf(scores: Scores, reference: Reference): WindowSummary {
  const values = (k: number) =>
    scores.problem === 'multiclass'
      ? scores.labels.length === 0
        ? new Float64Array(0)
        : Float64Array.from(scores.labels, (_, i) => scores.scores![3 * i + k]!)
      : scores.predicted!;
  return {
    package: 'p1',
    start: weekStart(0),
    end: weekStart(1),
    rows: scores.ids.length,
    scores: reference.scores.map(({ name, edges }, k) => {
      const counts = new Array<number>(edges.length + 1).fill(0);
      const sums = [...counts];
      for (const value of values(k)) {
        counts[binOf(value, edges)]!++;
        sums[binOf(value, edges)]! += value;
      }
      return { name, counts, sums, bad: 0 };
    }),
    decisions: [],
    columns: [],
  };
}

const decayOf = (decay: object) => ({
  ...settings,
  decay: { ...settings.decay!, min: undefined, ...decay } as never,
});

/** Two looks: one at the end of the window, one when its labels are due. */
async function judged(look: Omit<Look, 'at'>) {
  const first = await judge(emptyHistory(), { ...look, at: weekStart(1), labelled: [] });
  return judge(first.history, { ...look, at: weekStart(2) });
}

const lookOf = (
  reference: Reference,
  window: WindowSummary,
  rows: { scores: Float64Array; labels: Float64Array },
  change: Partial<Look>,
): Omit<Look, 'at'> => ({
  model: 'm',
  settings,
  current: 'p1',
  gone: null,
  references: new Map([['p1', reference]]),
  summary: summaryOf([window], ['release']),
  labelled: [
    labelledOf({ column: rows.labels, scores: rows.scores, labels: new Uint8Array(rows.labels.length) }, 0),
  ],
  read: async () => rows,
  ...change,
});

describe('binary', () => {
  const random = new Random(1);
  const reference = referenceFrom(drawRows(1000, random), random);
  const [{ edges, bins }] = reference.scores as [Reference['scores'][number]];

  test('bins hold every row of the holdout, five or more, and begin at the threshold', () => {
    expect(edges).toContain(reference.threshold);
    expect(edges).toEqual([...edges].sort((a, b) => a - b));
    expect(bins).toHaveLength(edges.length + 1);
    expect(bins.reduce((sum, { n }) => sum + n, 0)).toBe(1000);
    expect(bins.filter(({ n }) => n < 5).length).toBeLessThanOrEqual(2); // about the threshold
    expect(binOf(reference.threshold!, edges)).toBe(edges.indexOf(reference.threshold!) + 1);
    expect(binOf(-1, edges)).toBe(0);
    expect(reference.decisions.reduce((sum, n) => sum + n, 0)).toBe(1000);
  });

  test('it holds no row id, and is JSON', () => {
    expect(JSON.parse(JSON.stringify(reference))).toEqual(reference);
    expect(JSON.stringify(reference)).not.toContain('ids');
  });

  test('large holdouts have at most a thousand bins', () => {
    const large = referenceFrom(drawRows(20_000, random), random);
    expect(large.scores[0]!.bins.length).toBeLessThanOrEqual(1000);
    expect(large.scores[0]!.bins.length).toBeGreaterThan(990);
  });

  test('labels in another order than the scores are refused', () => {
    const scores = multiclass(50, random);
    expect(() => referenceOf(scores, {}, ['high', 'low'], [], null)).toThrow(
      'the scores have classes high, low, mid, expected high, low',
    );
  });

  test('limits beyond what a loss can show are refused with a reason', () => {
    expect(limitOf({ ...settings.decay!, min: 1 }, reference)).toEqual({
      why: expect.stringContaining('No loss can show a roc_auc beyond 1'),
    });
    expect(limitOf({ ...settings.decay!, metric: 'pr_auc' }, reference)).toEqual({
      why: expect.stringContaining('Decay of pr_auc cannot be watched, because it is no mean'),
    });
    expect(limitOf({ ...settings.decay!, metric: 'f1', min: 0.5 }, reference)).toMatchObject({
      loss: expect.closeTo(2 / 3, 12),
    });
  });
});

describe('multiclass', () => {
  const random = new Random(2);
  const holdout = multiclass(1500, random);
  const reference = referenceOf(holdout, {}, CLASSES, [], null);

  test('each class has its bins, and ROC AUC one vs rest is estimated', () => {
    expect(reference.scores.map(({ name }) => name)).toEqual(CLASSES);
    const estimates = estimateWindow(reference, windowOf(multiclass(800, random), reference));
    expect(Object.keys(estimates)).toEqual(['roc_auc_ovr']);
    expect(estimates.roc_auc_ovr!.interval[0]).toBeGreaterThan(0.7);
    expect(whyNotEstimated('accuracy', reference)).toContain('the counts are by class');
  });

  test('accuracy by labels decays where labels are drawn at random', async () => {
    const limit = decayOf({ metric: 'accuracy', min: 0.5 });
    for (const [isRandom, finding] of [
      [false, 'healthy'],
      [true, 'decayed'],
    ] as const) {
      const rows = multiclass(1500, random);
      const labels = Float64Array.from(rows.labels, (label) =>
        isRandom ? Math.floor(3 * random.uniform()) : label,
      );
      const look = lookOf(
        reference,
        windowOf(rows, reference),
        { scores: rows.scores!, labels },
        { settings: limit },
      );
      expect((await judged(look)).finding.finding).toBe(finding);
    }
  });

  test('a model that answers classes alone is compared by its decisions', async () => {
    const decided = { ...holdout, scores: null, predicted: holdout.labels };
    const classes = referenceOf(decided, {}, CLASSES, [], null);
    expect(classes.scores).toEqual([]);
    const [all] = [classes.decisions.reduce((sum, n) => sum + n, 0)];
    expect(all).toBe(1500);
    const window = { ...windowOf(multiclass(0, random), classes), rows: 1500, decisions: [1100, 200, 200] };
    const labels = Float64Array.from(holdout.labels);
    const look = lookOf(
      classes,
      window,
      { scores: labels, labels },
      { settings: decayOf({ metric: 'accuracy', min: 0.5 }) },
    );
    const { finding, history } = await judged(look);
    expect(finding.evidence[0]).toMatchObject({ kind: 'scores', name: 'decisions', outcome: 'alarm' });
    expect(history.windows[0]!.labels.metrics).toEqual({
      accuracy: { value: 1, interval: [expect.any(Number), 1], n: 1500 },
    });
  });
});

describe('regression', () => {
  const random = new Random(3);
  const reference = referenceOf(regression(2000, random), {}, [], [], null);

  test('MAE and RMSE are estimated, and larger errors by labels decay', async () => {
    expect(reference.losses.mae!.scale).toBeGreaterThan(4);
    for (const [metric, max] of [
      ['mae', 1],
      ['rmse', 1.2],
    ] as const)
      for (const [more, finding] of [
        [0, 'healthy'],
        [0.6, 'decayed'],
      ] as const) {
        const rows = regression(1500, random, more);
        const look = lookOf(
          reference,
          windowOf(rows, reference),
          { scores: rows.predicted, labels: rows.labels },
          { settings: decayOf({ metric, max }) },
        );
        const { finding: found, history } = await judged(look);
        expect([metric, more, found.finding]).toEqual([metric, more, finding]);
        expect(Object.keys(history.windows[0]!.estimates).sort()).toEqual(['mae', 'rmse']);
        const { value, interval } = history.windows[0]!.estimates.mae!;
        expect(value).toBeCloseTo(Math.sqrt(2 / Math.PI), 1);
        expect(interval[1] - interval[0]).toBeLessThan(0.2);
      }
  });
});

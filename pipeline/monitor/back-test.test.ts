import { expect, test } from '@jest/globals';
import { Random } from '../statistics/random.ts';
import { backTest, held } from './back-test.ts';
import { estimateWindow } from './estimate-window.ts';
import type { WindowRecord } from './history.ts';
import { measure } from './measure.ts';
import { drawRows, referenceFrom, THRESHOLD, windowOf } from './production.fixture.ts';

const random = new Random(31);
const reference = referenceFrom(drawRows(2000, random), random);

/** A mature window of which the first `labelled` rows have a label. */
function record(rows: number, labelled: number): WindowRecord {
  const drawn = drawRows(rows, random);
  const summary = windowOf(drawn, 0, reference);
  const metrics = measure({
    problem: 'binary',
    classes: 2,
    scores: drawn.scores.slice(0, labelled),
    labels: Float64Array.from(drawn.labels.slice(0, labelled)),
    threshold: THRESHOLD,
    decided: false,
  });
  const labels = {
    state: 'mature' as const,
    why: null,
    due: '2026-01-19T00:00:00.000Z',
    count: labelled,
    bad: 0,
    coverage: [],
    version: 1,
    late: 0,
    read: labelled,
    metrics,
  };
  return {
    summary,
    drift: [],
    why: null,
    judged: '2026-01-12T00:00:00.000Z',
    judgements: 1,
    estimates: estimateWindow(reference, summary) as WindowRecord['estimates'],
    labels,
  };
}

test('estimates hold what a tenth of the labels shows as often as what all of them show', () => {
  for (const labelled of [600, 60]) {
    const windows = Array.from({ length: 120 }, () => record(600, labelled));
    const found = Object.fromEntries(
      backTest({ windows }).map((line) => [line.metric, line.held / line.windows]),
    );
    for (const metric of ['accuracy', 'brier', 'log_loss']) {
      expect([labelled, metric, found[metric]! > 0.87]).toEqual([labelled, metric, true]);
    }
  }
});

test('windows that are not mature, or lack one of the two values, do not count', () => {
  const whole = record(300, 300);
  expect(held({ ...whole, labels: { ...whole.labels, state: 'not yet' } }, 'brier')).toBeNull();
  expect(held({ ...whole, estimates: {} }, 'brier')).toBeNull();
  expect(held({ ...whole, labels: { ...whole.labels, metrics: {} } }, 'brier')).toBeNull();
  expect(backTest({ windows: [whole] }, 'another')).toEqual([]);
  const brier = whole.labels.metrics.brier!;
  const far = { ...whole.labels, metrics: { brier: { ...brier, value: 0.9 } } };
  expect(backTest({ windows: [{ ...whole, labels: far }] })).toEqual([
    { metric: 'brier', windows: 1, held: 0 },
  ]);
});

import { expect, test } from '@jest/globals';
import { Random } from '../statistics/random.ts';
import { measure } from './measure.ts';
import { drawRows, measuredOn, THRESHOLD } from './production.fixture.ts';

const labelled = ({ scores, labels }: ReturnType<typeof drawRows>) => ({
  problem: 'binary' as const,
  classes: 2,
  scores,
  labels: Float64Array.from(labels),
  threshold: THRESHOLD,
  decided: false,
});

test('metrics of labels are those of the gate, and their intervals hold the true value about 95 of 100 times', () => {
  const random = new Random(8);
  const whole = drawRows(200_000, random);
  const held = new Map<string, number>();
  for (let window = 0; window < 200; window++) {
    const rows = drawRows(300, random);
    for (const [metric, { value, interval, n }] of Object.entries(measure(labelled(rows)))) {
      expect(n).toBe(300);
      if (window < 5) expect(value).toBeCloseTo(measuredOn(rows, metric), 10);
      if (!held.has(metric)) held.set(metric, 0);
      const truth = TRUTH.get(metric) ?? TRUTH.set(metric, measuredOn(whole, metric)).get(metric)!;
      if (truth >= interval[0] && truth <= interval[1]) held.set(metric, held.get(metric)! + 1);
    }
  }
  expect(held.size).toBe(7);
  for (const [metric, count] of held) expect([metric, count / 200 > 0.88]).toEqual([metric, true]);
});

const TRUTH = new Map<string, number>();

test('one class has no ROC AUC and no recall; a single row nothing', () => {
  const rows = drawRows(50, new Random(9));
  const one = measure(labelled({ ...rows, labels: new Uint8Array(50) }));
  expect(Object.keys(one)).not.toContain('roc_auc');
  expect(Object.keys(one)).not.toContain('recall');
  expect(one.accuracy!.value).toBeGreaterThan(0.3);
  expect(measure(labelled(drawRows(1, new Random(10))))).toEqual({});
});

import { expect, test } from '@jest/globals';
import { renderFinding } from './finding-terminal.ts';
import { sampleFinding } from './monitor.fixture.ts';

const nothing = { rows: 9, conflicts: 0, unknown: 0, early: 0, future: 0, bad: 0, matched: 9 };
const told = (truth: typeof nothing | null) =>
  renderFinding(sampleFinding(), { color: false, columns: 100, truth, notes: [] });

test('labels that count for nothing are told by kind, under what was judged', () => {
  const text = told({ ...nothing, conflicts: 1, unknown: 1200, early: 2, future: 3, bad: 4 });
  expect(text).toMatch(
    /\n {2}Labels that do not count: 1 in conflict, 1,200 of no prediction, 2 known before the prediction, 3\n\s+of the future, 4 not usable\.\n\n/,
  );
  expect(told({ ...nothing, bad: 1 })).toContain('\n  Labels that do not count: 1 not usable.\n\n');
  expect(text.indexOf('Labels that')).toBeLessThan(text.indexOf('It cannot see'));
});

test('where all labels count, or none were read, there is no such line', () => {
  for (const truth of [nothing, null]) expect(told(truth)).not.toContain('do not count');
});

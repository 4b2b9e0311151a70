import { describe, expect, test } from '@jest/globals';
import { batchName, decide, type Landed } from './landed.ts';

const object = (name: string, at = 0, more: Partial<Landed> = {}): Landed => ({
  name,
  bytes: 1,
  version: `v-${name}`,
  written: at,
  seen: at,
  ...more,
});
const rule = (now: number, quiet = 10) => ({ now, quiet });
const names = (files: readonly Landed[]) => files.map(({ name }) => name);

describe('a batch', () => {
  test('waits until the last of its objects has stood still', () => {
    const found = [object('a.csv', 0), object('b.csv', 5)];
    expect(decide(found, [], rule(5))).toEqual({ kind: 'wait', milliseconds: 10 });
    expect(decide(found, [], rule(14))).toEqual({ kind: 'wait', milliseconds: 1 });
    expect(decide(found, [], rule(15))).toEqual({ kind: 'batch', files: found, landed: found });
  });

  test('of a thousand objects is one', () => {
    const found = Array.from({ length: 1000 }, (_, index) => object(`part-${index}.csv`, index));
    expect(decide(found, [], rule(1008))).toEqual({ kind: 'wait', milliseconds: 1 });
    const decision = decide(found, [], rule(1009));
    expect(decision.kind === 'batch' && decision.files.length).toBe(1000);
  });

  test('waits again where an object is written again, by its version', () => {
    const found = [object('a.csv', 0), object('b.csv', 12, { version: 'v-2', seen: 12 })];
    expect(decide(found, [], rule(15))).toEqual({ kind: 'wait', milliseconds: 7 });
  });

  test('is complete at once where a marker was written after all of it', () => {
    const found = [object('day=1/a.csv', 3), object('_SUCCESS', 3)];
    const decision = decide(found, [], rule(3));
    expect(decision.kind === 'batch' && names(decision.files)).toEqual(['day=1/a.csv']);
  });

  test('is not complete by a marker of the data before', () => {
    const found = [object('a.csv', 3), object('_SUCCESS', 3), object('b.csv', 4)];
    expect(decide(found, [object('a.csv', 3)], rule(5))).toEqual({ kind: 'wait', milliseconds: 9 });
  });

  test('has all the data, and says what is new', () => {
    const found = [object('b.csv', 20), object('a.csv', 0)];
    const decision = decide(found, [object('a.csv', 0)], rule(30));
    expect(decision).toMatchObject({ kind: 'batch' });
    expect(decision.kind === 'batch' && [names(decision.files), names(decision.landed)]).toEqual([
      ['a.csv', 'b.csv'],
      ['b.csv'],
    ]);
  });

  test.each([
    ['nothing', []],
    ['a marker alone', [object('_SUCCESS')]],
    ['hidden files and drafts', [object('.a.csv.swp'), object('_temporary/0/a.csv')]],
  ])('is not made by %s', (_what, found) => {
    expect(decide(found, [], rule(100))).toEqual({ kind: 'nothing' });
  });

  test('is not made by what it had already, or by what vanished', () => {
    const before = [object('a.csv'), object('b.csv')];
    expect(decide(before.toReversed(), before, rule(100))).toEqual({ kind: 'nothing' });
    expect(decide([object('a.csv')], before, rule(100))).toEqual({ kind: 'nothing' });
    expect(decide([], before, rule(100))).toEqual({ kind: 'nothing' });
  });

  test('is made by a file under a new name', () => {
    const decision = decide([object('c.csv')], [object('a.csv')], rule(100));
    expect(decision.kind === 'batch' && names(decision.landed)).toEqual(['c.csv']);
  });
});

test('the name of a batch depends on versions alone: not on order, time or how often an object is told', () => {
  const a = object('a.csv', 1);
  const b = object('b.csv', 2);
  const name = batchName([a, b]);
  expect(name).toMatch(/^landed-[0-9a-f]{32}$/);
  expect(batchName([{ ...b, seen: 9 }, a])).toBe(name);
  expect(batchName([a])).not.toBe(name);
  expect(batchName([a, { ...b, version: 'v-2' }])).not.toBe(name);
  expect(batchName([object('x', 0, { version: '1' }), object('y', 0, { version: '2' })])).not.toBe(
    batchName([object('x', 0, { version: '2' }), object('y', 0, { version: '1' })]),
  );
});

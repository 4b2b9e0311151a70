import { expect, test } from '@jest/globals';
import type { StepContext } from '../context.ts';
import { findCaptures } from './captures.ts';

/*
 * Captured requests on AWS, where each has an object in the folder of its day. On this machine cli/monitor.test.ts asks a service.
 */

const folder = 's3://bucket/small/captures/small/';
const objects = ['2026/03/01/a', '2026/03/02/b', '2026/03/02/c', '2026/03/03/d', '2026/03/04/e', 'other'].map(
  (name) => ({ uri: `${folder}${name}.jsonl`, bytes: 1, version: '1' }),
);
const context = {
  region: 'us-east-1',
  root: 's3://bucket/small',
  model: 'small',
  storage: { list: async () => objects },
  clock: { now: () => new Date('2026-03-04T12:00:00Z') },
  ledger: {
    list: async () => [
      { id: 'r1', version: 1, value: { state: { pointed: { moved: true }, plan: { package: 'small/1' } } } },
      { id: 'r2', version: 1, value: { state: { plan: { package: 'small/2' } } } },
    ],
  },
} as unknown as StepContext;
const find = (captured: string | null, open: { from: number; to: number }[] = []) =>
  findCaptures(
    { execution: 'e', at: '2026-03-09T00:00:00Z', kept: { captured, captures: [] }, open },
    context,
  );
test('whole days are counted, each once, and today is not over', async () => {
  const first = await find(null);
  expect(first.fresh).toEqual(objects.slice(0, 4).map(({ uri }) => uri));
  expect(first).toMatchObject({ until: '2026-03-04T00:00:00.000Z', copies: [], packages: ['small/1'] });
  expect(await find(first.until)).toMatchObject({ fresh: [], open: [], until: first.until, packages: [] });
});

test('days that were counted are read again while their labels are open', async () => {
  const span = { from: Date.parse('2026-03-02T00:00:00Z'), to: Date.parse('2026-03-03T00:00:00Z') };
  const { fresh, open, packages } = await find('2026-03-03T00:00:00.000Z', [span]);
  expect(fresh).toEqual([`${folder}2026/03/03/d.jsonl`]);
  expect(open).toEqual([`${folder}2026/03/02/b.jsonl`, `${folder}2026/03/02/c.jsonl`]);
  expect(packages).toEqual(['small/1']);
});

import { expect, test } from '@jest/globals';
import { RowPlaces } from './row-places.ts';

/** The places that a Map finds. */
function expected(ids: readonly string[]): number[] {
  const first = new Map<string, number>();
  return ids.map((id, place) => {
    const known = first.get(id) ?? -1;
    if (known === -1) first.set(id, place);
    return known;
  });
}

const found = (ids: readonly string[]): number[] => {
  const places = new RowPlaces();
  return ids.map((id, place) => places.add(id, place));
};

const count = (rows: number, of: (row: number) => string) =>
  Array.from({ length: rows }, (_, row) => of(row));

test.each([
  ['ids that ascend', count(20_000, (row) => `c${row}`)],
  ['ids that ascend until one repeats', [...count(5_000, (row) => `c${row}`), 'c4999', 'c17', 'c5000']],
  ['ids without order', count(20_000, (row) => `p${(row * 7919) % 15_000}`)],
  ['descending ids', count(3_000, (row) => `${3_000 - row}`)],
  [
    'ids that differ in length, beginning or end',
    ['b', 'aa', 'a', 'ab', 'b', 'aa', 'é', '\u{1f600}', 'é', ''],
  ],
  ['long ids', count(200, (row) => 'x'.repeat(row % 150))],
])('%s', (_what, ids) => {
  expect(found(ids)).toEqual(expected(ids));
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, test } from '@jest/globals';
import type { RecordedColumn } from '../queries/recorded-tables.ts';
import { type WrittenCell, writeParquet } from './write-parquet.ts';

const folder = mkdtempSync(join(tmpdir(), 'write-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const columns = [
  { name: 'text', type: 'varchar' },
  { name: 'value', type: 'double' },
  { name: 'count', type: 'bigint' },
  { name: 'yes', type: 'boolean' },
  { name: 'at', type: 'timestamp' },
  { name: 'texts', type: 'map(varchar, varchar)' },
  { name: 'numbers', type: 'map(varchar, double)' },
] as const satisfies RecordedColumn[];

/** What DuckDB, a reader of another maker, finds in a file with these rows. */
async function readBack(rows: Parameters<typeof writeParquet<(typeof columns)[number]['name']>>[1]) {
  const file = join(folder, 'rows.parquet');
  writeFileSync(file, writeParquet(columns, rows));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
  const types = read.columnTypes().map((type) => String(type).toLowerCase());
  const found = read.getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return { types, rows: found };
}

const none = { text: null, value: null, count: null, yes: null, at: null, texts: null, numbers: null };

test('another reader finds the types of the columns and every value', async () => {
  const at = new Date('2026-01-02T03:04:05.678Z');
  const found = await readBack([
    {
      ...{ text: 'naïve "☃"\n', value: -0.1, count: 2n ** 53n + 1n, yes: false, at },
      ...{ texts: { C: '0.30', encoding: '' }, numbers: { a: 1, b: null } },
    },
    { ...none, text: '', count: -3, yes: true, texts: {}, numbers: {} },
    none,
  ]);
  expect(found.types).toEqual(columns.map(({ type }) => type));
  const pairs = (of: object) => Object.entries(of).map(([key, value]) => ({ key, value }));
  expect(found.rows).toEqual([
    ['naïve "☃"\n', -0.1, '9007199254740993', false, '2026-01-02 03:04:05.678'].concat([
      pairs({ C: '0.30', encoding: '' }),
      pairs({ a: 1, b: null }),
    ] as never),
    ['', null, '-3', true, null, [], []],
    [null, null, null, null, null, null, null],
  ]);
});

test('no rows are a file with columns', async () => {
  const found = await readBack([]);
  expect([found.types, found.rows]).toEqual([columns.map(({ type }) => type), []]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['a number that is none', { value: Number.NaN }, /^row 2, column value: got .*, expected a finite number/],
  ['an infinite number', { value: Number.POSITIVE_INFINITY }, /column value: .*expected a finite number/],
  ['text for a number', { value: '1' }, /column value: got "\\?"1\\?"", expected a finite number or null/],
  ['a fraction', { count: 1.5 }, /column count: got "1.5", expected a whole number/],
  ['a number for text', { text: 1 }, /column text: got "1", expected text/],
  ['a number for yes', { yes: 1 }, /column yes: .*expected true or false/],
  ['a time that is none', { at: new Date('x') }, /column at: got a Date that is no time, expected a time/],
  ['a number in a map of texts', { texts: { C: 1 } }, /column texts, key C: got "1", expected text/],
  [
    'a number that is none in a map',
    { numbers: { a: Number.NaN } },
    /column numbers, key a: .*finite number/,
  ],
  ['a column too many', { further: 1 }, /^row 2: got the column "further", expected text, value, count/],
  ['a column that is missing', { value: undefined }, /column value: got "undefined", expected a finite/],
])('%s is refused with its place', (_name, change, message) => {
  const rows = [none, { ...none, ...change }] as Record<'text', WrittenCell>[];
  expect(() => writeParquet(columns, rows as never)).toThrow(message);
});

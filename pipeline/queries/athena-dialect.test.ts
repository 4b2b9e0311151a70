import { beforeAll, expect, test } from '@jest/globals';
import { recordedTables } from './recorded-tables.ts';
import { savedQueries } from './saved-queries.ts';
import { trinoGrammar, type Validate } from './trino-grammar.fixture.ts';

let validate: Validate;
beforeAll(async () => {
  validate = await trinoGrammar();
});

const saved = savedQueries().map(({ name, sql }): [string, string] => [name, sql]);

test.each(saved)('Athena takes the syntax of %s', (_name, sql) => {
  expect(validate(sql)).toEqual([]);
});

test.each(recordedTables.map(({ name, columns }) => [name, columns] as const))(
  'no column of %s needs quotes in Athena',
  (name, columns) => {
    const named = columns.map((column) => column.name).join(', ');
    expect(validate(`SELECT ${named} FROM ${name} GROUP BY ${named}`)).toEqual([]);
  },
);

/** Functions that Trino documents and that mean the same in DuckDB. */
const common = [
  'abs',
  'avg',
  'count',
  'floor',
  'ln',
  'map_keys',
  'max',
  'max_by',
  'min',
  'min_by',
  'sign',
  'sum',
];
/** Words that parentheses follow and that are no functions. */
const words = ['as', 'by', 'cast', 'from', 'in', 'join', 'over', 'select', 't', 'unnest', 'where'];

test.each(saved)('%s calls functions that both have', (_name, sql) => {
  const statement = sql.replace(/--.*$/gm, '').replace(/'[^']*'/g, "''");
  const called = [...statement.matchAll(/([a-z_]+)\s*\(/gi)].map(([, name = '']) => name.toLowerCase());
  expect(called.filter((name) => ![...common, ...words].includes(name))).toEqual([]);
});

test.each([
  'SELECT score::varchar FROM predictions',
  'FROM predictions',
  'SELECT * EXCLUDE (extra) FROM predictions',
  'SELECT unnest(map_entries(contributions)) FROM predictions',
  "SELECT {'a': 1}",
])('the grammar tells what is DuckDB’s alone: %s', (sql) => {
  expect(validate(sql)).not.toEqual([]);
});

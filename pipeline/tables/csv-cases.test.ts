import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { parseConfig } from '../config/load.ts';
import { checkBeginnings, checkData } from './data-contract.ts';

/** A CSV file, and what `mlops validate` and the prepare job (test_csv_cases.py) say about it. */
interface Case {
  what: string;
  /** Values of each column, repeated from the top; the text is as the file has it. */
  columns: Record<string, string[]>;
  /** A column with the row's number in it. */
  counted?: Record<string, string>;
  /** Other values by column and row, from 0. */
  odd?: Record<string, Record<string, string>>;
  /** First number of a first column without a name. */
  index?: number;
  delimiter?: string;
  encoding?: 'latin-1' | 'bytes' | 'utf-16le' | 'utf-16be';
  gzip?: true;
  problem?: string;
  data?: object;
  warnings?: string[];
  rows?: number;
  refused?: { validate: string };
}

const cases = JSON.parse(
  readFileSync(new URL('conformance/csv-cases.json', import.meta.url), 'utf8'),
) as Case[];
const ROWS = 60;

function textOf({ columns, counted = {}, odd = {}, index, delimiter = ',' }: Case): string {
  const cell = (name: string, row: number, value: string) => odd[name]?.[row] ?? value;
  const values = (row: number): [string, string][] => [
    ...(index === undefined ? [] : [['', String(index + row)] as [string, string]]),
    ['id', `p${row}`],
    ['y', row % 3 === 0 ? 'Yes' : 'No'],
    ...Object.entries(columns).map(
      ([name, cells]) => [name, cells[row % cells.length] ?? ''] as [string, string],
    ),
    ...Object.entries(counted).map(
      ([name, text]) => [name, text.replace('{n}', String(row))] as [string, string],
    ),
  ];
  const lines = [values(0).map(([name]) => name)];
  for (let row = 0; row < ROWS; row++) lines.push(values(row).map(([name, value]) => cell(name, row, value)));
  return lines.map((line) => `${line.join(delimiter)}\n`).join('');
}

function bytesOf({ encoding, gzip, ...rest }: Case): Buffer {
  const text = textOf(rest);
  const encodings = {
    'latin-1': () => Buffer.from(text, 'latin1'),
    bytes: () => Buffer.from(text, 'latin1'),
    'utf-16le': () => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    'utf-16be': () => Buffer.from(text, 'utf16le').swap16(),
  };
  const bytes = encoding === undefined ? Buffer.from(text) : encodings[encoding]();
  return gzip ? gzipSync(bytes) : bytes;
}

const configOf = ({ problem = 'binary', data = {} }: Case) =>
  parseConfig(
    stringify({
      project: 'demo',
      problem,
      data: {
        ...{ source: 'data/people.csv', target: 'y', row_id: 'id' },
        ...(problem === 'binary' && { positive: 'Yes' }),
        ...data,
      },
    }),
  );

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-cases-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const one of cases)
  test(one.what, async () => {
    const file = join(folder, 'people.csv');
    writeFileSync(file, bytesOf(one));
    const { problems, warnings, rows } = await checkData(configOf(one), [file]);
    const messages = problems.map(({ message }) => message);
    if (one.refused) {
      expect(messages.join('\n')).toContain(one.refused.validate);
      return;
    }
    expect(messages).toEqual([]);
    expect(warnings).toEqual(one.warnings);
    expect(rows).toBe(one.rows ?? ROWS);
  });

test('a part of a packed file is checked as far as it goes', async () => {
  const text = `id,y,x\n${Array.from({ length: 50_000 }, (_, row) => `p${row},${row % 3 ? 'No' : 'Yes'},${row}\n`).join('')}`;
  const bytes = gzipSync(text.replace('p7,', 'p6,'));
  const config = parseConfig(
    '{ project: demo, problem: binary, data: { source: x, target: y, row_id: id } }',
  );
  const read = async (start: number, end: number) => bytes.subarray(start, Math.min(end, bytes.length >> 1));
  const { problems, rows } = await checkBeginnings(config, [
    { label: 'x', keys: [], bytes: bytes.length, read },
  ]);
  expect(problems.map(({ message }) => message)).toEqual([
    'x: line 9: column id: got "p6" again (first at line 8), expected unique row ids; if id names a person or thing with several rows, write data.split: { by: group, column: id } and leave data.row_id out',
  ]);
  expect(rows).toBeGreaterThan(1000);
});

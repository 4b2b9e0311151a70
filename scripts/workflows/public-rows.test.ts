import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { whyNoRows } from './public-rows.ts';

let root = '';
const git = (...args: string[]) =>
  execFileSync('git', ['-C', root, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args]);
const write = (name: string, text: string) => writeFileSync(join(root, name), text);
const why = (allowed?: string) => whyNoRows(join(root, 'mlops.yaml'), allowed);
const config = (more = '', source = 'data') =>
  write('mlops.yaml', `project: demo\nproblem: binary\ndata: { source: ${source}, target: y${more} }\n`);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'public-rows-'));
  mkdirSync(join(root, 'data'));
  write('data/a.csv', 'x,y\n1,0\n');
  write('.gitignore', '*.parquet\n');
  config();
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
});
afterEach(() => rmSync(root, { recursive: true }));

test('rows that are committed as they are may be in artifacts; a setting elsewhere changes nothing', async () => {
  expect(await why()).toBeNull();
  write('notes', 'x');
  expect(await why()).toBeNull();
});

test.each([
  ['an edited file', () => write('data/a.csv', 'x,y\n2,0\n')],
  ['a new file', () => write('data/b.csv', 'x,y\n2,0\n')],
  ['an ignored file', () => write('data/c.parquet', 'x')],
  ['data that are fetched', () => config('', 'fetched.csv')],
  ['rows to predict that are fetched', () => config(', scoring: fetched.csv')],
  ['a holdout that is fetched', () => config(', split: { by: file, source: kept.csv }')],
])('not %s; the variable allows it', async (_, change) => {
  change();
  expect(await why()).toMatch(/(data|fetched\.csv|kept\.csv) is not committed as it is$/);
  expect(await why('true')).toBeNull();
  expect(await why('false')).not.toBeNull();
});

test('not where columns are sensitive, nor where mlops.yaml cannot be read', async () => {
  config(', sensitive: [x]');
  expect(await why()).toMatch(/data\.sensitive names columns$/);
  write('mlops.yaml', 'project: demo\n');
  expect(await why()).not.toBeNull();
  rmSync(join(root, 'mlops.yaml'));
  expect(await why()).not.toBeNull();
});

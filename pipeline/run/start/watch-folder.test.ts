import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { sha256 } from '../../hash.ts';
import { versionOfFiles } from '../../steps/train/inputs.ts';
import { type Batch, batchesOf, standsStill } from './watch-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'watch-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder = '';
let count = 0;
let stop = new AbortController();
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  stop = new AbortController();
});
afterEach(() => stop.abort());

const write = (name: string, text: string) => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const watch = (quiet = 100) => batchesOf(folder, { quiet, signal: stop.signal, onWait: () => {} });
async function next(batches: AsyncGenerator<Batch>): Promise<Batch> {
  const { value } = await batches.next();
  if (value === undefined) throw new Error('the watch ended');
  return value as Batch;
}
const names = ({ files }: Batch) => files.map(({ name }) => name);

test('a batch has the version that staging gives to the same files', async () => {
  write('day=1/b.csv', '2');
  write('a.csv', '1');
  write('_SUCCESS', '');
  write('.hidden', '');
  const batch = await next(watch());
  expect(names(batch)).toEqual(['a.csv', 'day=1/b.csv']);
  expect(batch.version).toBe(
    versionOfFiles([
      { name: 'a.csv', sha256: sha256('1') },
      { name: 'day=1/b.csv', sha256: sha256('2') },
    ]),
  );
});

test('what lands while the caller works is the next batch, with all files', async () => {
  write('a.csv', '1');
  const batches = watch();
  expect(names(await next(batches))).toEqual(['a.csv']);
  write('b.csv', '2');
  const second = await next(batches);
  expect([names(second), second.landed.map(({ name }) => name)]).toEqual([['a.csv', 'b.csv'], ['b.csv']]);
});

test('a batch that came to nothing is yielded again, also if only a file went meanwhile', async () => {
  write('a.csv', '1');
  write('b.csv', '2');
  const batches = watch();
  const first = await next(batches);
  first.again = true;
  rmSync(join(folder, 'b.csv'));
  expect(names(await next(batches))).toEqual(['a.csv']);
});

test.each([
  ['a file is longer', () => appendFileSync(join(folder, 'a.csv'), '2')],
  [
    'a file was written again, with its length and time',
    () => {
      rmSync(join(folder, 'a.csv'));
      write('a.csv', '2');
      utimesSync(join(folder, 'a.csv'), 1, 1);
    },
  ],
  ['a file more is there', () => write('b.csv', '')],
  ['a file is gone', () => rmSync(join(folder, 'a.csv'))],
  ['the folder is gone', () => rmSync(folder, { recursive: true })],
])('data stand still no longer where %s', async (_what, change) => {
  write('a.csv', '1');
  utimesSync(join(folder, 'a.csv'), 1, 1);
  const batch = await next(watch());
  expect(await standsStill(folder, batch)).toBe(true);
  change();
  expect(await standsStill(folder, batch)).toBe(false);
});

test('a folder that is replaced, a link to nothing and a file that vanishes at once end no watch', async () => {
  write('a.csv', '1');
  const batches = watch();
  await next(batches);
  const later = next(batches);
  rmSync(folder, { recursive: true });
  await new Promise((resume) => setTimeout(resume, 150));
  mkdirSync(folder);
  symlinkSync(join(root, 'nowhere'), join(folder, 'link.csv'));
  write('gone.csv', '1');
  rmSync(join(folder, 'gone.csv'));
  write('c.csv', '3');
  expect(names(await later)).toEqual(['c.csv']);
});

test('ends when it is stopped, also while it waits', async () => {
  write('a.csv', '1');
  const batches = watch(60_000);
  const ended = batches.next();
  stop.abort();
  expect(await ended).toEqual({ done: true, value: undefined });
});

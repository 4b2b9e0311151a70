import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { UnreadableRecordError } from '../../../errors.ts';
import { ledgerContract } from '../../../ports.contract.ts';
import { temporaryFolder } from '../images/python-context.fixture.ts';
import { FileLedger } from './file-ledger.ts';
import { recordProblem } from './record-problem.ts';
import { leftBehind, runModule, writeUntilKilled } from './writers.fixture.ts';

ledgerContract('FileLedger', async () => {
  const root = temporaryFolder();
  return () => new FileLedger(root);
});

const module = (root: string, body: string) => `
  import { FileLedger } from '${new URL('./file-ledger.ts', import.meta.url)}';
  const ledger = new FileLedger(${JSON.stringify(root)});
  ${body}`;

test('of processes that race for each of 40 versions exactly one wins each', async () => {
  const root = temporaryFolder();
  const racer = module(
    root,
    `for (let version = 0; version < 40; version++) {
       while (((await ledger.get('champion', 'current'))?.version ?? 0) < version);
       const won = await ledger.putIf('champion', 'current', process.argv[1], version).catch((error) => {
         if (error.name !== 'ConflictError') throw error;
       });
       if (won) console.log(version);
     }`,
  );
  const outputs = await Promise.all(['a', 'b', 'c', 'd'].map((who) => runModule(racer, who)));
  const won = outputs.flatMap((output) => output.split('\n').filter(Boolean).map(Number));
  expect(won.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, version) => version));
  expect(leftBehind(root)).toEqual([]);
});

test('killed in the middle of many writes, it holds whole values, and goes on', async () => {
  const root = temporaryFolder();
  await writeUntilKilled(
    module(
      root,
      `for (let n = 0; ; n++) {
         const value = { n, text: String(n % 10).repeat(200_000) };
         await Promise.all(['a', 'b', 'c', 'd'].map((id) => ledger.put('run', id, value)));
         console.log(n);
       }`,
    ),
  );
  const ledger = new FileLedger(root);
  const items = await ledger.list<{ n: number; text: string }>('run');
  expect(items.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  for (const { id, version, value } of items) {
    expect(version).toBe(value.n + 1);
    expect(value.text).toBe(String(value.n % 10).repeat(200_000));
    expect((await ledger.putIf('run', id, 'next', version)).version).toBe(version + 1);
  }
});

test('a ledger that cannot be read is an error, not an empty one: no champion would pass a worse model', async () => {
  const root = temporaryFolder();
  symlinkSync('champion', join(root, 'champion'));
  const ledger = new FileLedger(root);
  await expect(ledger.get('champion', 'current')).rejects.toThrow('ELOOP');
  await expect(ledger.list('champion')).rejects.toThrow('ELOOP');
});

const damages: [how: string, damage: (file: string) => void, found: string][] = [
  ['cut short', (file) => truncateSync(file, 8), 'text that is no JSON ('],
  ['empty', (file) => writeFileSync(file, ''), 'an empty file'],
  ['filled with zeros', (file) => writeFileSync(file, Buffer.alloc(40)), 'text that is no JSON ('],
  ['a list', (file) => writeFileSync(file, '[]'), 'JSON of another shape (the whole: '],
  ['null', (file) => writeFileSync(file, 'null'), 'JSON of another shape (the whole: '],
  ['of another shape', (file) => writeFileSync(file, '{"package":null,"execution":"b"}'), '(package: '],
  [
    'a folder',
    (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    'a folder',
  ],
  [
    'a link to itself',
    (file) => {
      rmSync(file);
      symlinkSync(file, file);
    },
    'a file that cannot be read (ELOOP)',
  ],
];

test.each(damages)(
  'a record that is %s is named, never missing, and costs itself alone',
  async (_how, damage, found) => {
    const root = temporaryFolder();
    const ledger = new FileLedger(root, recordProblem);
    const value = { package: 'm/1', execution: 'b' };
    for (const id of ['a', 'b', 'c']) await ledger.put('champion/m', id, value);
    const file = join(root, 'champion/m/b/1.json');
    damage(file);
    await expect(ledger.get('champion/m', 'b')).rejects.toThrow(UnreadableRecordError);
    await expect(ledger.list('champion/m')).rejects.toThrow(`${file}: got `);
    const leftOut: string[] = [];
    const listed = await ledger.list('champion/m', ({ message }) => leftOut.push(message));
    expect(listed.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(leftOut).toEqual([expect.stringContaining(found)]);
    // Its number is taken.
    await expect(ledger.putIf('champion/m', 'b', value, 0)).rejects.toThrow('expected 0');
    expect((await ledger.put('champion/m', 'b', value)).version).toBe(2);
  },
);

test('files of others in its folder are none of its items', async () => {
  const root = temporaryFolder();
  const ledger = new FileLedger(root);
  await ledger.put('run', 'a', 1);
  writeFileSync(join(root, 'run', '.DS_Store'), '');
  writeFileSync(join(root, 'run', 'a', '2.json.0.draft'), '{"ha');
  expect(await ledger.list('run')).toEqual([{ id: 'a', version: 1, value: 1 }]);
});

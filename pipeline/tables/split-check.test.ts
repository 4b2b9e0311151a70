import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import { sha256 } from '../hash.ts';
import { checkBeginnings, checkData, type DataCheck } from './data-contract.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'split-check-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const csv = (header: string, rows: readonly string[]) => [header, ...rows, ''].join('\n');
const text = (count: number, row: (n: number) => string) => Array.from({ length: count }, (_, n) => row(n));

let made = 0;
async function check(
  files: Record<string, string>,
  split: string,
  { row_id = 'id', source = 'data/x.csv', set = [] as string[] } = {},
): Promise<DataCheck & { messages: string[] }> {
  made += 1;
  const at = (path: string) => join(root, String(made), path);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  }
  const config = parseConfig(
    `{ project: demo, problem: binary, data: { source: ${source}, target: y, row_id: ${row_id}, split: ${split} } }`,
    { set },
  );
  const held = config.data.split.by === 'file' ? [at(config.data.split.source)] : [];
  const found = await checkData(config, [at(source)], held);
  return { ...found, messages: found.problems.map(({ message }) => message) };
}

describe('by group', () => {
  const group = '{ by: group, column: who }';
  const header = 'id,who,x,y';

  test('counts the groups that the prepare job will hold out, and their rows', async () => {
    const rows = text(300, (n) => `r${n},p${n % 60},1,${n % 2}`);
    const { split, problems, warnings } = await check({ 'data/x.csv': csv(header, rows) }, group);
    // The rule, as pipeline/prepare has it: the first 8 bytes of sha256(project:group).
    const held = text(60, (n) => `p${n}`).filter(
      (who) => Number.parseInt(sha256(`demo:${who}`).slice(0, 13), 16) / 2 ** 52 < 0.2,
    );
    expect({ split, problems, warnings }).toEqual({
      split: { holdout: 5 * held.length, groups: { all: 60, holdout: held.length } },
      problems: [],
      warnings: [],
    });
    expect(held.length).toBeGreaterThan(0);
  });

  test('refuses a row without a group, and groups that all fall to one side', async () => {
    const rows = text(40, (n) => `r${n},${n === 3 || n === 5 ? '' : `p${n}`},1,${n % 2}`);
    expect((await check({ 'data/x.csv': csv(header, rows) }, group)).messages).toEqual(
      [5, 7].map(
        (line) =>
          `data/x.csv: line ${line}: column who: got nothing, expected a group in every row: fill it in, or leave such rows out`,
      ),
    );
    const same = text(40, (n) => `r${n},all,1,${n % 2}`);
    expect((await check({ 'data/x.csv': csv(header, same) }, group)).messages).toEqual([
      'data/x.csv: got 1 group, which all fall to the holdout; expected more groups, or another data.holdout (now 0.2)',
    ]);
  });

  test('says that a marker is one group, and names the column that was meant', async () => {
    const rows = text(60, (n) => `r${n},${n < 5 ? 'NA' : `p${n}`},1,${n % 2}`);
    expect((await check({ 'data/x.csv': csv(header, rows) }, group)).warnings).toEqual([
      '5 rows have the group "NA": they count as one group.',
    ]);
    const { problems } = await check({ 'data/x.csv': csv(header, rows) }, '{ by: group, column: Whoo }');
    expect(problems).toMatchObject([
      { path: 'data.split.column', message: expect.stringContaining('did you mean "who"?') },
    ]);
  });

  test('the group is no feature, and goes to the model line by line', async () => {
    const rows = text(40, (n) => `r${n},p${n},${n % 2}`);
    expect((await check({ 'data/x.csv': csv('id,who,y', rows) }, group)).messages).toEqual([
      'data/x.csv: got no column to train on, expected at least one feature',
    ]);
    const broken = text(40, (n) => `r${n},${n === 0 ? '"a\nb"' : `p${n}`},1,${n % 2}`);
    expect((await check({ 'data/x.csv': csv(header, broken) }, group)).messages).toEqual([
      expect.stringContaining('line 2: column who: got a line break'),
    ]);
  });
});

describe('by time', () => {
  const time = '{ by: time, column: day }';
  const days = (count: number, day: (n: number) => string) => ({
    'data/x.csv': csv(
      'id,day,x,y',
      text(count, (n) => `r${n},${day(n)},1,${n % 2}`),
    ),
  });
  const day = (n: number) => `2024-03-${String((n % 25) + 1).padStart(2, '0')}`;

  test('the newest rows, whole days, without those of the embargo', async () => {
    const { split } = await check(days(100, day), time);
    expect(split).toEqual({ holdout: 20, boundary: '2024-03-21', embargoed: 0 });
    const { split: ties } = await check(days(100, day), time, { set: ['data.holdout=0.21'] });
    expect(ties).toEqual({ holdout: 24, boundary: '2024-03-20', embargoed: 0 });
    const { split: gap } = await check(days(100, day), '{ by: time, column: day, embargo: 7d }');
    expect(gap).toEqual({ holdout: 20, boundary: '2024-03-21', embargoed: 28 });
  });

  test.each([
    ['2024-03-01T00:00:00Z', '2024-03-01'],
    ['2024-03-01 10:30', '2024-03-01T10:30:00Z'],
    ['2024-03-01T10:30:00.25+02:00', '2024-03-01T08:30:00.250000Z'],
    ['2024-03-01 10:30:00 UTC', '2024-03-01T10:30:00Z'],
    ['2024-03', '2024-03-01'],
    ['0099-12-31', '0099-12-31'],
    ['1984', '1984'],
    ['-1.5e3', '-1500'],
  ])('%s is a time', async (written, boundary) => {
    // Of two rows the newer one is held out: the other is older in every notation.
    const older = Number(written) ? '-9999999' : '0001-01-01';
    const { split, messages } = await check(
      days(2, (n) => (n === 0 ? written : older)),
      time,
    );
    expect(messages).toEqual([]);
    expect(split?.boundary).toBe(boundary);
  });

  test.each(['03/01/2024', '2024-02-30', '2024-03-01T25:00', '1 March 2024', 'NA', '2024-13', 'inf'])(
    '%s is none',
    async (written) => {
      const { messages } = await check(
        days(20, (n) => (n === 4 ? written : day(n))),
        time,
      );
      expect(messages).toEqual([
        `data/x.csv: line 6: column day: got "${written}", expected a date such as 2024-03-01 or 2024-03-01T12:00:00Z, in every row`,
      ]);
    },
  );

  test('an empty time, numbers among dates, an embargo on years, one day alone', async () => {
    expect(
      (
        await check(
          days(20, (n) => (n === 4 ? '' : day(n))),
          time,
        )
      ).messages,
    ).toEqual([
      'data/x.csv: line 6: column day: got nothing, expected a date such as 2024-03-01 or 2024-03-01T12:00:00Z, in every row',
    ]);
    const mixed = await check(
      days(20, (n) => (n < 7 ? '2024' : day(n))),
      time,
    );
    expect(mixed.messages).toHaveLength(6);
    expect(mixed.messages.at(-1)).toBe('data/x.csv: 2 more rows without a time');
    const years = await check(
      days(20, (n) => String(1980 + n)),
      '{ by: time, column: day, embargo: 7d }',
    );
    expect(years.messages).toEqual([
      'data/x.csv: got numbers from 1980 to 1999, which are no Unix times; expected dates or Unix times with data.split.embargo: leave it out, or write dates',
    ]);
    expect(
      (
        await check(
          days(20, () => '2024-03-01'),
          time,
        )
      ).messages,
    ).toEqual([expect.stringContaining('got no row for training: the holdout begins at 2024-03-01')]);
  });
});

describe('by file', () => {
  const file = '{ by: file, source: kept.csv }';
  const rows = (from: number, count: number) =>
    csv(
      'id,x,y',
      text(count, (n) => `r${from + n},${from + n},${n % 2}`),
    );

  test('the file is the holdout', async () => {
    const {
      split,
      rows: all,
      messages,
    } = await check({ 'data/x.csv': rows(0, 40), 'kept.csv': rows(50, 10) }, file);
    expect({ split, all, messages }).toEqual({ split: { holdout: 10 }, all: 50, messages: [] });
  });

  test('no row of it is in training, by row id or by content', async () => {
    const files = { 'data/x.csv': rows(0, 40), 'kept.csv': rows(38, 10) };
    const at = (line: number, id: string, first: number) =>
      `kept.csv: line ${line}: column id: got "${id}", which is in the training data too (data/x.csv line ${first}); expected rows that training never sees`;
    expect((await check(files, file)).messages).toEqual([at(2, 'r38', 40), at(3, 'r39', 41)]);
    const { messages } = await check(files, file, { row_id: 'null' });
    expect(messages).toEqual(
      [
        [2, 40],
        [3, 41],
      ].map(
        ([line, first]) =>
          `kept.csv: line ${line}: got a row of the training data again (data/x.csv line ${first}; equal in every column but the target); expected rows that training never sees`,
      ),
    );
  });

  test('it has the columns of the data, rows, and is no file of them', async () => {
    const data = { 'data/x.csv': rows(0, 40) };
    expect((await check({ ...data, 'kept.csv': 'id,z,y\na,1,0\n' }, file)).messages).toEqual([
      expect.stringContaining(
        'kept.csv: got columns that differ from those of data/x.csv: it lacks "x" and adds "z"',
      ),
      expect.stringContaining('got no rows in kept.csv'),
    ]);
    expect((await check({ ...data, 'kept.csv': 'id,x,y\n' }, file)).messages).toEqual([
      'data/x.csv: got no rows in kept.csv, expected at least one',
    ]);
    expect((await check(data, file)).messages).toEqual([
      'kept.csv: got no file, expected a file or a folder with at least one',
      expect.stringContaining('got no rows in kept.csv'),
    ]);
    const inside = await check({ ...data, 'data/y.csv': rows(50, 9) }, '{ by: file, source: data/y.csv }', {
      source: 'data',
    });
    expect(inside.messages[0]).toBe(
      'data/y.csv: got a file of data.source, expected one that training never sees',
    );
  });
});

test('without an id, a warning that an added column moves rows; not where a group or a time decides', async () => {
  const files = {
    'data/x.csv': csv(
      'x,who,y',
      text(60, (n) => `${n},p${n},${n % 2}`),
    ),
  };
  const plain = await check(files, 'hash', { row_id: 'null' });
  expect(plain.warnings).toEqual([expect.stringContaining('data.row_id is not set: a hash of a row')]);
  const grouped = await check(files, '{ by: group, column: who }', { row_id: 'null' });
  expect([grouped.messages, grouped.warnings]).toEqual([[], []]);
});

test('of data that are only begun, the sides are not counted, yet their values are checked', async () => {
  const config = parseConfig(
    '{ project: demo, problem: binary, data: { source: x.csv, target: y, split: { by: time, column: day } } }',
  );
  const bytes = Buffer.from(
    csv(
      'day,x,y',
      text(200_000, (n) => `${n === 100_000 ? 'soon' : '2024-03-01'},1,${n % 2}`),
    ),
  );
  const { split, problems } = await checkBeginnings(config, [
    { label: 'x.csv', keys: [], bytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) },
    // Of a second file nothing but the header is whole.
    { label: 'y.csv', keys: [], bytes: 99, read: async () => Buffer.from('day,x,y\n2024') },
  ]);
  expect(split).toBeNull();
  expect(problems.map(({ message }) => message)).toEqual([
    'x.csv: line 100002: column day: got "soon", expected a date such as 2024-03-01 or 2024-03-01T12:00:00Z, in every row',
  ]);
});

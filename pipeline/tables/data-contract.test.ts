import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import { checkBeginnings, checkData, checkDataFiles } from './data-contract.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-contract-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

let made = 0;
/** Writes files in a new folder, and returns the folder. */
function write(files: Record<string, string | Buffer>): string {
  made += 1;
  const root = join(folder, String(made));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const config = (set: string[] = []) =>
  parseConfig('{ project: demo, problem: binary, data: { source: data/x.csv, target: y, row_id: id } }', {
    set,
  });

/** The messages on one CSV file that users call data/x.csv. */
async function messages(content: string | Buffer, set: string[] = []): Promise<string[]> {
  const { problems } = await checkData(config(set), [join(write({ 'x.csv': content }), 'x.csv')]);
  return problems.map(({ message }) => message);
}

const grouped =
  '; if id names a person or thing with several rows, write data.split: { by: group, column: id } and leave data.row_id out';

const sound = 'id,y,age,city\n1,Yes,31,Bern\n2,No,40,Ulm\n3,No,22,\n';

describe('sound data', () => {
  test.each([
    ['with LF', sound],
    ['with CRLF', sound.replaceAll('\n', '\r\n')],
    ['with a byte-order mark', `\uFEFF${sound}`],
    ['without a last line end', sound.trimEnd()],
    ['with blank lines', sound.replaceAll('\n', '\n\n')],
    [
      'with quotes, commas, unicode and ids that only look alike',
      'id,y,"a,""b"\n7,Yes,"x, ""y"""\n07,No,5" pipe\n__proto__,No,é\n7 ,Yes,\n',
    ],
  ])('%s', async (_what, content) => {
    expect(await messages(content)).toEqual([]);
  });

  test('is counted', async () => {
    const root = write({ 'x.csv': sound });
    expect(await checkData(config(), [root])).toEqual({
      problems: [],
      warnings: ['data.positive is not set: the rarer class, "Yes" (1 of 3 rows), is the positive one.'],
      split: { holdout: 1 },
      rows: 3,
      columns: ['id', 'y', 'age', 'city'],
      features: ['age', 'city'],
    });
  });

  test('may be several files, in another order of columns, beside markers and hidden files', async () => {
    const root = write({
      'a/part-0.csv': sound,
      'b/part-1.csv': 'city,y,id,age\nBern,Yes,4,31\n',
      _SUCCESS: '',
      '.DS_Store': 'x',
    });
    const { problems, rows } = await checkData(config(['data.source=data']), [root]);
    expect({ problems, rows }).toEqual({ problems: [], rows: 4 });
  });

  test('with a line break goes as JSON Lines', async () => {
    const content = 'id,y,note\n1,Yes,"a\nb"\n2,No,c\n';
    expect(await messages(content, ['model.content_type=application/jsonlines'])).toEqual([]);
  });

  test('may be mended by a prepare script: labels, slices and features are its own', async () => {
    const content = 'id,y,note\n1,,"a\nb"\n2,No,c\n';
    expect(await messages(content, ['prepare.script=prepare.py', 'data.slices=[made]'])).toEqual([]);
  });

  test('is read as it is across the borders of what is read at a time', async () => {
    const row = (id: number) => `${id},${id % 2 ? 'Yes' : 'No'},"${'x, ""é"" '.repeat(40)}",1\r\n`;
    const content = `id,y,note,age\r\n${Array.from({ length: 6_000 }, (_, id) => row(id)).join('')}5999,No,a,1\r\n`;
    expect(Buffer.byteLength(content)).toBeGreaterThan(2 ** 21);
    expect(await messages(content)).toEqual([
      `data/x.csv: line 6002: column id: got "5999" again (first at line 6001), expected unique row ids${grouped}`,
    ]);
  });
});

const bad: [what: string, content: string | Buffer, messages: string[], set?: string[]][] = [
  ['an empty file', '', ['data/x.csv: got an empty file, expected a header and rows']],
  ['a byte-order mark only', '\uFEFF', ['data/x.csv: got an empty file, expected a header and rows']],
  [
    'a blank line before the header',
    '\r\nid,y,age\n1,Yes,3\n',
    ['data/x.csv: line 1: got a blank line, expected the header'],
  ],
  [
    'lines that end in CR',
    'id,y,age\r1,Yes,3\r2,No,3\r',
    ['data/x.csv: line 1: got a carriage return alone, expected lines that end in LF or CRLF'],
  ],
  ['a header only', 'id,y,age\n', ['data/x.csv: got no rows, expected at least one under the header']],
  [
    'a header of one column',
    'id y age\n1 Yes 3\n',
    [
      'data/x.csv: line 1: got a header of one column, "id y age"; expected the target and a feature at least. Is there another delimiter between them? auto knows commas, semicolons, tabs and bars',
    ],
  ],
  [
    'a header that the named delimiter does not split',
    'id;y;age\n1;Yes;3\n',
    [
      'data/x.csv: line 1: got a header of one column, "id;y;age"; expected the target and a feature at least. Is there another delimiter between them? auto knows commas, semicolons, tabs and bars',
    ],
    ['data.csv.delimiter=comma'],
  ],
  [
    'a column without a name',
    'id,y,,age\n1,Yes,2,3\n',
    [
      'data/x.csv: line 1: column 3: got no name, expected one: name it in the header, or remove the column and its delimiter from every line',
    ],
  ],
  [
    'a column twice',
    'id,y,age,age\n1,Yes,2,3\n',
    ['data/x.csv: line 1: got the column "age" twice (columns 3 and 4), expected each name once'],
  ],
  [
    'ragged rows',
    'id,y,age\n1,Yes\n2,No,3,4\n3,No,5\n4,Yes,1\n',
    [
      'data/x.csv: line 2: got 2 fields, expected 3 as in the header',
      'data/x.csv: line 3: got 4 fields, expected 3 as in the header',
    ],
  ],
  [
    'columns that are not there',
    'Id,Y,age\n1,Yes,3\n',
    [
      'data/x.csv: data.target: got "y", expected a column of the header; did you mean "Y"?',
      'data/x.csv: data.row_id: got "id", expected a column of the header; did you mean "Id"?',
      'data/x.csv: data.exclude: got "zip", expected a column of the header: "Id", "Y", "age"',
      'data/x.csv: data.features_exclude: got "agee", expected a column of the header; did you mean "age"?',
      'data/x.csv: data.slices: got "gender", expected a column of the header: "Id", "Y", "age"',
    ],
    ['data.exclude=[zip]', 'data.features_exclude=[agee]', 'data.slices=[gender]'],
  ],
  [
    'no feature left',
    'id,y,age\n1,Yes,3\n2,No,3\n',
    ['data/x.csv: got no column to train on, expected at least one feature'],
    ['data.exclude=[age]'],
  ],
  [
    'missing targets',
    'id,y,age\n1,Yes,3\n2,,3\n3,No,3\n4,,3\n',
    [
      'data/x.csv: line 3: column y: got nothing, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them',
      'data/x.csv: line 5: column y: got nothing, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them',
    ],
  ],
  [
    'one class',
    'id,y,age\n1,Yes,3\n2,Yes,4\n',
    ['data/x.csv: column y: got 1 class: "Yes" (2); expected two classes for problem binary'],
  ],
  [
    'three classes',
    'id,y,age\n1,Yes,3\n2,No,4\n3,no,4\n',
    [
      'data/x.csv: column y: got 3 classes: "No" (1), "Yes" (1), "no" (1); expected two classes for problem binary',
    ],
  ],
  [
    'a class that has spaces at its end',
    'id,y,age\n1,Yes,3\n2,No,4\n3,Yes ,4\n4,No,5\n',
    [
      'data/x.csv: column y: got 3 classes: "No" (2), "Yes" (1), "Yes " (1); expected two classes for problem binary; "Yes" and "Yes " differ in spaces alone: remove them from the data',
    ],
  ],
  [
    'one class of several',
    'id,y,age\n1,a,3\n2,a,4\n',
    ['data/x.csv: column y: got 1 class: "a" (2); expected two classes or more for problem multiclass'],
    ['problem=multiclass'],
  ],
  [
    'a positive class that never occurs',
    sound,
    [
      'data/x.csv: column y: data.positive: got "YES", expected one of the classes "No" (2), "Yes" (1); did you mean "Yes"?',
    ],
    ['data.positive=YES'],
  ],
  [
    'row ids twice',
    'id,y,age\n12,Yes,3\n7,No,4\n12,No,5\n12,Yes,6\n',
    [
      `data/x.csv: line 4: column id: got "12" again (first at line 2), expected unique row ids${grouped}`,
      'data/x.csv: line 5: column id: got "12" again (first at line 2), expected unique row ids',
    ],
  ],
  [
    'a row without an id',
    'id,y,age\n1,Yes,3\n,No,4\n',
    ['data/x.csv: line 3: column id: got nothing, expected an id in every row'],
  ],
  [
    'targets that are no number',
    'id,y,age\n1,3.5,3\n2,high,4\n3,NaN,4\n4,1e999,4\n5,07,4\n6,-2e3,4\n',
    [
      'data/x.csv: line 3: column y: got "high", expected a finite number',
      'data/x.csv: line 5: column y: got "1e999", expected a finite number',
      'data/x.csv: line 6: column y: got "07", expected a finite number',
      'data/x.csv: line 4: column y: got "NaN", expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them',
    ],
    ['problem=regression'],
  ],
  [
    'a target that never varies',
    'id,y,age\n1,3,3\n2,3,4\n',
    ['data/x.csv: column y: got "3" in every row, expected values that differ'],
    ['problem=regression'],
  ],
  [
    'a line break in a field, and the lines after it',
    'id,y,note\n1,Yes,"a\nb"\n2,No,c\n2,No,d\n',
    [
      'data/x.csv: line 2: column note: got a line break, expected none: CSV goes to the model line by line; use JSON Lines (model.content_type: application/jsonlines)',
      `data/x.csv: line 5: column id: got "2" again (first at line 4), expected unique row ids${grouped}`,
    ],
  ],
  [
    'a quote that never closes',
    'id,y,note\n1,Yes,a\n2,No,"b\n3,No,c\n',
    ['data/x.csv: line 3: got a quoted field that never ends, expected a closing quote'],
  ],
  [
    'text after a quote',
    'id,y,note\n1,Yes,"a"b\n2,No,c\n',
    [
      'data/x.csv: line 2: got text after a closing quote, expected a comma or the end of the line (a quote inside a field is written twice)',
    ],
  ],
  [
    'Latin-1',
    Buffer.from('id,y,city\n1,Yes,Bern\n2,No,Z\xfcrich\n', 'latin1'),
    [
      'data/x.csv: line 3: got byte 0xfc at offset 27, which is not UTF-8, expected text in UTF-8; data.csv: { encoding: latin-1 } reads it as latin-1',
    ],
  ],
  [
    'UTF-16',
    Buffer.from('id,y,city\n1,Yes,Bern\n', 'utf16le'),
    [
      'data/x.csv: line 1: got a NUL character (offset 1), expected text; data.csv: { encoding: utf-16 } reads a file saved as UTF-16',
    ],
  ],
  [
    'UTF-16 with its mark',
    Buffer.from('\uFEFFid,y,city\n1,Yes,Bern\n', 'utf16le'),
    [
      'data/x.csv: line 1: got byte 0xff at offset 0, which is not UTF-8, expected text in UTF-8; data.csv: { encoding: utf-16 } reads it as utf-16',
    ],
  ],
  [
    'a character cut off at the end',
    Buffer.concat([Buffer.from(sound), Buffer.from([0xe2, 0x82])]),
    [
      'data/x.csv: line 5: got byte 0xe2 at offset 49, which is not UTF-8, expected text in UTF-8; data.csv: { encoding: windows-1252 } reads it as windows-1252',
    ],
  ],
  [
    'a gzip file that is cut off',
    gzipSync(sound).subarray(0, 30),
    ['data/x.csv: got a gzip file that is cut off, expected a whole one'],
  ],
  [
    'a gzip file of which a byte is wrong',
    Buffer.from(gzipSync(sound.repeat(9)).map((byte, at) => (at === 40 ? byte ^ 255 : byte))),
    ['data/x.csv: got a damaged gzip file, expected a whole one'],
  ],
  [
    'JSON Lines',
    '{"id": 1, "y": "Yes"}\n{"id": 2, "y": "No"}\n',
    [
      'data/x.csv: got JSON Lines, expected CSV; pandas converts it: pd.read_json("FILE.jsonl", lines=True).to_csv("FILE.csv", index=False)',
    ],
  ],
  [
    'JSON',
    '[\n  {"id": 1, "y": "Yes"}\n]\n',
    [
      'data/x.csv: got JSON, expected CSV; pandas converts it: pd.read_json("FILE.json").to_csv("FILE.csv", index=False)',
    ],
  ],
  [
    'Excel',
    Buffer.from('PK\x03\x04\x14\0\x06\0[Content_Types].xml', 'latin1'),
    [
      'data/x.csv: got an Excel file (.xlsx), expected CSV; pandas converts it: pd.read_excel("FILE.xlsx").to_csv("FILE.csv", index=False)',
    ],
  ],
  [
    'an older Excel file, in a gzip file',
    gzipSync(Buffer.from('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'latin1')),
    [
      'data/x.csv: got an Excel file (.xls), expected CSV; pandas converts it: pd.read_excel("FILE.xls").to_csv("FILE.csv", index=False)',
    ],
  ],
  [
    'a zip archive',
    Buffer.from('PK\x03\x04\x14\0\0\0data.csv', 'latin1'),
    ['data/x.csv: got a zip archive, expected CSV; convert it: unzip FILE'],
  ],
  ['a page', '<!DOCTYPE html><html>', ['data/x.csv: got a page of HTML or XML, expected CSV']],
  [
    'a Parquet file as CSV',
    Buffer.from('PAR1....PAR1'),
    ['data/x.csv: got a Parquet file, expected CSV; set data.format: parquet'],
  ],
  [
    'CSV as Parquet',
    sound,
    ['data/x.csv: got a file that starts with "id,y,age,city", expected Parquet, which starts with "PAR1"'],
    ['data.format=parquet'],
  ],
];

for (const [what, content, expected, set] of bad)
  test(`refused: ${what}`, async () => {
    expect(await messages(content, set)).toEqual(expected);
  });

test('each problem names the setting that is not kept', async () => {
  const root = write({ 'x.csv': 'id,y,age\n1,Yes,3\n1,,3\n2,No\n' });
  const { problems } = await checkData(config(['data.slices=[city]']), [root]);
  expect(problems.map(({ path }) => path)).toEqual([
    'data.slices',
    'data.target',
    'data.row_id',
    'data.source',
    'data.target',
  ]);
});

describe('no message quotes a cell of a sensitive column', () => {
  const hidden = 'a value that data.sensitive hides';
  const rows = Array.from({ length: 40 }, (_, n) => [`p${n}`, n % 2 ? 'Yes' : 'No', n, `19${10 + n}-01-02`]);
  const written = (size: string) =>
    [['id', 'y', 'size', 'born'], ...rows.with(7, ['p7', 'Yes', size, '1917-01-02'])]
      .map((row) => `${row.join(',')}\n`)
      .join('');

  test.each([
    ['no number, as data.columns says', ['data.columns={ size: number }'], 'zzbig', 'got "zzbig", expected'],
    ['infinite', [], 'inf', 'got "inf", which is infinite'],
  ])('%s', async (_what, set, size, shown) => {
    const [open] = await messages(written(size), set);
    expect(open).toContain(shown);
    const [told] = await messages(written(size), [...set, 'data.sensitive=[size]']);
    expect(told).toBe(open?.replace(`"${size}"`, hidden));
  });

  test('columns that are probably not what they look like', async () => {
    const path = join(write({ 'x.csv': written('zzbig') }), 'x.csv');
    const { warnings: open } = await checkData(config(), [path]);
    expect(open).toContainEqual(expect.stringContaining('no number: "zzbig" (data/x.csv line 9)'));
    expect(open).toContainEqual(expect.stringContaining('such as "1910-01-02"'));
    const { warnings: told } = await checkData(config(['data.sensitive=[size, born]']), [path]);
    expect(told).toEqual(open.map((text) => text.replace(/"zzbig"|"1910-01-02"/, hidden)));
  });

  test('a cell that differs from the name of its folder', async () => {
    const root = write({ 'age=31/x.csv': sound });
    const told = async (set: string[]) =>
      (await checkData(config(['data.source=data', ...set]), [root])).problems[0]?.message;
    expect(await told([])).toBe(`data/age=31/x.csv: line 3: got "40", expected "31" as in the folder's name`);
    expect(await told(['data.sensitive=[age]'])).toBe(
      `data/age=31/x.csv: line 3: got ${hidden}, expected "31" as in the folder's name`,
    );
  });
});

test('of many breaches the first five are told and the rest counted', async () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => `1,${index % 2 ? 'Yes' : 'No'},3`);
  const found = await messages(`id,y,age\n${rows.join('\n')}\n`);
  expect(found).toHaveLength(6);
  expect(found.at(-1)).toBe('data/x.csv: 994 more rows with an id that stands above');
});

test('the place of a problem is told apart from its message', async () => {
  const places = async (content: string) => {
    const { problems } = await checkData(config(), [join(write({ 'x.csv': content }), 'x.csv')]);
    return problems.map(({ file, line, field }) => ({ file, line, field }));
  };
  expect(await places('id,y,age\n1,Yes,3\n1,No,4\n2,,4\n3,No\n')).toEqual([
    { file: 'data/x.csv', line: 3, field: 'id' },
    { file: 'data/x.csv', line: 4, field: 'y' },
    { file: 'data/x.csv', line: 5 },
  ]);
  expect(await places('id,y,age\n1,Yes,"3\n')).toEqual([{ file: 'data/x.csv', line: 2 }]);
});

test('a file that is not there', async () => {
  const { problems } = await checkData(config(), [join(folder, 'nowhere.csv')]);
  expect(problems).toEqual([
    {
      path: 'data.source',
      message: 'data/x.csv: got no file, expected a file or a folder with at least one',
      file: 'data/x.csv',
    },
  ]);
});

test.each([
  ['a FIFO', ['mkfifo']],
  ['a device', ['ln', '-s', '/dev/zero']],
])('%s is no file', async (_what, [command = '', ...args]) => {
  const path = join(write({ 'other.csv': '' }), 'x.csv');
  expect(spawnSync(command, [...args, path]).status).toBe(0);
  const { problems } = await checkData(config(), [path]);
  expect(problems.map(({ message }) => message)).toEqual([
    'data/x.csv: got no file, expected a file or a folder with at least one',
  ]);
});

test('files that do not agree are named, and so is the file that held an id first', async () => {
  const root = write({
    'a.csv': sound,
    'b.csv': 'id,y,age,city\n9,No,1,\n3,No,1,\n',
    'c.csv': 'id,y,age,town\n4,No,1,x\n',
  });
  const { problems } = await checkData(config(['data.source=data/']), [root]);
  expect(problems.map(({ message }) => message)).toEqual([
    `data/b.csv: line 3: column id: got "3" again (first at data/a.csv line 4), expected unique row ids${grouped}`,
    'data/c.csv: got columns that differ from those of data/a.csv: it lacks "city" and adds "town"; expected the same',
  ]);
});

describe('Parquet', () => {
  const parquet = (name: string, set: string[] = []) =>
    checkData(config([`data.source=data/${name}`, 'data.target=label', ...set]), [fixture(name)]);

  test('sound: whole floats are classes 0.0 and 1.0, large ids keep every digit', async () => {
    expect(await parquet('sound.parquet', ['data.positive=1.0'])).toEqual({
      problems: [],
      warnings: [],
      split: { holdout: 1 },
      rows: 4,
      columns: ['id', 'label', 'age', 'city'],
      features: ['age', 'city'],
    });
  });

  test('bad: rows are counted through all row groups', async () => {
    const { problems } = await parquet('bad.parquet', ['data.positive=yes']);
    expect(problems.map(({ message }) => message)).toEqual([
      'data/bad.parquet: row 2: column label: got nothing, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them',
      'data/bad.parquet: row 3: column city: got a line break, expected none: CSV goes to the model line by line; use JSON Lines (model.content_type: application/jsonlines)',
      `data/bad.parquet: row 4: column id: got "2" again (first at row 2), expected unique row ids${grouped}`,
      'data/bad.parquet: column label: data.positive: got "yes", expected one of the classes "false" (1), "true" (2)',
    ]);
  });

  test('files whose columns are of other kinds, but for columns of nulls alone', async () => {
    const settings = config([
      'data.source=data',
      'data.format=parquet',
      'data.target=label',
      'data.positive=1.0',
    ]);
    const files = ['sound.parquet', 'other.parquet'].map((name) => ({
      path: fixture(name),
      label: name,
      keys: [],
    }));
    const { problems } = await checkDataFiles(settings, files);
    expect(problems.map(({ message }) => message)).toEqual([
      'other.parquet: column city: got a number, expected a category as in sound.parquet',
    ]);
  });

  test.each(['time', 'group'])('a column of lists by which rows are divided by %s', async (by) => {
    const split = `data.split={ by: ${by}, column: day }`;
    const { problems } = await parquet('list.parquet', ['data.positive=1.0', split]);
    expect(problems).toEqual([
      expect.objectContaining({
        path: 'data.split.column',
        message:
          'data/list.parquet: column day: got the type list, expected a number, text, a date or a boolean',
      }),
    ]);
  });
});

describe('of data that are too large to be read whole, the beginning', () => {
  /** What is told of files of which nothing is read but what is asked for; and how much that was. */
  async function beginnings(files: Record<string, Buffer>, set: string[] = []) {
    let bytes = 0;
    const distant = Object.entries(files).map(([label, content]) => ({
      label,
      keys: [],
      bytes: content.length,
      read: async (start: number, end: number) => {
        bytes += Math.min(end, content.length) - start;
        return content.subarray(start, end);
      },
    }));
    const { problems, rows } = await checkBeginnings(config(set), distant);
    return { messages: problems.map(({ message }) => message), rows, bytes };
  }
  const row = (index: number) => `${index},No,"a ""quoted"", é\n field",Bern\n`;
  const large = Buffer.from(
    `id,y,note,city\n${Array.from({ length: 300_000 }, (_, index) => row(index)).join('')}`,
  );

  test('is sound where its last record is cut off, of one class only though there are two', async () => {
    const set = ['model.content_type=application/jsonlines'];
    const { messages, rows, bytes } = await beginnings({ 'x.csv': large }, set);
    expect(messages).toEqual([]);
    expect(bytes).toBe(4_000_000);
    expect(rows).toBeGreaterThan(100_000);
    expect(rows).toBeLessThan(300_000);
  });

  test.each(Array.from({ length: 12 }, (_, cut) => cut))('wherever it is cut: %i', async (cut) => {
    const set = ['model.content_type=application/jsonlines'];
    const shifted = Buffer.concat([Buffer.from(`id,y,note,${'c'.repeat(cut + 1)}\n`), large.subarray(15)]);
    expect((await beginnings({ 'x.csv': shifted }, set)).messages).toEqual([]);
  });

  test('is told of with file and line, the header first', async () => {
    const wrong = Buffer.from(large.toString().replace('7,No,', '7,,'));
    const { messages } = await beginnings({ 'a.csv': large, 'b.csv': wrong }, [
      'model.content_type=application/jsonlines',
      'data.slices=[town]',
    ]);
    expect(messages).toContain(
      'a.csv: data.slices: got "town", expected a column of the header: "id", "y", "note", "city"',
    );
    expect(messages).toContainEqual(
      expect.stringMatching(/^b\.csv: line \d+: column y: got nothing, expected/),
    );
  });

  test('of many files is little in all', async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.csv`, large]));
    const { bytes } = await beginnings(files, ['model.content_type=application/jsonlines']);
    expect(bytes).toBeLessThanOrEqual(100_000_000);
  });

  test('of Parquet is its columns and first rows, by its footer', async () => {
    const sound = readFileSync(fixture('sound.parquet'));
    const bad = readFileSync(fixture('bad.parquet'));
    const set = ['data.format=parquet', 'data.source=data/x.parquet', 'data.target=label'];
    const { messages, rows } = await beginnings({ 'x.parquet': sound }, set);
    expect([messages, rows > 0]).toEqual([[], true]);
    expect((await beginnings({ 'x.parquet': bad }, set)).messages.length).toBeGreaterThan(0);
    expect((await beginnings({ 'x.parquet': sound.subarray(0, 100) }, set)).messages).toEqual([
      expect.stringMatching(/^x\.parquet: cannot be read as Parquet/),
    ]);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { ScoreFileError } from '../errors.ts';
import type { Problem } from '../metrics.ts';
import { readScores } from './scores.ts';

const folder = mkdtempSync(join(tmpdir(), 'scores-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: string | Uint8Array, name = `${++files}.csv`): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const read = (content: string | Uint8Array, problem: Problem = 'binary', positive: string | null = null) =>
  readScores(write(content), { problem, positive });

async function refusal(promise: Promise<unknown>): Promise<ScoreFileError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ScoreFileError);
  return error as ScoreFileError;
}

test('the column of the group is no slice, and each row has one', async () => {
  const text = 'row_id,person,label,score,team\na,p1,1,0.9,x\nb,p2,0,0.2,y\nc,p1,0,0.3,y\n';
  const scores = await readScores(write(text), { problem: 'binary', group: 'person' });
  expect([...scores.slices.keys()]).toEqual(['team']);
  expect(scores.groups).toEqual({ values: ['p1', 'p2'], codes: Uint32Array.of(0, 1, 0) });
  expect((await read(text)).groups).toBeUndefined();
  const without = readScores(write(text), { problem: 'binary', group: 'household' });
  expect((await refusal(without)).message).toContain(
    'column household: got no such column, but "row_id", "person", "label", "score", "team", expected household, by which data.split groups the rows',
  );
  const empty = readScores(write(text.replace('b,p2', 'b,')), { problem: 'binary', group: 'person' });
  expect((await refusal(empty)).message).toContain(
    'line 3, column person: got "", expected the group of the row',
  );
});

test('columns by the thousand are refused at the header, with the setting to change', async () => {
  const names = Array.from({ length: 8000 }, (_, i) => `c${i}`);
  const text = `row_id,label,score,${names.join()}\na,1,0.9,${names.map(() => '1').join()}\n`;
  expect((await refusal(read(text))).message).toMatch(
    /line 1, column c0: got 8,000 columns of slices, from this one on, expected at most 500: .*data\.slices/,
  );
});

const rows = 'row_id,label,score\na,1,0.9\nb,0,0.2\n';

// What is wrong, the content, and where and what the message says.
const malformed: [string, string | Uint8Array, string][] = [
  ['an empty file', '', 'line 1: got an empty file, expected a header and rows'],
  ['only a byte-order mark', '\ufeff', 'line 1: got an empty file, expected a header and rows'],
  ['only blank lines', '\n\n', 'line 1: got an empty file, expected a header and rows'],
  ['a header alone', 'row_id,label,score\n', 'line 1: got a header and no rows, expected at least one row'],
  [
    'no row_id',
    'id,label,score\na,1,0.9\n',
    'line 1, column row_id: got no such column, but "id", "label", "score"',
  ],
  ['no label', 'row_id,score\na,0.9\n', 'line 1, column label: got no such column'],
  ['no score', 'row_id,label,scores\na,1,0.9\n', 'line 1, column score: got no such column'],
  ['a column twice', 'row_id,label,score,score\na,1,0.9,0.9\n', 'line 1, column score: got the column twice'],
  [
    'a column without a name',
    'row_id,label,score,\na,1,0.9,x\n',
    'line 1, column 4: got a column without a name',
  ],
  ['no header', 'a,1,0.9\nb,0,0.2\n', 'line 1, column row_id: got no such column, but "a", "1", "0.9"'],
  [
    'both score and predicted',
    'row_id,label,score,predicted\na,1,0.9,1\n',
    'line 1, column predicted: got both',
  ],
  ['a field too few', `${rows}c,1\n`, 'line 4, column score: got 2 fields, expected 3, as in the header'],
  ['a field too many', `${rows}c,1,0.3,x\n`, 'line 4, column 4: got 4 fields, expected 3, as in the header'],
  [
    'another separator',
    rows.replaceAll(',', ';'),
    'line 1, column row_id: got no such column, but "row_id;label;score"',
  ],
  ['a decimal comma', `${rows}c,1,0,3\n`, 'line 4, column 4: got 4 fields'],
  [
    'text for a number',
    `${rows}c,1,abc\n`,
    'line 4, column score: got "abc", expected a probability from 0 to 1',
  ],
  ['no number', `${rows}c,1,\n`, 'line 4, column score: got "", expected a probability'],
  ['blanks around a number', `${rows}c,1, 0.3\n`, 'line 4, column score: got " 0.3"'],
  ['NaN', `${rows}c,1,NaN\n`, 'line 4, column score: got "NaN"'],
  ['inf', `${rows}c,1,inf\n`, 'line 4, column score: got "inf"'],
  ['Infinity', `${rows}c,1,Infinity\n`, 'line 4, column score: got "Infinity"'],
  ['a number that overflows', `${rows}c,1,1e999\n`, 'line 4, column score: got "1e999"'],
  ['a hexadecimal number', `${rows}c,1,0x1\n`, 'line 4, column score: got "0x1"'],
  ['two points', `${rows}c,1,0.1.2\n`, 'line 4, column score: got "0.1.2"'],
  ['half an exponent', `${rows}c,1,1e\n`, 'line 4, column score: got "1e"'],
  ['a sign alone', `${rows}c,1,-\n`, 'line 4, column score: got "-"'],
  ['a score above 1', `${rows}c,1,1.0000001\n`, 'line 4, column score: got "1.0000001"'],
  ['a score below 0', `${rows}c,1,-0.1\n`, 'line 4, column score: got "-0.1"'],
  ['a percentage', `${rows}c,1,30%\n`, 'line 4, column score: got "30%"'],
  ['an unknown label', `${rows}c,2,0.3\n`, 'line 4, column label: got "2", expected 0 or 1'],
  ['no label value', `${rows}c,,0.3\n`, 'line 4, column label: got "", expected 0 or 1'],
  ['an untrimmed label', `${rows}c, 1,0.3\n`, 'line 4, column label: got " 1", expected 0 or 1'],
  ['an empty id', `${rows},1,0.3\n`, 'line 4, column row_id: got "", expected the id of the row'],
  [
    'an id twice',
    `${rows}a,1,0.3\n`,
    'line 4, column row_id: got "a" again, first at 2, expected each row once',
  ],
  [
    'a quote that is never closed',
    `${rows}"c,1,0.3\nd,0,0.1\n`,
    'line 4, column row_id: got "\\"c,1,0.3\\nd,0,0.1\\n", expected a closing quote',
  ],
  [
    'text after a quote',
    `${rows}"c"d,1,0.3\n`,
    'line 4, column row_id: got "d,1,0.3\\n", expected a comma or',
  ],
  [
    'a quote inside a field',
    `${rows}c"d,1,0.3\n`,
    'line 4, column row_id: got "c\\"d,1,0.3\\n", expected quotes around',
  ],
  [
    'a carriage return alone',
    'row_id,label,score\ra,1,0.9\r',
    'line 1, column 3: got "a carriage return alone"',
  ],
  [
    'a blank line in the middle',
    `${rows}\nc,1,0.3\n`,
    'line 4, column row_id: got "a blank line", expected a row',
  ],
  ['Latin-1', Buffer.from(`${rows}caf\xe9,1,0.3\n`, 'latin1'), 'line 4: got bytes that are not UTF-8'],
  ['UTF-16', Buffer.from(`\ufeff${rows}`, 'utf16le'), 'line 1: got bytes that are not UTF-8'],
  ['a NUL byte', `${rows}c\0,1,0.3\n`, 'line 4: got a NUL byte, expected text'],
  [
    'binary garbage',
    Uint8Array.from({ length: 200 }, (_, i) => (i * 89 + 200) % 256),
    'got bytes that are not UTF-8',
  ],
  ['a broken parquet file', 'PAR1 and nothing more', 'got parquet that cannot be read'],
];

test.each(malformed)('refuses %s', async (_, content, message) => {
  const file = write(content);
  const error = await refusal(readScores(file, { problem: 'binary' }));
  expect(error.file).toBe(file);
  expect(error.message.slice(file.length)).toContain(message);
});

test('refuses a missing file, a folder, and a parquet file by name only', async () => {
  const missing = join(folder, 'nowhere.csv');
  expect((await refusal(readScores(missing, { problem: 'binary' }))).message).toBe(
    `${missing}: got no such file, expected a CSV or parquet file`,
  );
  expect((await refusal(readScores(folder, { problem: 'binary' }))).message).toContain('got a folder');
  const named = write(rows, 'named.parquet');
  expect((await refusal(readScores(named, { problem: 'binary' }))).message).toContain(
    'got "row_", expected a parquet file',
  );
});

test('an error carries file, line, column, what was found and what was expected', async () => {
  const error = await refusal(read(`${rows}"multi\nline",1,nan\n`));
  expect(error).toMatchObject({
    line: 5,
    column: 'score',
    found: '"nan"',
    expected: 'a probability from 0 to 1',
  });
});

test('reads a byte-order mark, CRLF, quotes, embedded newlines, unicode, and any order of columns', async () => {
  const scores = await read(
    '\ufeffscore,"row_id",Über,label\r\n0.5,"a,b",x,1\r\n"0.25","say ""hi""\r\nthere","line\none",0\r\n1e-3,Zoë 🙂,x,"1"\r\n\r\n',
  );
  if (scores.problem !== 'binary') throw new Error(scores.problem);
  expect(scores.ids).toEqual(['a,b', 'say "hi"\r\nthere', 'Zoë 🙂']);
  expect([...scores.labels]).toEqual([1, 0, 1]);
  expect([...scores.scores!]).toEqual([0.5, 0.25, 0.001]);
  expect([...scores.positions!]).toEqual([2, 3, 6]);
  expect(scores.slices.get('Über')).toEqual({ values: ['x', 'line\none'], codes: Uint32Array.of(0, 1, 0) });
});

test('row ids are text, untrimmed', async () => {
  const ids = [
    '7',
    '07',
    '7.0',
    ' 7',
    '__proto__',
    'constructor',
    ' ',
    '\u00a0',
    'NA',
    'null',
    'é',
    'e\u0301',
  ];
  const scores = await read(`row_id,label,score\n${ids.map((id) => `${id},0,0.5\n`).join('')}`);
  expect(scores.ids).toEqual(ids);
});

test('numbers are correctly rounded', async () => {
  const texts = [
    '1e-300',
    '5e-324',
    '4.9406564584124654e-324',
    '2.4703282292062327e-324',
    '0.1',
    '0.30000000000000004',
    '.5',
    '1.',
    '+1',
    '0.1234567890123456789',
    '0.000000000000000000000001',
    '1E-5',
    '0.000001',
    '-0',
    '00.5',
    '0.99999999999999994',
    '0.999999999999999944488848768742172978818416595458984375',
    '9007199254740993e-17',
    '123456789012345e-15',
  ];
  const scores = await read(`row_id,label,score\n${texts.map((text, i) => `${i},0,${text}\n`).join('')}`);
  if (scores.problem !== 'binary') throw new Error(scores.problem);
  expect([...scores.scores!]).toEqual(texts.map((text) => Number(text) + 0));
});

test('labels are 0 and 1, or the positive class and one other', async () => {
  const labels = async (text: string[], positive: string | null) => {
    const scores = await read(
      `row_id,label,score\n${text.map((label, i) => `${i},${label},0.5\n`).join('')}`,
      'binary',
      positive,
    );
    return scores.problem === 'binary' ? [[...scores.labels], scores.classes] : null;
  };
  expect(await labels(['0', '1', '0'], null)).toEqual([
    [0, 1, 0],
    ['0', '1'],
  ]);
  expect(await labels(['1', '0'], 'Yes')).toEqual([
    [1, 0],
    ['0', '1'],
  ]);
  expect(await labels(['1', '0'], '1')).toEqual([
    [1, 0],
    ['0', '1'],
  ]);
  expect(await labels(['No', 'Yes', 'No'], 'Yes')).toEqual([
    [0, 1, 0],
    ['No', 'Yes'],
  ]);
  expect(await labels(['Yes', 'No'], 'Yes')).toEqual([
    [1, 0],
    ['No', 'Yes'],
  ]);
  expect(await labels(['No', 'No'], 'Yes')).toEqual([
    [0, 0],
    ['No', 'Yes'],
  ]);
  expect(await labels(['1', '1'], null)).toEqual([
    [1, 1],
    ['0', '1'],
  ]);
  const message = async (text: string[], positive: string | null) =>
    (await refusal(labels(text, positive))).message;
  expect(await message(['Yes', 'No'], null)).toContain(
    'line 2, column label: got "Yes", expected 0 or 1 (or set data.positive',
  );
  expect(await message(['No', 'Yes', 'Maybe'], 'Yes')).toContain(
    'line 4, column label: got "Maybe", expected "Yes" (the positive class) or "No"',
  );
  expect(await message(['yes', 'no'], 'Yes')).toContain(
    'line 3, column label: got "no", expected "Yes" (the positive class) or "yes"',
  );
  expect(await message(['0', '1', 'Yes'], 'Yes')).toContain(
    'line 4, column label: got "Yes", expected 0 or 1, as in the rows before',
  );
});

test('a binary model may give labels only', async () => {
  const scores = await read('row_id,label,predicted\na,Yes,No\nb,No,No\nc,Yes,Yes\n', 'binary', 'Yes');
  expect(scores).toMatchObject({
    scores: null,
    labels: Uint8Array.of(1, 0, 1),
    predicted: Uint8Array.of(0, 0, 1),
  });
});

test('classes of a multiclass model are in code-point order', async () => {
  const text = 'row_id,label,score_\u{1F600},score_\uFFFD,score_a\nx,a,0.25,0.5,0.25\ny,\u{1F600},1,0,0\n';
  expect(await read(text, 'multiclass')).toMatchObject({
    classes: ['a', '\uFFFD', '\u{1F600}'],
    labels: Int32Array.of(0, 2),
    scores: Float64Array.of(0.25, 0.5, 0.25, 0, 0, 1),
  });
  expect(await read('row_id,label,predicted\nx,b,a\ny,a,c\n', 'multiclass')).toMatchObject({
    classes: ['a', 'b', 'c'],
    labels: Int32Array.of(1, 0),
    predicted: Int32Array.of(0, 2),
    scores: null,
  });
});

test.each([
  [
    'row_id,label,score_a\nx,a,1\n',
    'line 1, column score_CLASS: got only score_a, expected score_CLASS for each',
  ],
  ['row_id,label,score\nx,a,1\n', 'line 1, column score_CLASS: got no such column'],
  ['row_id,label,score_a,score_\nx,a,1,0\n', 'line 1, column score_: got no class in the name'],
  ['row_id,label,score_a,score_b\nx,c,1,0\n', 'line 2, column label: got "c", expected one of "a", "b"'],
  [
    'row_id,label,score_a,score_b\nx,a,0.5,0.4\n',
    'line 2, column score_a to score_b: got probabilities that add up to 0.9, expected 1, give or take 0.001',
  ],
  [
    'row_id,label,score_a,score_b\nx,a,1.5,-0.5\n',
    'line 2, column score_a: got "1.5", expected a probability',
  ],
  ['row_id,label,predicted\nx,,a\n', 'line 2, column label: got "", expected a label'],
])('refuses multiclass scores %j', async (content, message) => {
  expect((await refusal(read(content, 'multiclass'))).message).toContain(message);
});

test('class probabilities rounded to four decimals are taken', async () => {
  const scores = await read('row_id,label,score_a,score_b,score_c\nx,a,0.3333,0.3333,0.3333\n', 'multiclass');
  expect(scores.ids).toHaveLength(1);
});

test('a regression has finite labels and predictions of any size', async () => {
  const scores = await read(
    'row_id,label,predicted,region\na,-1e300,3,north\nb,2.5,-4.25,south\n',
    'regression',
  );
  expect(scores).toMatchObject({
    labels: Float64Array.of(-1e300, 2.5),
    predicted: Float64Array.of(3, -4.25),
  });
  for (const [content, message] of [
    ['row_id,label,predicted\na,inf,1\n', 'line 2, column label: got "inf", expected a finite number'],
    ['row_id,label,predicted\na,1,\n', 'line 2, column predicted: got "", expected a finite number'],
    ['row_id,label,score\na,1,2\n', 'line 1, column predicted: got no such column'],
  ] as const) {
    expect((await refusal(read(content, 'regression'))).message).toContain(message);
  }
});

test('many columns and long fields are read', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `c${i}`);
  const long = 'x'.repeat(1e6);
  const scores = await read(`row_id,label,score,${names}\n${long},1,0.5,${names}\n`);
  expect(scores.ids).toEqual([long]);
  expect([...scores.slices.keys()]).toEqual(names);
  expect(scores.slices.get('c199')!.values).toEqual(['c199']);
});

const reference = (name: string) =>
  readScores(join(import.meta.dirname, 'references', name), { problem: 'binary' });

test.each(['integers', 'text', 'floats'])('parquet with %s reads as the same rows in CSV', async (types) => {
  const csv = await reference('types.csv');
  const parquet = await reference(`types-${types}.parquet`);
  expect(csv.ids).toHaveLength(500);
  expect({ ...parquet, source: '', positions: null }).toEqual({ ...csv, source: '', positions: null });
});

test('a missing value in parquet is refused with its row', async () => {
  const error = await refusal(reference('types-missing.parquet'));
  expect(error.message).toMatch(/row 4, column score: got "", expected a probability from 0 to 1$/);
});

test('a truncated parquet file is refused', async () => {
  const whole = readFileSync(join(import.meta.dirname, 'references', 'types-text.parquet'));
  for (const length of [4, 12, 1000, whole.length - 1]) {
    const file = write(whole.subarray(0, length), `${length}.parquet`);
    expect((await refusal(readScores(file, { problem: 'binary' }))).message).toContain(
      'got parquet that cannot be read',
    );
  }
  const damaged = Uint8Array.from(whole);
  damaged.fill(0xff, 40, 4000);
  await refusal(readScores(write(damaged, 'damaged.parquet'), { problem: 'binary' }));
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../../backends/embedded/images/python-context.fixture.ts';
import type { Config } from '../../config/schema.ts';
import type { Manifest } from '../context.ts';
import { ModelOutputError } from '../train/score-file.ts';
import { AnswerCountError, answeredScores, differenceOf, recordedScores, takeRows } from './smoke-rows.ts';

const folder = temporaryFolder();
const fileOf = (text: string): string => {
  const path = join(folder, 'rows');
  writeFileSync(path, text);
  return path;
};
const manifest = (more: Partial<Manifest> = {}) =>
  ({
    problem: 'binary',
    labels: ['no', 'yes'],
    content_type: 'text/csv',
    slices: ['town'],
    features: [],
    ...more,
  }) as unknown as Manifest;
const model = { output: 'probability', extra: [] } as unknown as Config['model'];

describe('rows of a holdout', () => {
  test('both classes are taken, as they are written, and no further rows', async () => {
    const lines = Array.from(
      { length: 200 },
      (_, row) => `r${row},${row === 190 ? 1 : 0},"a, ""b""",1.50,"x,y"`,
    );
    const rows = await takeRows(fileOf(`${lines.join('\n')}\n`), manifest(), 50);
    expect(rows.sent).toHaveLength(26);
    expect(new Set(rows.sent)).toEqual(new Set(['1.50,"x,y"']));
    expect(rows.kept[0]).toBe('r0,0,"a, ""b"""');
    expect(rows.kept.at(-1)).toMatch(/^r190,1,/);
  });

  test('JSON Lines keep every digit', async () => {
    const line = String.raw`{"row_id":"a","label":1,"slices":{"town":"\",\"features\":{"},"features":{"x":12345678901234567890.10}}`;
    const json = manifest({ content_type: 'application/jsonlines' });
    const rows = await takeRows(fileOf(`${line}\n`), json, 50);
    expect(rows.sent).toEqual(['{"x":12345678901234567890.10}']);
    expect(answeredScores(rows, '0.25\n', json, model)).toEqual(new Map([['a', ['0.25']]]));
  });

  test('of a regression the first rows are taken, within what one request may hold', async () => {
    const lines = Array.from({ length: 40 }, (_, row) => `r${row},${row}.5,t,${'x'.repeat(100_000)}`);
    const rows = await takeRows(
      fileOf(lines.join('\n')),
      manifest({ problem: 'regression', labels: [] }),
      50,
    );
    expect(rows.sent).toHaveLength(9);
  });

  test('a row without features is refused', async () => {
    await expect(takeRows(fileOf('r1,0\n'), manifest(), 50)).rejects.toThrow(
      'got a row of 2 columns, expected more than 3',
    );
  });
});

describe('answers', () => {
  const rows = { kept: ['a,0,x', 'b,1,y'], sent: ['1', '2'] };

  test('are scores by row id', () => {
    expect(answeredScores(rows, '0.1\r\n0.9', manifest(), model)).toEqual(
      new Map([
        ['a', ['0.1']],
        ['b', ['0.9']],
      ]),
    );
  });

  test.each([
    ['', 0],
    ['0.1\n', 1],
    ['0.1\n0.9\n0.5\n', 3],
  ])('%j is not one line for each row', (body, count) => {
    const read = () => answeredScores(rows, body, manifest(), model);
    expect(read).toThrow(AnswerCountError);
    expect(read).toThrow(`got ${count} lines for 2 rows`);
  });

  test('of another shape are refused', () => {
    expect(() => answeredScores(rows, '0.1,0.2\n0.9,0.1\n', manifest(), model)).toThrow(ModelOutputError);
  });
});

test('scores are looked up by row id in the score file, without its slices', async () => {
  const file = fileOf('row_id,label,score,town\n"a,1",0,0.1,x\nb,1,0.9,y\nc,1,0.8,z\n');
  expect(await recordedScores(file, new Set(['a,1', 'c', 'gone']), manifest(), 'probability')).toEqual(
    new Map([
      ['a,1', ['0.1']],
      ['c', ['0.8']],
    ]),
  );
});

describe('two models agree', () => {
  const compare = (answered: string[], judged: string[] | undefined) =>
    differenceOf(new Map([['a', answered]]), judged ? new Map([['a', judged]]) : new Map(), 1e-6);
  const infinite = { rows: 1, largest: Number.POSITIVE_INFINITY };

  test.each([
    [['0.5'], ['0.5000009'], 0],
    [['0.5'], ['0.500002'], 1],
    [['0.2', '0.8'], ['0.2', '0.7'], 1],
    [['2000000'], ['2000001'], 0],
    [['yes'], ['yes'], 0],
  ])('%j and %j: %i rows differ', (answered, judged, count) => {
    expect(compare(answered, judged).rows).toBe(count);
  });

  test.each([
    [['nan'], ['nan']],
    [['inf'], ['inf']],
    [[''], ['']],
    [['0.5'], ['nan']],
    [['yes'], ['no']],
    [['0.5'], undefined],
    [['0.5', '0.5'], ['0.5']],
  ])('%j and %j are no agreement', (answered, judged) => {
    expect(compare(answered, judged)).toEqual(infinite);
  });
});

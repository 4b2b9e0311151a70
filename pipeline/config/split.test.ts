import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../errors.ts';
import { parseConfig } from './load.ts';

const load = (split: string, more = '', set: string[] = []) =>
  parseConfig(
    `project: demo\nproblem: binary\ndata:\n  source: rows.csv\n  target: y\n  split: ${split}\n${more}`,
    { set },
  ).data.split;

function problems(split: string, more = ''): string[] {
  try {
    return [JSON.stringify(load(split, more))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test.each([
  ['hash', { by: 'hash' }],
  ['{ by: hash }', { by: 'hash' }],
  ['{ by: group, column: person }', { by: 'group', column: 'person' }],
  ['{ by: group, column: 007 }', { by: 'group', column: '007' }],
  ['{ by: time, column: day }', { by: 'time', column: 'day', embargo: 0 }],
  ['{ by: time, column: day, embargo: 7d }', { by: 'time', column: 'day', embargo: 604_800 }],
  ['{ by: file, source: kept.csv }', { by: 'file', source: 'kept.csv' }],
])('split: %s', (text, split) => {
  expect(load(text)).toEqual(split);
  expect(load('hash', '', [`data.split=${text}`])).toEqual(split);
});

const forms =
  'hash, { by: group, column: C }, { by: time, column: C, embargo: 7d } or { by: file, source: F }';

describe('what is refused, with its path and what is right', () => {
  test.each([
    ['group', [`data.split: got "group", expected ${forms}`]],
    ['off', [`data.split: got "off", expected ${forms}`]],
    ['{ column: a }', ['data.split.by: missing; expected one of hash, group, time, file']],
    [
      '{ by: groups, column: a }',
      ['data.split.by: got "groups", expected one of hash, group, time, file; did you mean "group"?'],
    ],
    ['{ by: group }', ['data.split.column: missing; expected the name of a column with by: group']],
    ['{ by: time }', ['data.split.column: missing; expected the name of a column with by: time']],
    [
      '{ by: file }',
      ['data.split.source: missing; expected a file, a folder or s3://bucket/prefix with by: file'],
    ],
    ['{ by: group, colum: a }', ['data.split.colum: unknown key "colum"; did you mean "column"?']],
    [
      '{ by: time, column: a, embargos: 7d }',
      ['data.split.embargos: unknown key "embargos"; did you mean "embargo"?'],
    ],
    [
      '{ by: group, column: a, embargo: 7d }',
      ['data.split.embargo: got embargo with by: group, expected only column: embargo belongs to by: time'],
    ],
    [
      '{ by: file, source: b.csv, column: a }',
      [
        'data.split.column: got column with by: file, expected only source: column belongs to by: group or by: time',
      ],
    ],
    [
      '{ by: hash, source: b.csv }',
      ['data.split.source: got source with by: hash, expected no other key: source belongs to by: file'],
    ],
    [
      '{ by: file, source: rows.csv }',
      ['data.split.source: got "rows.csv", which is data.source; expected rows that training never sees'],
    ],
    [
      '{ by: file, source: "gs://bucket/rows" }',
      ['data.split.source: got "gs://bucket/rows", expected a file, a folder or s3://bucket/prefix'],
    ],
    [
      '{ by: group, column: y }',
      ['data.split.column: got "y", which is data.target; expected another column'],
    ],
    [
      '{ by: group, column: score }',
      [
        'data.split.column: got "score", a name that score files use for their own columns; expected another name: rename the column',
      ],
    ],
  ])('split: %s', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('other settings of data that contradict the split', () => {
    expect(problems('{ by: file, source: kept.csv }', '  holdout: 0.3\n')).toEqual([
      'data.holdout: got 0.3, expected none with data.split by: file, whose source is the whole holdout: leave it out',
    ]);
    expect(problems('{ by: group, column: a }', '  row_id: a\n')).toEqual([
      'data.split.column: got "a", which is data.row_id; expected a column whose values stand in several rows (with one row each, write split: hash)',
    ]);
    expect(problems('{ by: group, column: a }', '  slices: [a]\n')).toEqual([
      'data.slices: got "a", which is data.split.column; expected other columns: a group is no slice',
    ]);
    const slices = Array.from({ length: 16 }, (_, index) => `s${index}`);
    expect(problems('{ by: time, column: a }', `  slices: [${slices}]\n`)).toHaveLength(1);
    expect(problems('{ by: group, column: a }', `  slices: [${slices}]\n`)).toEqual([
      'data.slices: got 16 columns, expected at most 15 with model.content_type text/csv (application/jsonlines takes any number)',
    ]);
  });
});

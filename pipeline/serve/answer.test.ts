import { describe, expect, test } from '@jest/globals';
import { AnswerReader, ModelAnswerError } from './answer.ts';
import { attrition } from './contract.fixture.ts';

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: at === 0 ? '17' : null, cells: [], unseen: [] }));
const read = (text: string, changes = {}, count = 1) =>
  new AnswerReader(attrition(changes)).read(text, rows(count));

function refusal(text: string, changes = {}, count = 1): string {
  try {
    read(text, changes, count);
  } catch (error) {
    if (error instanceof ModelAnswerError) return `${error.record}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

const plain = { extra: [] };
const three = { problem: 'multiclass', labels: ['a', 'b', 'c'], ...plain };

describe('answers', () => {
  test('binary: the threshold of the package decides, its own value included', () => {
    const text = '0.3,Income,-0.5,Role,0.25\r\n0.29999,"Nurse, ward",1e-2,,\n';
    expect(read(text, {}, 2)).toEqual([
      {
        id: '17',
        score: 0.3,
        decision: 'Yes',
        contributions: [
          { name: 'Income', value: -0.5 },
          { name: 'Role', value: 0.25 },
        ],
        package: 'attrition/3',
      },
      {
        score: 0.29999,
        decision: 'No',
        contributions: [{ name: 'Nurse, ward', value: 0.01 }],
        package: 'attrition/3',
      },
    ]);
  });

  test('multiclass: the likeliest class, plain or as a list', () => {
    for (const text of ['0.1,0.6,0.3', '[0.1, 0.6, 0.3]', '"[0.1,0.6,0.3]"'])
      expect(read(text, three)[0]).toMatchObject({
        score: 0.6,
        decision: 'b',
        scores: { a: 0.1, b: 0.6, c: 0.3 },
      });
  });

  test('regression: the value, without a decision', () => {
    expect(read('-12.5', { problem: 'regression', labels: [], output: 'value', ...plain })[0]).toMatchObject({
      score: -12.5,
      decision: null,
    });
  });

  test('labels: the decision, without a score', () => {
    expect(read('1.0', { output: 'label', ...plain })[0]).toMatchObject({ score: null, decision: 'Yes' });
  });

  test('JSON Lines, and columns that are no contributions', () => {
    const changes = {
      contentType: 'application/jsonlines',
      extra: ['factor_1', 'contribution_1', 'segment'],
    };
    expect(read('{"predictions":[0.9,"Income",0.5,"north"]}', changes)[0]).toMatchObject({
      score: 0.9,
      contributions: [{ name: 'Income', value: 0.5 }],
      extra: { segment: 'north' },
    });
  });

  test('a contribution of a sensitive column is left out, by its name and by what is made of it', () => {
    const changes = { sensitive: ['Gender', 'In'] };
    expect(read('0.5,Gender=Male,1,Gender,2', changes)[0]?.contributions).toEqual([]);
    expect(read('0.5,Genders,1,Income,2', changes)[0]?.contributions).toHaveLength(2);
  });
});

describe('nothing of an answer that cannot be used is handed on', () => {
  test.each([
    ['too few lines', '0.1\n', plain, 2, /^null: the model answered 1 lines to 2 records/],
    ['too many lines', '0.1\n0.2\n\n', plain, 2, /^null: the model answered 3 lines/],
    ['nothing', '', plain, 1, /^null: the model answered 0 lines/],
    ['NaN', '0.1\nnan', plain, 2, /^2: the model answered "nan", expected a probability/],
    [
      'infinite',
      'inf',
      { problem: 'regression', labels: [], output: 'value', ...plain },
      1,
      /expected a finite number/,
    ],
    ['empty', '\n', plain, 1, /^1: the model answered "", expected a probability/],
    ['hexadecimal', '0x1', plain, 1, /^1: the model answered "0x1"/],
    ['above 1', '1.01', plain, 1, /^1: the model answered 1.01, expected a probability from 0 to 1/],
    ['a class in place of a probability', 'Yes', plain, 1, /^1: the model answered "Yes"/],
    [
      'an error in place of a score',
      'error: bad record,,,,',
      {},
      1,
      /^1: the model answered "error: bad record"/,
    ],
    ['too few columns', '0.1', {}, 1, /^1: the model's answer: got 1 columns \(0.1\), expected 5/],
    ['two probabilities', '0.1,0.9', plain, 1, /add up to 1/],
    [
      'no such class',
      '2',
      { output: 'label', ...plain },
      1,
      /expected a class as a whole number from 0 to 1/,
    ],
    ['a contribution that is none', '0.1,Income,nan,,', {}, 1, /expected a finite number as contribution_1/],
    [
      'a factor without a size',
      '0.1,Income,,,',
      {},
      1,
      /got|answered "", expected a finite number as contribution_1/,
    ],
    ['a quote that is open', '"0.1', plain, 1, /expected a line of CSV/],
    ['no JSON', 'x', { contentType: 'application/jsonlines', ...plain }, 1, /expected JSON/],
  ])('%s', (_, text, changes, count, message) => {
    expect(refusal(text, changes, count)).toMatch(message);
  });

  test('a text of the model is not quoted where a column is sensitive', () => {
    expect(refusal('error: Ann,,,,', { sensitive: ['Remark'] })).not.toMatch(/Ann/);
    expect(refusal('Ann', { sensitive: ['Remark'] })).not.toMatch(/Ann/);
  });
});

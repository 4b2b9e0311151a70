import { describe, expect, test } from '@jest/globals';
import { attrition, record } from './contract.fixture.ts';
import { RecordReader } from './records.ts';

const read = (input: unknown, changes = {}) => new RecordReader(attrition(changes)).read(input);
const messages = (input: unknown, changes = {}) =>
  read(input, changes).problems.map((p) => `${p.record} ${p.column}: ${p.message}`);

describe('what a request may look like', () => {
  test.each([
    ['records', { records: [record(), record({ Id: 18 })] }, ['17', '18']],
    ['a list', [record(), record({ Id: 'x' })], ['17', 'x']],
    ['one record', record(), ['17']],
  ])('%s', (_, input, ids) => {
    const { rows, problems } = read(input);
    expect(problems).toEqual([]);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  test.each([
    [
      'a text',
      'x',
      'null null: got the text "x", expected {"records": [...]}, a list of records or one record',
    ],
    ['nothing', null, 'null null: got null, expected {"records": [...]}, a list of records or one record'],
    [
      'no list',
      { records: 3 },
      'null null: got the number 3, expected {"records": [...]}, a list of records or one record',
    ],
    ['no records', { records: [] }, 'null null: got no records, expected at least one'],
    [
      'a record that is none',
      [record(), 7],
      '2 null: got the number 7, expected an object with a value for each column',
    ],
    ['a list in the list', [[1]], '1 null: got a list, expected an object with a value for each column'],
  ])('%s is refused', (_, input, message) => {
    expect(messages(input)).toEqual([message]);
  });

  test('a model with a column "records" takes it as a column', () => {
    const features = [{ name: 'records', type: 'number', values: null, sensitive: false }] as const;
    expect(read({ records: 3 }, { features }).rows[0]?.cells).toEqual(['3']);
  });
});

describe('cells become what the prepare job writes', () => {
  const cells = (changes: Record<string, unknown>, contract = {}) =>
    read(record(changes), contract).rows[0]?.cells;

  test.each([
    [1102, '1102'],
    [0.1, '0.1'],
    [-0, '-0'],
    [1e21, '1e+21'],
    ['1102', '1102'],
    [' +1.50 ', '1.50'],
    ['.5', '0.5'],
    ['NA', ''],
    ['', ''],
    [null, ''],
  ])('number %p is %p', (value, text) => {
    expect(cells({ Income: value })?.[0]).toBe(text);
  });

  test('a decimal comma, where the data have one', () => {
    expect(cells({ Income: '1.234,5' }, { decimal: ',' })?.[0]).toBe('1234.5');
  });

  test.each([
    [true, 'true'],
    [false, 'false'],
    ['True', 'True'],
    ['n/a', ''],
    [null, ''],
  ])('boolean %p is %p', (value, text) => {
    expect(cells({ OverTime: value })?.[1]).toBe(text);
  });

  test('text stays as it is, and a category that training did not know is told', () => {
    const { rows } = read([record({ Role: ' NA ' }), record({ Role: null })]);
    expect(rows.map(({ cells: found, unseen }) => [found[2], unseen])).toEqual([
      [' NA ', ['Role']],
      ['', []],
    ]);
  });
});

describe('every problem is found at once', () => {
  test('with its record and column', () => {
    const { Income, ...lacking } = record({ OverTime: 'perhaps', Rol: 1 });
    expect(messages([lacking, record({ Income: 'much', Role: 3, Remark: 'a\nb', Id: true })])).toEqual([
      '1 Income: missing, expected a number, or null where it is not known',
      '1 OverTime: got "perhaps", expected true, false, or null where it is not known',
      '1 Rol: no such column; did you mean "Role"?',
      '2 Income: got "much", expected a number, or null where it is not known',
      '2 Role: got the number 3, expected text: "3"',
      '2 Remark: got a text with a line break, expected one line, because this model takes CSV line by line',
      '2 Id: got the boolean true, expected the id of the row: a text or a number',
    ]);
  });

  test.each([
    ['1e400', 'got a number too large for 64 bits, expected a finite number'],
    ['"inf"', 'got "inf", expected a number, or null where it is not known'],
    ['"007"', 'got "007", expected a number, or null where it is not known'],
    ['true', 'got the boolean true, expected a number, or null where it is not known'],
    ['{}', 'got an object, expected a number, or null where it is not known'],
    ['[1]', 'got a list, expected a number, or null where it is not known'],
  ])('a number may not be %s', (json, message) => {
    expect(messages(record({ Income: JSON.parse(json) }))).toEqual([`1 Income: ${message}`]);
  });

  test('a line break is no problem in JSON Lines', () => {
    expect(messages(record({ Remark: 'a\nb' }), { contentType: 'application/jsonlines' })).toEqual([]);
  });

  test('a cell of a sensitive column is not quoted', () => {
    const features = attrition().features.map((feature) => ({ ...feature, sensitive: true }));
    const sensitive = features.map(({ name }) => name);
    const found = messages(record({ Income: 'Ann', OverTime: 'Ann', Role: 4711 }), { features, sensitive });
    expect(found).toHaveLength(3);
    expect(found.join()).not.toMatch(/Ann|4711/);
  });

  test('a flood of them is cut, and counted', () => {
    const { problems } = read(Array.from({ length: 600 }, () => record({ Income: 'x', OverTime: 'y' })));
    expect(problems).toHaveLength(1001);
    expect(problems.at(-1)?.message).toBe('200 more problems');
  });
});

import { expect, test } from '@jest/globals';
import { bodyOf } from './body.ts';
import { attrition } from './contract.fixture.ts';

const row = (...cells: string[]) => ({ id: null, cells, unseen: [] });

test('CSV has quotes only where they have to be', () => {
  const rows = [row('1', 'true', 'Nurse, ward', 'says "no"'), row('', '', '', ' ')];
  expect(bodyOf(rows, attrition())).toBe('1,true,"Nurse, ward","says ""no"""\n,,, \n');
});

test('a line of one missing value is no empty line', () => {
  expect(bodyOf([row('')], attrition({ features: attrition().features.slice(0, 1) }))).toBe('""\n');
});

test('JSON Lines have typed values in ASCII', () => {
  const rows = [row('1.50', 'True', 'é\u2028\n', ''), row('', '', '', '😀')];
  const text = bodyOf(rows, attrition({ contentType: 'application/jsonlines' }));
  expect(text).toBe(
    '{"Income":1.50,"OverTime":true,"Role":"\\u00e9\\u2028\\n","Remark":null}\n' +
      '{"Income":null,"OverTime":null,"Role":null,"Remark":"\\ud83d\\ude00"}\n',
  );
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).Remark),
  ).toEqual([null, '😀']);
});

import { expect, test } from '@jest/globals';
import { didYouMean, nearest } from './nearest.ts';

const columns = ['Attrition', 'Monthly Income', 'Age', 'row_id'];

test.each([
  ['Atrition', 'Attrition'],
  ['attrition', 'Attrition'],
  ['monthly_income', 'Monthly Income'],
  ['Aeg', 'Age'],
  ['rowid', 'row_id'],
  ['Zebra', undefined],
  ['', undefined],
])('%j most likely means %j', (word, meant) => {
  expect(nearest(word, columns)).toBe(meant);
});

test('the hint ends a sentence, or is empty', () => {
  expect(didYouMean('Atrition', columns)).toBe('; did you mean "Attrition"?');
  expect(didYouMean('Zebra', columns)).toBe('');
  expect(didYouMean('x', [])).toBe('');
});

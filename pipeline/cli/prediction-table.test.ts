import { expect, test } from '@jest/globals';
import type { Answer } from '../serve/answer.ts';
import { predictionTable } from './prediction-table.ts';

const answer: Answer = {
  id: '7',
  score: 0.123456,
  decision: 'No',
  contributions: [
    { name: 'Age', value: -0.51234 },
    { name: 'OverTime', value: 0.25 },
    { name: 'JobLevel', value: 0.1 },
    { name: 'Education', value: 0.01 },
  ],
  package: 'attrition/1',
};

test('an id, the score, the decision and the three strongest contributions', () => {
  expect(predictionTable([answer], 'EmployeeNumber')).toEqual([
    ['EmployeeNumber', 'score', 'decision', 'strongest contributions'],
    ['7', '0.1235', 'No', 'Age -0.512, OverTime +0.25, JobLevel +0.1'],
  ]);
});

test('columns with a category that training never saw are named, on the lines where there is one', () => {
  const { id: _, ...unnamed } = answer;
  const told = predictionTable(
    [
      { ...unnamed, contributions: [] },
      { ...unnamed, contributions: [], unseen: ['Department', 'JobRole'] },
    ],
    'EmployeeNumber',
  );
  expect(told).toEqual([
    ['', 'score', 'decision', 'strongest contributions', 'not seen in training'],
    ['1', '0.1235', 'No', '', ''],
    ['2', '0.1235', 'No', '', 'Department, JobRole'],
  ]);
});

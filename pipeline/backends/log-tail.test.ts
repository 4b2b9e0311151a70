import { expect, test } from '@jest/globals';
import { logTail } from './log-tail.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}`);
const traceback = (frames: number, error: string) => [
  'Traceback (most recent call last):',
  ...Array.from({ length: frames }, (_, at) => [`  model/src/a.py, line ${at}, in f`, `    f(${at})`]).flat(),
  error,
];

test('the last twenty lines', () => {
  expect(logTail(numbered(30))).toEqual(numbered(30).slice(10));
  expect(logTail(['one'])).toEqual(['one']);
  expect(logTail([])).toEqual([]);
});

test('a traceback at the end is whole, with those of the errors that led to it', () => {
  const last = traceback(30, 'KeyError: 1');
  expect(logTail([...numbered(30), ...last])).toEqual(last);
  const both = [
    ...traceback(15, 'ValueError: 2'),
    '',
    'The above exception was the direct cause of the following exception:',
    '',
    ...last,
    'train: gave up',
  ];
  expect(logTail([...numbered(30), ...both])).toEqual(both);
  // Its beginning is no longer kept.
  expect(logTail(both.slice(2))).toEqual(both.slice(2));
});

test('a traceback that the program survived long ago is not', () => {
  expect(logTail([...traceback(3, 'ValueError: 2'), ...numbered(30)])).toEqual(numbered(30).slice(10));
});

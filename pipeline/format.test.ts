import { expect, test } from '@jest/globals';
import {
  decimalsFor,
  formatApart,
  formatConfidence,
  formatCount,
  formatInterval,
  formatP,
  formatPercent,
  formatSeconds,
  formatSigned,
  formatTime,
  formatUsd,
  formatValue,
} from './format.ts';

test.each<[number | null | undefined, string]>([
  [0.8544, '.854'],
  [-0.0211, '−.021'],
  [0, '.000'],
  [-0.0000001, '−.000000100'],
  [1, '1.000'],
  [53.8531, '53.85'],
  [-1234.5, '−1,235'],
  [1234567, '1,234,567'],
  [0.00123, '.00123'],
  [null, '–'],
  [undefined, '–'],
  [Number.NaN, 'not a number'],
])('a value %p reads %p', (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test('what rounds to nothing has no sign', () => {
  expect(formatSigned(-0.0001, 3)).toBe('.000');
  expect(formatSigned(0.0001, 3)).toBe('.000');
  expect(formatSigned(0.0122, 3)).toBe('+.012');
  expect(formatSigned(-0.0122, 3)).toBe('−.012');
});

test('numbers beside each other share decimals', () => {
  expect(decimalsFor(0.5, 53.8)).toBe(2);
  expect(formatInterval([-3.402, 0.911], 2, formatSigned)).toBe('[−3.40, +.91]');
  expect(formatInterval(null)).toBe('');
});

test.each([
  [0.045, '45 ms'],
  [0.2, '0.2 s'],
  [3.21, '3.2 s'],
  [9.96, '10 s'],
  [59.7, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3599.9, '1 h 00 min'],
  [3840, '1 h 04 min'],
])('%p seconds read %p', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('money, shares, counts, p-values and times', () => {
  expect([0, 0.001, 0.042, 1234.5, null].map((usd) => formatUsd(usd))).toEqual([
    '$0',
    '< $0.01',
    '$0.04',
    '$1,234.50',
    '–',
  ]);
  expect([0.95, 0.995, 1].map(formatPercent)).toEqual(['95 %', '99.5 %', '100 %']);
  expect(formatCount(1270)).toBe('1,270');
  expect([0.2984, 0.0311, 0.00007, null].map(formatP)).toEqual(['.30', '.031', '< .001', '–']);
  expect(formatTime('2026-11-22T17:07:12.5Z')).toBe('2026-11-22 17:07 UTC');
  expect(formatTime('yesterday')).toBe('yesterday');
});

test('two numbers have as many decimals as it takes to tell them apart', () => {
  expect(formatApart(0.8544, 0.75, 3)).toEqual(['.854', '.750']);
  expect(formatApart(-0.02996, -0.03, 3)).toEqual(['−.02996', '−.03000']);
  expect(formatApart(0.03, 0.03, 3)).toEqual(['.030', '.030']);
  expect(formatApart(0.0003, 0, 3)).toEqual(['.0003', '.0000']);
});

test('no confidence level is rounded to 100 %', () => {
  expect([0.95, 0.9975, 1 - 0.05 / 110].map(formatConfidence)).toEqual(['95 %', '99.75 %', '99.9545 %']);
});

import { expect, test } from '@jest/globals';
import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly (string | Buffer)[], longest?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), longest);
  for (const chunk of chunks) splitter.write(Buffer.from(chunk));
  splitter.end();
  return lines;
}

test('cuts at every kind of line end, wherever the chunks are cut', () => {
  expect(split(['a\nb', 'c\r', '\nd\re\n', '\nlast'])).toEqual(['a', 'bc', 'd', 'e', '', 'last']);
  expect(split(['a\r'])).toEqual(['a']);
  expect(split(['a\n'])).toEqual(['a']);
  expect(split([])).toEqual([]);
});

test('keeps characters whole whose bytes arrive apart', () => {
  const bytes = Buffer.from('Gefühl 🎉\n');
  expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(['Gefühl 🎉']);
});

test('hands on a line without end in pieces and loses nothing', () => {
  expect(split(['12345', '6789', '0\nab'], 4)).toEqual(['1234', '5678', '90', 'ab']);
  expect(split(['123456789\n'], 4)).toEqual(['1234', '5678', '9']);
});

import { expect, test } from '@jest/globals';
import { parseDockerIgnore } from './docker-ignore.ts';

test.each([
  // A pattern holds from the root, unlike Git's.
  ['data', 'data', true],
  ['data', 'data/a.csv', true],
  ['data', 'src/data', false],
  ['/data', 'data/a.csv', true],
  ['data/', 'data/a.csv', true],
  ['./data', 'data/a.csv', true],
  ['src/../data', 'data/a.csv', true],
  ['*.csv', 'a.csv', true],
  ['*.csv', 'data/a.csv', false],
  ['**/*.csv', 'a.csv', true],
  ['**/*.csv', 'deep/data/a.csv', true],
  ['*/*.csv', 'data/a.csv', true],
  ['*/*.csv', 'deep/data/a.csv', false],
  ['data/**', 'data/deep/a.csv', true],
  ['**', 'anything/at/all', true],
  ['*', 'anything/at/all', true],
  ['file?.txt', 'file1.txt', true],
  ['file?.txt', 'file10.txt', false],
  ['[ab].txt', 'b.txt', true],
  ['[^ab].txt', 'b.txt', false],
  ['Data', 'data', false],
  // The last match decides, even inside a folder that is left out.
  ['data\n!data/keep.csv', 'data/keep.csv', false],
  ['data\n!data/keep.csv', 'data/other.csv', true],
  ['!data/keep.csv\ndata', 'data/keep.csv', true],
  ['*\n!src', 'src/sample/train.py', false],
  ['*\n!src\nsrc/sample', 'src/sample/train.py', true],
  ['*\n! src', 'src/a', false],
  // Lines.
  ['# data', '# data', false],
  ['  data  ', 'data', true],
  ['\uFEFFdata\r\nmore\r\n', 'data', true],
  ['\uFEFFdata\r\nmore\r\n', 'more', true],
  ['\n\n.\n/\n', 'a', false],
  ['', 'a', false],
])('%j on %j: left out %j', (text, path, expected) => {
  expect(parseDockerIgnore(text).ignores(path)).toBe(expected);
});

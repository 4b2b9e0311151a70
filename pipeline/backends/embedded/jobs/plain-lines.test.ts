import { expect, test } from '@jest/globals';
import { isPlain, joinLines } from './plain-lines.ts';

test.each([
  ['a,b\n', true],
  ['\n', true],
  ['"a ""b"", c",é\u2028\n', true],
  ['', false],
  ['a,b', false],
  ['a,b\r\n', false],
])('%j is plain: %s', (text, plain) => {
  expect(isPlain(Buffer.from(text))).toBe(plain);
});

test('bytes that are no UTF-8 are not plain', () => {
  expect(isPlain(Buffer.from([0x61, 0xe9, 0x0a]))).toBe(false);
});

test('lines are joined with those at the same place', () => {
  const joined = joinLines(Buffer.from('1,é\n\n"3,"\n'), Buffer.from('0.5\n"x"\n\n'));
  expect(joined.toString()).toBe('1,é,0.5\n,"x"\n"3,",\n');
});

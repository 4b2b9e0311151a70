import { styleText } from 'node:util';
import { expect, test } from '@jest/globals';
import { cleanJson, cleanOutput } from './clean-text.ts';

const red = (text: string) => styleText('red', text, { validateStream: false });

test.each([
  ['plain text, größe 😀 “x”', 'plain text, größe 😀 “x”'],
  ['two\n\tlines\r\nthree\rfour', 'two\n\tlines\nthree\nfour'],
  ['\u001b[2J\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007', 'link'],
  ['\u009b31mx', 'x'],
  ['a\u0000b\u0007c\u0008d\u007fe', 'abcde'],
  ['abc\u202eevil\u2066x\u200b\ufeff', 'abcevilx'],
  ['half \ud800 pair', 'half  pair'],
  ['::set-output name=x::y', ': :set-output name=x::y'],
  ['text\n  ::add-mask::secret', 'text\n  : :add-mask::secret'],
  ['\u001b[1m::error::x', ': :error::x'],
  ['\u200b::error::x', ': :error::x'],
  ['say ##[add-mask]x ##[group]', 'say ## [add-mask]x ## [group]'],
  ['#\u200b#[add-mask]x', '## [add-mask]x'],
  ['std::vector', 'std::vector'],
])('%j is printed as %j', (text, clean) => {
  expect(cleanOutput(text)).toBe(clean);
  // The guard finds nothing to do in what it has made.
  expect(cleanOutput(clean)).toBe(clean);
});

test('colours of our own stay, other sequences beside them do not', () => {
  const text = `${red('✗')} x\u001b[2J\u001b]0;title\u0007 ${red('::error::y')}`;
  expect(cleanOutput(text, { colors: true })).toBe(`${red('✗')} x ${red('::error::y')}`);
  expect(cleanOutput(`  ${red('::error::y')}`, { colors: true })).toBe(`  ${red(': :error::y')}`);
});

test('JSON keeps its value and obeys nothing', () => {
  const value = { a: '\u009b31m \u202e \ud800 ##[add-mask]x', b: ['\u001b[31m', '\ufeff', 'größe 😀'] };
  const json = cleanJson(JSON.stringify(value, undefined, 2));
  expect(JSON.parse(json)).toEqual(value);
  expect(json).not.toMatch(/[\u007f-\u009f\u202e\ufeff]|##\[/);
});

import { expect } from '@jest/globals';

/*
 * Files, names and programs may hold these against the reader of a terminal or of a log on GitHub: sequences that a terminal
 * obeys, characters that hide or reorder text, and workflow commands.
 */

export const sequence = '\u001b[31m\u001b[2J';
export const bidi = '\u202e';
export const command = '::add-mask::yes';
export const olderCommand = '##[add-mask]yes';
export const nasty = `x${sequence}${bidi}\u009b5m\r${olderCommand}`;

/**
 * Asserts that none of it is in a text that a terminal, or GitHub's log or page, shows. Our own colours, and in Markdown the
 * spaces of no width that keep GitHub from making mentions, are harmless.
 */
export function expectHarmless(text: string, { colors = false, markdown = false } = {}): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is taken out
  const plain = colors ? text.replaceAll(/\x1b\[[\d;]*m/g, '') : text;
  const shown = markdown ? plain.replaceAll('\u200b', '') : plain;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/);
  expect(shown).not.toMatch(/^\s*::add-mask|##\[/m);
}

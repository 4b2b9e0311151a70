import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** Characters that control a terminal, or hide or reorder text. */
const hidden = '\\p{Cc}\\p{Cs}\\u00ad\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff';
/** A sequence that sets a colour in a terminal. */
const color = String.raw`\x1b\[[\d;]*m`;
const colorsIn = new RegExp(`(${color})`);
/** The places where the runner of GitHub Actions looks for a command: `::` at the start of a line, and `##[` anywhere. */
const commandStart = new RegExp(`^((?:\\s|${color})*):(?=:)`, 'gm');
const allHidden = new RegExp(`[${hidden}]`, 'gu');
const notLayout = new RegExp(`(?![\\n\\t])[${hidden}]`, 'gu');

/**
 * Text from users (columns, slice values, log lines, branch names, reasons) as one line that is safe to show: without
 * terminal sequences, without control and text-direction characters (which can hide or reorder text), without the query
 * of a pre-signed URL, and cut to `most` characters. Each rendering then escapes it for its own format.
 */
export function cleanText(text: string, most = 300): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(allHidden, '')
    .replace(/\?[^\s"'<>]*X-Amz-[^\s"'<>]*/gi, '?…')
    .trim();
  const characters = Array.from(line.slice(0, most * 2 + 2));
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : characters.join('');
}

/**
 * A program's output, of any length and number of lines, without what a terminal or the runner of GitHub Actions would
 * obey: terminal sequences, control and text-direction characters, workflow commands (`::add-mask::`, `##[group]`).
 * Everything that is printed goes through it last, whatever was cleaned before.
 * @param colors keep the sequences that set colours, where the text is ours and each part from a user was cleaned
 */
export function cleanOutput(text: string, { colors = false } = {}): string {
  const plain = (part: string) =>
    stripVTControlCharacters(part).replace(/\r\n?/g, '\n').replace(notLayout, '');
  const clean = colors
    ? text
        .split(colorsIn)
        .map((part, index) => (index % 2 === 1 ? part : plain(part)))
        .join('')
    : plain(text);
  return clean.replace(commandStart, '$1: ').replaceAll('##[', '## [');
}

/** Takes a program's output as it comes, wherever it is cut, and writes it clean, colours kept. */
export function cleanStream(write: (text: string) => void): (chunk: string | Buffer) => void {
  const decoder = new StringDecoder('utf8');
  return (chunk) =>
    write(cleanOutput(typeof chunk === 'string' ? chunk : decoder.write(chunk), { colors: true }));
}

/** JSON with the same guard, which changes no value: what would be obeyed is written as an escape. */
export function cleanJson(json: string): string {
  return json
    .replace(notLayout, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('##[', '##\\u005b');
}

/** A line of a log: cleanText that keeps the indentation, which shows a traceback's structure. */
export function cleanLogLine(line: string): string {
  const indent = /^[ \t]*/.exec(line)?.[0].replaceAll('\t', '  ') ?? '';
  return indent.slice(0, 20) + cleanText(line, 1000);
}

/** Shortens digests for people: sha256:0123456789ab… */
export function shortDigests(text: string): string {
  return text.replace(
    /\b(sha256:)?([0-9a-f]{12})[0-9a-f]{28,52}\b/g,
    (_, prefix = '', head) => `${prefix}${head}…`,
  );
}

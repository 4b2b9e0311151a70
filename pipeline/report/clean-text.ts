import { stripVTControlCharacters } from 'node:util';

/**
 * Text from users (columns, slice values, log lines, branch names, reasons) as one line that is safe to show: without
 * terminal sequences, without control and text-direction characters (which can hide or reorder text), without the query
 * of a pre-signed URL, and cut to `most` characters. Each rendering then escapes it for its own format.
 */
export function cleanText(text: string, most = 300): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu, '')
    .replace(/\?[^\s"'<>]*X-Amz-[^\s"'<>]*/gi, '?…')
    .trim();
  const characters = Array.from(line.slice(0, most * 2 + 2));
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : characters.join('');
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

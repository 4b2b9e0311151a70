import { cleanText, shortDigests } from './clean-text.ts';

/** Pieces of GitHub Markdown that text from users cannot break. */

/**
 * Text from users as Markdown that only shows it (parts in backticks as code): every character that Markdown, HTML or
 * GitHub's filters interpret becomes an entity, and a zero-width space breaks mentions, references and addresses.
 */
export function prose(text: string, most = 300): string {
  const allowed = 2 * most;
  let cut = shortArns(cleanText(text, most));
  let escaped = escapeMarkdown(cut);
  // Escaping lengthens the text; a second cut bounds the size of a row.
  while (escaped.length > allowed) {
    cut = cleanText(cut, Math.floor((Array.from(cut).length * allowed) / escaped.length) - 1);
    escaped = escapeMarkdown(cut);
  }
  return escaped;
}

function escapeMarkdown(text: string): string {
  return text
    .replace(/[@#]|:(?=\/\/|[\w+-]+:)|\b(?:www|GH)(?=[.-])/gi, '$&\u200b')
    .replace(/^[-+=]|^\d(?=\d*[.)](?:\s|$))|[&<>\\`*_[\]#|~]/g, (found) => `&#${found.codePointAt(0)};`)
    .replaceAll('$', '<span>$</span>')
    .replace(/&#96;(.+?)&#96;/g, '<code>$1</code>');
}

export function bold(text: string): string {
  return text === '' ? '' : `**${text}**`;
}

export function code(text: string, most = 300): string {
  const inner = prose(text, most);
  return inner === '' ? '<code>&#32;</code>' : `<code>${inner}</code>`;
}

/** Removes account ids and regions, which do not help a reader and do not belong in a public comment. */
export function shortArns(text: string): string {
  return shortDigests(text)
    .replace(/\barn:aws[\w-]*:[\w-]+:[\w-]*:\d{12}:/g, '')
    .replace(/\b\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com(?:\.cn)?\//g, '');
}

export function table(head: string[], rows: string[][], align: string[] = []): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (align[i] === '-:' ? '--:' : '---'))), ...rows.map(line)].join(
    '\n',
  );
}

export function details(summary: string, body: string, open: boolean): string {
  return `<details${open ? ' open' : ''}><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** A block of code whose fence is longer than any run of backticks in it. */
export function fence(lines: string[]): string {
  const text = lines.join('\n');
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const marks = '`'.repeat(longest + 1);
  return `${marks}text\n${text}\n${marks}`;
}

/** An absolute http(s) address, percent-encoded so that it cannot end the link; null for any other. */
export function httpUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return null;
  return url.href.length > 2000
    ? null
    : url.href.replace(/[<>\\|`"'()[\]]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

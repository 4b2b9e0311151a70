import type { Cell, Column } from '../backends/query.ts';
import { cleanText } from '../report/clean-text.ts';

/** Widest column, in characters, where the terminal has no room for more. */
const narrow = 24;
const widest = 60;

/**
 * Rows as lines of a table with a header: numbers to the right, maps with the largest values first, long cells cut.
 * @param width characters in a line of the terminal; columns are cut to fit as far as `narrow` allows
 */
export function queryTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const cells = [
    columns.map(({ name }) => cleanText(name)),
    ...rows.map((row) => row.map((value) => cleanText(shownCell(value)))),
  ];
  const right = columns.map(
    (_, column) =>
      rows.some((row) => typeof row[column] === 'number') &&
      rows.every((row) => ['number', 'object'].includes(typeof row[column])),
  );
  const natural = columns.map((_, column) =>
    Math.min(widest, Math.max(...cells.map((row) => lengthOf(row[column] ?? '')))),
  );
  const widths = fitted(natural, width);
  return cells.map((row) =>
    row
      .map((text, column) => {
        const room = widths[column] ?? 0;
        const cut = cleanText(text, Math.max(room, 1));
        const padding = ' '.repeat(Math.max(0, room - lengthOf(cut)));
        return right[column] ? padding + cut : cut + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Cuts the widest columns until all fit into a line, or each is narrow. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, one) => sum + one + 2, -2);
  while (total() > width) {
    const most = Math.max(...widths);
    if (most <= narrow) break;
    widths[widths.indexOf(most)] = most - 1;
  }
  return widths;
}

/** A value as one line of text. */
function shownCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return shownNumber(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(shownCell).join(', ')}]`;
  const entries = Object.entries(value).sort(([, a], [, b]) => sizeOf(b) - sizeOf(a));
  return entries.map(([name, inner]) => `${name} ${shownCell(inner)}`).join(', ');
}

const sizeOf = (value: Cell): number => (typeof value === 'number' ? Math.abs(value) : 0);

/** Whole numbers in full, others with six digits. */
const shownNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

/** Characters, of which one may be two units of UTF-16. */
const lengthOf = (text: string): number => Array.from(text).length;

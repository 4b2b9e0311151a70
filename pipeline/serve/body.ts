import type { Contract } from './contract.ts';
import type { Row } from './records.ts';

/** The request body for a model's /invocations: one line a record, in the form of the lines that scored the holdout. */
export function bodyOf(
  rows: readonly Row[],
  { contentType, features }: Pick<Contract, 'contentType' | 'features'>,
): string {
  if (contentType === 'text/csv') return rows.map(({ cells }) => `${csvLine(cells)}\n`).join('');
  return rows.map(({ cells }) => `${jsonLine(cells, features)}\n`).join('');
}

const SPECIAL = /[",\r\n]/;

/** Fields in quotes only where they have to be, as Python's csv.writer writes them. */
function csvLine(cells: readonly string[]): string {
  // An empty line would be no record.
  if (cells.length === 1 && cells[0] === '') return '""';
  return cells.map((cell) => (SPECIAL.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

function jsonLine(cells: readonly string[], features: Contract['features']): string {
  const members = features.map(({ name, type }, at) => `${ascii(name)}:${jsonValue(cells[at] ?? '', type)}`);
  return `{${members.join(',')}}`;
}

function jsonValue(cell: string, type: Contract['features'][number]['type']): string {
  if (cell === '') return 'null';
  if (type === 'category') return ascii(cell);
  return type === 'boolean' ? cell.toLowerCase() : cell;
}

/** Escaped to ASCII, because some servers also split lines at Unicode's other line ends. */
const ascii = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

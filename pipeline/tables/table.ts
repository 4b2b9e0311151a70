import { isAscii, isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { ScoreFileError, shown } from '../errors.ts';
import { CsvReader } from './csv.ts';

/** Rows of a file, one at a time, whatever its format. */
export interface Table {
  readonly header: readonly string[];
  /** No fewer than there are. */
  readonly mostRows: number;
  next(): boolean;
  /** Of the current row: its text in a column, untrimmed; '' where there is none. */
  field(column: number): string;
  /** Of the current row: the finite or infinite number in a column, NaN where it is none. */
  number(column: number): number;
  /** Where the current row starts: a line of a CSV file, a row of a parquet file, from 1. */
  position(): number;
  /** The error to throw for a cell of the current row. */
  error(column: number, expected: string, found?: string): ScoreFileError;
  /** The error for a row met before, by its position. */
  errorAt(position: number, column: string | null, found: string, expected: string): ScoreFileError;
}

/**
 * Opens a CSV (UTF-8, with a header) or parquet file.
 *
 * @throws ScoreFileError where the file is missing, empty, not of either format, or a row does not fit the header
 */
export async function openTable(file: string): Promise<Table> {
  const bytes = await readBytes(file);
  const isParquet = bytes.subarray(0, 4).toString('latin1') === 'PAR1';
  if (!isParquet && file.toLowerCase().endsWith('.parquet')) {
    throw new ScoreFileError(
      { file },
      shown(bytes.subarray(0, 4).toString('latin1')),
      'a parquet file, which starts with "PAR1"',
    );
  }
  if (!isParquet) return csvTable(file, decode(file, bytes));
  const { parquetTable } = await import('./parquet-table.ts'); // only here: its packages take 60 ms and 15 MB
  return parquetTable(file, bytes);
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
    throw new ScoreFileError({ file }, found, 'a CSV or parquet file');
  }
}

/** The longest string that the engine holds is just under 2^29 characters. */
const MOST_CSV_BYTES = 2 ** 29 - 32;

function decode(file: string, bytes: Buffer): string {
  if (bytes.length > MOST_CSV_BYTES) {
    throw new ScoreFileError(
      { file },
      `${Math.round(bytes.length / 1e6)} MB`,
      'at most 536 MB as CSV (write it as parquet)',
    );
  }
  if (!isUtf8(bytes)) {
    const line = lineWhere(bytes, (part) => !isUtf8(part));
    throw new ScoreFileError({ file, line }, 'bytes that are not UTF-8', 'CSV in UTF-8, or parquet');
  }
  if (bytes.includes(0)) {
    throw new ScoreFileError(
      { file, line: lineWhere(bytes, (part) => part.includes(0)) },
      'a NUL byte',
      'text',
    );
  }
  const hasMark = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const content = hasMark ? bytes.subarray(3) : bytes;
  return isAscii(content) ? content.toString('latin1') : content.toString('utf8');
}

/** The first line, from 1, that the test holds for: no UTF-8 character spans a newline. */
function lineWhere(bytes: Buffer, test: (line: Buffer) => boolean): number {
  for (let line = 1, start = 0; ; line++) {
    const end = bytes.indexOf(10, start);
    if (end === -1 || test(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

function csvTable(file: string, text: string): Table {
  let header: string[] = [];
  const csv = new CsvReader(text, (line, column, found, expected) => {
    throw new ScoreFileError(
      { file, line, column: header[column] ?? String(column + 1) },
      shown(found),
      expected,
    );
  });
  if (!csv.next()) throw new ScoreFileError({ file, line: 1 }, 'an empty file', 'a header and rows');
  header = Array.from({ length: csv.width }, (_, column) => csv.field(column));
  const errorAt = (line: number, column: string | null, found: string, expected: string) =>
    new ScoreFileError({ file, line, column }, found, expected);
  return {
    header,
    mostRows: countLines(text),
    next() {
      if (!csv.next()) return false;
      if (csv.width !== header.length) {
        const column = header[csv.width] ?? String(header.length + 1);
        const fields = csv.width === 1 ? '1 field' : `${csv.width} fields`;
        throw errorAt(csv.line, column, fields, `${header.length}, as in the header`);
      }
      return true;
    },
    field: (column) => csv.field(column),
    number: (column) => csv.number(column),
    position: () => csv.line,
    error: (column, expected, found = shown(csv.field(column))) =>
      errorAt(csv.lineOf(column), header[column]!, found, expected),
    errorAt,
  };
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

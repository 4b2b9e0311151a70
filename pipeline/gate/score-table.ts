import { readFile } from 'node:fs/promises';
import { ScoreFileError, shown } from '../errors.ts';
import { BadFile } from '../tables/bad-file.ts';
import { isParquet, openCsv } from '../tables/csv.ts';
import type { ParquetColumn } from '../tables/parquet.ts';
import type { Table } from '../tables/table.ts';

/**
 * Reads a score file: CSV in UTF-8 with a header, or Parquet.
 *
 * @throws ScoreFileError if the file is missing, empty or of neither format, or a row does not fit the header
 */
export async function withScores<T>(file: string, read: (table: ScoreTable) => Promise<T>): Promise<T> {
  const bytes = await bytesOf(file);
  try {
    return await read(await openScores(file, bytes));
  } catch (error) {
    if (error instanceof BadFile) throw scoreFileError(file, error);
    throw error;
  }
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
    throw new ScoreFileError({ file }, found, 'a CSV or parquet file');
  }
}

async function openScores(file: string, bytes: Buffer): Promise<ScoreTable> {
  if (isParquet(bytes)) {
    const { openParquet } = await import('../tables/parquet.ts'); // imported on demand: it takes 60 ms and 15 MB
    const parquet = await openParquet({
      byteLength: bytes.length,
      slice: (start: number, end?: number) => Uint8Array.from(bytes.subarray(start, end)).buffer,
    });
    const columns = scoreColumns(parquet.columns, file);
    const table = parquet.table(columns.map(({ name }) => name));
    const typed = new Set(columns.flatMap(({ isText }, column) => (isText ? [] : [column])));
    return new ScoreTable(file, table, 'row', parquet.rows, typed);
  }
  if (file.toLowerCase().endsWith('.parquet')) {
    const found = shown(bytes.subarray(0, 4).toString('latin1'));
    throw new ScoreFileError({ file }, found, 'a parquet file, which starts with "PAR1"');
  }
  const csv = await openCsv(bytes, { strict: true });
  if (csv.header.length === 0)
    throw new ScoreFileError({ file, line: 1 }, 'an empty file', 'a header and rows');
  return new ScoreTable(file, csv, 'line', lines(bytes));
}

/** The columns of a Parquet file but pandas' index, which is no slice; row ids and labels may stand in the index. */
function scoreColumns(columns: readonly ParquetColumn[], file: string): ParquetColumn[] {
  const read = columns.filter(({ name, isIndex }) => !isIndex || name === 'row_id' || name === 'label');
  for (const { name, type, isReadable } of read)
    if (!isReadable)
      throw new ScoreFileError(
        { file, column: name },
        `the type ${type}`,
        'a number, text, a date or a boolean',
      );
  return read;
}

function lines(bytes: Buffer): number {
  let count = 1;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function scoreFileError(
  file: string,
  { kind, found, expected, line, column, text }: BadFile,
): ScoreFileError {
  if (kind === 'damaged Parquet')
    return new ScoreFileError({ file }, `parquet that cannot be read (${found})`, 'a whole parquet file');
  if (kind === 'encoding')
    return new ScoreFileError({ file, line }, 'bytes that are not UTF-8', 'CSV in UTF-8, or parquet');
  if (kind === 'NUL') return new ScoreFileError({ file, line }, 'a NUL byte', 'text');
  return new ScoreFileError({ file, line, column }, text === null ? found : shown(text), expected);
}

/** The rows of a score file. Checks that each is as wide as the header; gives values as text and errors with places. */
export class ScoreTable {
  readonly header: readonly string[];
  /** An upper bound of the number of rows. */
  readonly mostRows: number;
  readonly #file: string;
  readonly #table: Table;
  readonly #unit: 'line' | 'row';
  readonly #typed: ReadonlySet<number>;

  /** @param typed the columns of a type that is not text */
  constructor(
    file: string,
    table: Table,
    unit: 'line' | 'row',
    mostRows: number,
    typed: ReadonlySet<number> = new Set(),
  ) {
    this.header = table.header;
    this.mostRows = mostRows;
    this.#file = file;
    this.#table = table;
    this.#unit = unit;
    this.#typed = typed;
  }

  /** Position of the current row, from 1: the line where it starts in CSV, the row in parquet. */
  get position(): number {
    return this.#table.position;
  }

  load(): Promise<boolean> {
    return this.#table.load();
  }

  next(): boolean {
    if (!this.#table.next()) return false;
    const { width } = this.#table;
    if (width !== this.header.length) {
      const column = this.header[width] ?? String(this.header.length + 1);
      const found = width === 1 ? '1 field' : `${width} fields`;
      throw this.errorAt(this.position, column, found, `${this.header.length}, as in the header`);
    }
    return true;
  }

  /** The current row's text in a column, untrimmed; '' if there is none. */
  field(column: number): string {
    return this.#table.value(column);
  }

  /** The current row's label; a boolean and a whole number of any type are 1 and 0, as CSV has them. */
  label(column: number): string {
    const text = this.field(column);
    if (!this.#typed.has(column)) return text;
    if (text === 'true' || text === 'false') return text === 'true' ? '1' : '0';
    return text.replace(/^(-?\d+)\.0+$/, '$1');
  }

  number(column: number): number {
    return this.#table.number(column);
  }

  /** The error to throw for a cell of the current row. */
  error(column: number, expected: string): ScoreFileError {
    const found = shown(this.#table.value(column));
    return this.errorAt(this.#table.positionOf(column), this.header[column]!, found, expected);
  }

  /** The error for an earlier row, by its position. */
  errorAt(position: number, column: string | null, found: string, expected: string): ScoreFileError {
    return new ScoreFileError({ file: this.#file, [this.#unit]: position, column }, found, expected);
  }
}

import {
  type AsyncBuffer,
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { BadFile } from './bad-file.ts';
import { type CellKind, EMPTY, kindOf, NUMBER, TEXT } from './cell.ts';
import type { Table } from './table.ts';

export interface ParquetColumn {
  name: string;
  /** Whether values may contain a line break. */
  isText: boolean;
  isFloat: boolean;
}

export interface ParquetFile {
  columns: ParquetColumn[];
  rows: number;
  /** Reads columns, a row group at a time. `most`: only the first rows, and none if the columns are larger. */
  table(columns: readonly string[], most?: { rows: number; bytes: number }): Table;
}

/**
 * Opens a Parquet file by its footer.
 *
 * @param source a file's path, or a buffer whose ranges are read on demand
 * @throws BadFile
 */
export async function openParquet(source: string | AsyncBuffer): Promise<ParquetFile> {
  const file = typeof source === 'string' ? await asyncBufferFromFile(source) : source;
  const metadata = await guarded(() => parquetMetadataAsync(file));
  const read: ReadColumns = (names, rowStart, rows) =>
    guarded(async () => {
      const columns = new Map(names.map((name) => [name, new Array<unknown>(rows)]));
      await parquetRead({
        file,
        metadata,
        compressors,
        columns: [...names],
        rowStart,
        rowEnd: rowStart + rows,
        onChunk({ columnName, columnData, rowStart: chunkStart }) {
          const values = columns.get(columnName)!;
          const first = chunkStart - rowStart;
          // A chunk may hold more rows than requested.
          const [from, to] = [Math.max(0, -first), Math.min(columnData.length, rows - first)];
          for (let i = from; i < to; i++) values[first + i] = columnData[i];
        },
      });
      return [...columns.values()];
    });
  return {
    columns: parquetSchema(metadata).children.map(({ element: { name, type } }) => ({
      name,
      isText: type === 'BYTE_ARRAY',
      isFloat: type === 'FLOAT' || type === 'DOUBLE',
    })),
    rows: Number(metadata.num_rows),
    table(names, most) {
      let groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
      if (most !== undefined) {
        const [first] = metadata.row_groups;
        // A row group's column is always read in full, even for a few of its rows.
        const bytes = (first?.columns ?? [])
          .filter(({ meta_data }) => names.includes(meta_data?.path_in_schema[0] ?? ''))
          .reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
        groups = bytes > most.bytes ? [] : groups.slice(0, 1).map((rows) => Math.min(rows, most.rows));
      }
      return new ParquetTable(names, names.length === 0 ? [] : groups, read);
    },
  };
}

/** Reads the values of columns in a range of rows. */
type ReadColumns = (names: readonly string[], rowStart: number, rows: number) => Promise<unknown[][]>;

class ParquetTable implements Table {
  readonly header: readonly string[];
  readonly width: number;
  readonly #groups: readonly number[];
  readonly #read: ReadColumns;
  #loaded = 0;
  #columns: unknown[][] = [];
  /** Number of rows before the loaded group, in it, and the current row in it. */
  #before = 0;
  #rows = 0;
  #row = -1;

  /** @param groups the rows of each row group */
  constructor(header: readonly string[], groups: readonly number[], read: ReadColumns) {
    this.header = header;
    this.width = header.length;
    this.#groups = groups;
    this.#read = read;
  }

  get position(): number {
    return this.#before + this.#row + 1;
  }

  async load(): Promise<boolean> {
    const rows = this.#groups[this.#loaded];
    if (rows === undefined) return false;
    this.#loaded += 1;
    this.#before += this.#rows;
    this.#rows = rows;
    this.#row = -1;
    this.#columns = []; // before the next are read
    this.#columns = await this.#read(this.header, this.#before, rows);
    return true;
  }

  next(): boolean {
    return ++this.#row < this.#rows;
  }

  value(column: number): unknown {
    return this.#columns[column]![this.#row];
  }

  number(column: number): number {
    const value = this.value(column);
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
  }

  kind(column: number): CellKind {
    const value = this.value(column);
    if (value === null || value === undefined || Number.isNaN(value)) return EMPTY;
    if (typeof value === 'string') return kindOf(value, '.');
    return typeof value === 'number' || typeof value === 'bigint' ? NUMBER : TEXT;
  }

  positionOf(): number {
    return this.position;
  }

  spansLines(column: number): boolean {
    const value = this.value(column);
    return typeof value === 'string' && /[\r\n]/.test(value);
  }
}

async function guarded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new BadFile(found, 'a whole Parquet file', { kind: 'damaged Parquet' });
  }
}

import { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { ScoreFileError, shown } from '../errors.ts';
import type { Table } from './table.ts';

/** pandas writes an index that has no name under such a name; it is no slice. */
const PANDAS_INDEX = /^__index_level_\d+__$/;

/** @throws ScoreFileError where the file cannot be read */
export async function parquetTable(file: string, bytes: Buffer): Promise<Table> {
  const columns = await parquetColumns(file, bytes);
  const header = columns.map(({ name }) => name);
  const rows = columns[0]?.values.length ?? 0;
  let row = -1;
  const errorAt = (position: number, column: string | null, found: string, expected: string) =>
    new ScoreFileError({ file, row: position, column }, found, expected);
  return {
    header,
    mostRows: rows,
    next: () => ++row < rows,
    field: (column) => cellText(columns[column]!.values[row]),
    number(column) {
      const value = columns[column]!.values[row];
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
    },
    position: () => row + 1,
    error(column, expected, found) {
      const value = columns[column]!.values[row];
      const cell = typeof value === 'string' ? shown(value) : String(value);
      return errorAt(row + 1, header[column]!, found ?? cell, expected);
    },
    errorAt,
  };
}

interface ParquetColumn {
  name: string;
  values: ArrayLike<unknown>;
}

async function parquetColumns(file: string, bytes: Buffer): Promise<ParquetColumn[]> {
  const buffer = {
    byteLength: bytes.length,
    slice: (start: number, end?: number) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const names = parquetSchema(metadata)
      .children.map(({ element }) => element.name)
      .filter((name) => !PANDAS_INDEX.test(name));
    const rows = Number(metadata.num_rows);
    const columns = new Map(names.map((name) => [name, new Array<unknown>(rows)]));
    await parquetRead({
      file: buffer,
      metadata,
      columns: names,
      compressors,
      onChunk({ columnName, columnData, rowStart }) {
        const values = columns.get(columnName)!;
        for (let i = 0; i < columnData.length; i++) values[rowStart + i] = columnData[i];
      },
    });
    return names.map((name) => ({ name, values: columns.get(name)! }));
  } catch (error) {
    throw new ScoreFileError(
      { file },
      `parquet that cannot be read (${(error as Error).message})`,
      'a whole parquet file',
    );
  }
}

/** Whole numbers, text and booleans (as 1 and 0) have one text; of fractions and dates that is not so: JSON's. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value instanceof Date ? value.toISOString() : String(value);
}

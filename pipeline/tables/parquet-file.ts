import {
  type AsyncBuffer,
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UnreadableFile } from './csv-file.ts';

interface ParquetColumn {
  name: string;
  /** Text may hold a line break; other types cannot. */
  isText: boolean;
  isFloat: boolean;
}

export interface ParquetFile {
  columns: ParquetColumn[];
  rows: number;
  /** Reads some columns, a row group at a time; `visit` gets the fields as text, "" where missing, and the row from 1. */
  read(columns: readonly string[], visit: (fields: string[], row: number) => void): Promise<void>;
  /** The first rows, where their columns are at most so many bytes. */
  readFirst(
    columns: readonly string[],
    most: { rows: number; bytes: number },
    visit: (fields: string[], row: number) => void,
  ): Promise<void>;
}

/** Throws UnreadableFile. */
export async function openParquetFile(path: string): Promise<ParquetFile> {
  return await openParquet(await asyncBufferFromFile(path));
}

/** The same, of bytes that are read where they are wanted. */
export async function openParquet(file: AsyncBuffer): Promise<ParquetFile> {
  const metadata = await guarded(() => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map(({ element }) => ({
    name: element.name,
    isText: element.type === 'BYTE_ARRAY',
    isFloat: element.type === 'FLOAT' || element.type === 'DOUBLE',
  }));
  const floats = new Set(columns.filter(({ isFloat }) => isFloat).map(({ name }) => name));
  return {
    columns,
    rows: Number(metadata.num_rows),
    async read(names, visit) {
      if (names.length === 0) return;
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows);
        const range = { rowStart, rowEnd };
        const rows = await guarded(() =>
          parquetReadObjects({ file, metadata, compressors, columns: [...names], ...range }),
        );
        for (const [index, row] of rows.entries())
          visit(
            names.map((name) => text(row[name], floats.has(name))),
            rowStart + index + 1,
          );
        rowStart = rowEnd;
      }
    },
    async readFirst(names, most, visit) {
      const [group] = metadata.row_groups;
      // A column of a row group is read whole, however few of its rows are wanted.
      const bytes = (group?.columns ?? [])
        .filter(({ meta_data }) => names.includes(meta_data?.path_in_schema[0] ?? ''))
        .reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
      if (group === undefined || names.length === 0 || bytes > most.bytes) return;
      const range = { rowStart: 0, rowEnd: Math.min(most.rows, Number(group.num_rows)) };
      const rows = await guarded(() =>
        parquetReadObjects({ file, metadata, compressors, columns: [...names], ...range }),
      );
      for (const [index, row] of rows.entries())
        visit(
          names.map((name) => text(row[name], floats.has(name))),
          index + 1,
        );
    },
  };
}

/** As the prepare job writes it: a whole float as 1.0, a missing value or NaN as "". */
function text(value: unknown, isFloat: boolean): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (isFloat && Number.isInteger(value) && Math.abs(value as number) < 1e16) return `${value}.0`;
  return value instanceof Date ? value.toISOString() : String(value);
}

async function guarded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableFile(`cannot be read as Parquet: ${reason}`);
  }
}

import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { RecordedColumn } from '../queries/recorded-tables.ts';

/**
 * The rows of a Parquet file that writeParquet wrote: texts, numbers (bigint: a BigInt), booleans, Dates, objects of a map, and
 * null. A column that the file does not have is null in every row.
 *
 * @throws Error if it is no Parquet file
 */
export async function readRows(
  bytes: Uint8Array,
  columns: readonly RecordedColumn[],
): Promise<Record<string, unknown>[]> {
  const file = bytes.slice().buffer;
  const rows = await parquetReadObjects({ file, compressors });
  return rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));
}

import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { shown } from '../errors.ts';
import { BadFile } from './bad-file.ts';

/**
 * Reads some rows of columns of doubles from a Parquet file, in the order of the names.
 *
 * @throws BadFile if a column is missing, another column is there, there are fewer rows, or a value is no finite number
 */
export async function readNumberColumns(
  path: string,
  names: readonly string[],
  { first, rows }: { first: number; rows: number },
): Promise<Float64Array[]> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const found = metadata.schema.slice(1).map(({ name }) => name);
  if ([...found].sort().join('\n') !== [...names].sort().join('\n'))
    throw new BadFile(`the columns ${found.map(shown).join(', ')}`, names.join(', '));
  if (Number(metadata.num_rows) < first + rows)
    throw new BadFile(`${metadata.num_rows} rows`, `at least ${first + rows}`);
  const columns = names.map(() => new Float64Array(rows).fill(Number.NaN));
  await parquetRead({
    file,
    metadata,
    compressors,
    rowStart: first,
    rowEnd: first + rows,
    onChunk({ columnName, columnData, rowStart }) {
      const column = columns[names.indexOf(columnName)];
      // A chunk may hold more rows than were asked for.
      const before = rowStart - first;
      for (let row = Math.max(0, -before); row < columnData.length && before + row < rows; row++)
        if (column !== undefined) column[before + row] = numberOf(columnData[row]);
    },
  });
  for (const [index, column] of columns.entries()) {
    const row = column.findIndex((value) => !Number.isFinite(value));
    if (row !== -1)
      throw new BadFile(
        `no finite number in column ${names[index]}, row ${first + row + 1}`,
        'finite numbers alone',
      );
  }
  return columns;
}

/** NaN for what is no double; an empty cell is none. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

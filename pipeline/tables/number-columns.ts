import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { shown } from '../errors.ts';
import { BadFile } from './bad-file.ts';

/**
 * Reads columns of doubles from a Parquet file, in the order of the names.
 *
 * @throws BadFile if a column is missing, another column is there, or a value is no finite number
 */
export async function readNumberColumns(path: string, names: readonly string[]): Promise<Float64Array[]> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  const found = metadata.schema.slice(1).map(({ name }) => name);
  if ([...found].sort().join('\n') !== [...names].sort().join('\n'))
    throw new BadFile(`the columns ${found.map(shown).join(', ')}`, names.join(', '));
  const columns = names.map(() => new Float64Array(rows).fill(Number.NaN));
  await parquetRead({
    file,
    metadata,
    compressors,
    onChunk({ columnName, columnData, rowStart }) {
      const column = columns[names.indexOf(columnName)];
      for (let row = 0; row < columnData.length; row++)
        if (column !== undefined) column[rowStart + row] = numberOf(columnData[row]);
    },
  });
  for (const [index, column] of columns.entries()) {
    const row = column.findIndex((value) => !Number.isFinite(value));
    if (row !== -1)
      throw new BadFile(`no finite number in column ${names[index]}, row ${row + 1}`, 'finite numbers alone');
  }
  return columns;
}

/** NaN for what is no double; an empty cell is none. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

import type { RecordedTable } from '../queries/recorded-tables.ts';
import { type WrittenCell, writeParquet } from '../tables/write-parquet.ts';
import { type ArtifactFolder, artifactsOf, type StepContext } from './context.ts';

type Recorded = RecordedTable & { readonly name: ArtifactFolder };

/**
 * Writes one file of a table that `mlops query` reads (pipeline/queries/recorded-tables.ts). Again, with the same name, replaces
 * it: a step that is tried twice leaves its rows once.
 *
 * @param file the file's name without its ending, unique within the model: an execution's
 * @returns the file's URI
 */
export async function recordRows<Table extends Recorded>(
  table: Table,
  file: string,
  rows: readonly Readonly<Record<Table['columns'][number]['name'], WrittenCell>>[],
  context: Pick<StepContext, 'storage' | 'root' | 'model'>,
): Promise<string> {
  const uri = `${artifactsOf(context, table.name)}${file}.parquet`;
  await context.storage.write(uri, writeParquet(table.columns, rows));
  return uri;
}

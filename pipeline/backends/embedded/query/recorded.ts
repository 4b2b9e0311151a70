import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedTables } from '../../../queries/recorded-tables.ts';
import type { FileStorage } from '../state/file-storage.ts';
import { isDraft, unlessMissing } from '../state/files.ts';

/** The Parquet files of one model in a table that runs record. */
export interface RecordedFiles {
  table: string;
  model: string;
  /** Absolute paths, sorted. */
  files: string[];
}

/** The files of the recorded tables at this moment: `ROOT/TABLE/MODEL/FILE.parquet`. Drafts of files are none. */
export async function readRecordedFiles({
  storage,
  root,
}: {
  storage: Pick<FileStorage, 'path'>;
  root: string;
}): Promise<RecordedFiles[]> {
  const found = recordedTables.map(async ({ name: table }) => {
    const folder = storage.path(`${root}/${table}`);
    const models = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
    return await Promise.all(
      models
        .filter((entry) => entry.isDirectory())
        .map(async ({ name: model }) => ({
          table,
          model,
          files: (await readdir(join(folder, model)))
            .filter((file) => file.endsWith('.parquet') && !isDraft(file))
            .sort()
            .map((file) => join(folder, model, file)),
        })),
    );
  });
  return (await Promise.all(found)).flat().filter(({ files }) => files.length > 0);
}

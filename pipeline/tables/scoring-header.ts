import { open } from 'node:fs/promises';
import { didYouMean } from '../config/nearest.ts';
import type { Config } from '../config/schema.ts';
import { BadFile } from './bad-file.ts';
import { openCsv } from './csv.ts';
import type { DataProblem } from './data-contract.ts';
import { type DataFile, findDataFiles } from './data-files.ts';
import { placeText } from './place.ts';

/**
 * Checks that the files of data.scoring have the columns that a release needs, by the headers alone: the release itself checks
 * the rows.
 * @param paths local files or folders that hold data.scoring
 * @param features the columns that the model gets
 */
export async function checkScoringHeader(
  config: Config,
  paths: readonly string[],
  features: readonly string[],
): Promise<DataProblem[]> {
  const { scoring, row_id: rowId } = config.data;
  const files = await findDataFiles(paths, scoring ?? '');
  if (files.length === 0)
    return [problem(scoring ?? '', 'got no file, expected a file or a folder with at least one')];
  const needed = [...features, ...(rowId === null ? [] : [rowId])];
  const problems: DataProblem[] = [];
  for (const file of files) {
    const header = await headerOf(file, config).catch((error: unknown) => {
      if (error instanceof BadFile) return error;
      throw error;
    });
    if (header instanceof BadFile) {
      problems.push(problem(file.label, header.message));
      continue;
    }
    for (const name of needed.filter((column) => !header.includes(column))) {
      const why =
        name === rowId ? 'by which predictions are told apart (data.row_id)' : 'which data.source has';
      problems.push(
        problem(
          file.label,
          `got no column ${JSON.stringify(name)}, expected it: ${why}${didYouMean(name, header)}`,
        ),
      );
    }
  }
  return problems;
}

/** The columns of a file and of its folders. */
async function headerOf({ path, keys }: DataFile, { data }: Config): Promise<string[]> {
  const added = keys.map(([name]) => name);
  if (data.format === 'parquet') {
    const { openParquet } = await import('./parquet.ts');
    return [...(await openParquet(path)).columns.map(({ name }) => name), ...added];
  }
  const file = await open(path);
  try {
    const { header } = await openCsv(file, { dialect: data.csv });
    if (header.length === 0) throw new BadFile('an empty file', 'a header and rows');
    return [...header, ...added];
  } finally {
    await file.close();
  }
}

const problem = (file: string, what: string): DataProblem => ({
  path: 'data.scoring',
  file,
  message: `${placeText({ file })}: ${what}`,
});

import { stat } from 'node:fs/promises';
import type { LoadedConfig } from '../../config/load.ts';
import { didYouMeanPath, kindOf, locate } from '../../config/locate.ts';
import { holdoutSource } from '../../config/schema.ts';
import type { ConfigProblem } from '../../errors.ts';
import { checkData, type DataCheck, type DataProblem } from '../../tables/data-contract.ts';
import { checkScoringHeader } from '../../tables/scoring-header.ts';
import { modelFolderProblems } from './model-folder.ts';

/** Most bytes of a prepare script. */
const largestScript = 10_000_000;

/** The files and folders that mlops.yaml names and that are not there, or are something else than expected. */
export async function missingFiles(loaded: LoadedConfig): Promise<ConfigProblem[]> {
  const { prepare, data, monitoring } = loaded.config;
  const rows = ['a file, or a folder with files', ['a file', 'a folder']] as const;
  const named = [
    ['data.source', data.source, ...rows],
    ['data.split.source', holdoutSource(data), ...rows],
    ['data.scoring', data.scoring, ...rows],
    ['monitoring.truth', monitoring?.truth ?? null, ...rows],
    ['prepare.script', prepare.script, 'a Python file', ['a file']],
  ] as const;
  const problems = await modelFolderProblems(loaded);
  for (const [path, value, expected, kinds] of named) {
    if (value === null || isRemote(value)) continue;
    const found = await stat(await locate(value, loaded.path)).catch((error) => whyNot(error));
    const wrong = (what: string) =>
      problems.push(loaded.problemAt(path, `got ${JSON.stringify(value)}, ${what}`));
    if (found === null)
      wrong(`where nothing was found; expected ${expected}${await didYouMeanPath(value, loaded.path)}`);
    else if (typeof found === 'string') wrong(`which cannot be read: ${found}; expected ${expected}`);
    else if (!kinds.some((kind) => kind === kindOf(found)))
      wrong(`which is ${kindOf(found)}; expected ${expected}`);
    else if (path === 'prepare.script' && found.size > largestScript)
      wrong(`a file of ${found.size} bytes; expected ${expected} of at most ${largestScript}`);
  }
  return problems;
}

/** null: nothing is there. */
const whyNot = ({ code, message }: NodeJS.ErrnoException): string | null =>
  code === 'ENOENT' || code === 'ENOTDIR' ? null : message;

/** Checks the data against mlops.yaml. null for data in a bucket: the Plan step checks it, before money is spent. */
export async function checkSource({ config, path }: LoadedConfig): Promise<DataCheck | null> {
  const { source } = config.data;
  const held = holdoutSource(config.data);
  if (isRemote(source) || (held !== null && isRemote(held))) return null;
  const holdout = held === null ? [] : [await locate(held, path)];
  return await checkData(config, [await locate(source, path)], holdout);
}

/** Checks the columns of data.scoring; nothing where there is none or it is in a bucket. */
export async function checkScoring(
  { config, path }: LoadedConfig,
  { features }: DataCheck,
): Promise<DataProblem[]> {
  const { scoring } = config.data;
  if (scoring === null || isRemote(scoring)) return [];
  return await checkScoringHeader(config, [await locate(scoring, path)], features);
}

const isRemote = (path: string): boolean => path.startsWith('s3://');

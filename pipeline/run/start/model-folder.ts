import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  PROGRAM_PLACES,
  readModelFolder,
  scriptModeHint,
} from '../../backends/embedded/images/model-folder.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { didYouMeanPath, kindOf, locate } from '../../config/locate.ts';
import { type ConfigProblem, SetupError } from '../../errors.ts';

/**
 * The problems of the folder that `model.context` names: nothing there, or nothing that says how train and serve run. The
 * folder that is meant by default may be missing: mlops.yaml and data can be checked before there is a model.
 */
export async function modelFolderProblems({
  config,
  path,
  problemAt,
}: LoadedConfig): Promise<ConfigProblem[]> {
  const { context } = config.model;
  if (context === null) return [];
  const folder = await locate(context, path);
  const problem = (message: string) => [
    problemAt('model.context', `got ${JSON.stringify(context)}, ${message}`),
  ];
  const expected = `expected a folder with train and serve: ${PROGRAM_PLACES}`;
  const found = await stat(folder).catch(() => null);
  if (found === null)
    return context === 'model'
      ? []
      : problem(`where nothing was found; ${expected}${await didYouMeanPath(context, path)}`);
  if (!found.isDirectory()) return problem(`which is ${kindOf(found)}; ${expected}`);
  if ((await readdir(folder)).includes('Dockerfile')) return [];
  const [environment] = Object.keys(config.environments);
  if (environment !== undefined)
    return problem(
      `a folder without Dockerfile; expected ${join(context, 'Dockerfile')}, because environments.${environment} runs on AWS`,
    );
  const missing = await missingPrograms(folder, context);
  if (typeof missing === 'string') return problem(`but ${missing}`);
  if (missing.length === 0) return [];
  return problem(`a folder without ${missing.join(' and ')}; ${expected}${await scriptModeHint(folder)}`);
}

/** The programs that a folder without Dockerfile lacks, or a sentence about a malformed one. */
async function missingPrograms(folder: string, name: string): Promise<string[] | string> {
  try {
    const { programs } = await readModelFolder(folder, name);
    return ['train', 'serve'].filter((program) => !programs.has(program));
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import { didYouMeanPath, kindOf, locate } from '../../config/locate.ts';
import type { ConfigProblem } from '../../errors.ts';

/** What a model's folder has for its programs to run: in containers, and as processes on this machine. */
const ways = ['Dockerfile', 'pyproject.toml'];

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
  const found = await stat(folder).catch(() => null);
  if (found === null)
    return context === 'model'
      ? []
      : problem(
          `where nothing was found; expected a folder with train and serve${await didYouMeanPath(context, path)}`,
        );
  if (!found.isDirectory())
    return problem(`which is ${kindOf(found)}; expected a folder with train and serve`);
  const has = new Set(await readdir(folder));
  if (!ways.some((name) => has.has(name)))
    return problem(
      'a folder with neither Dockerfile nor pyproject.toml; expected a pyproject.toml whose [project.scripts] names train and serve, to run without Docker, and a Dockerfile for AWS, as in the sample model',
    );
  const [environment] = Object.keys(config.environments);
  if (environment !== undefined && !has.has('Dockerfile'))
    return problem(
      `a folder without Dockerfile; expected ${join(context, 'Dockerfile')}, because environments.${environment} runs on AWS`,
    );
  return [];
}

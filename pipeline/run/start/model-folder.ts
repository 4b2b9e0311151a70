import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import { locate } from '../../config/locate.ts';
import { didYouMean } from '../../config/nearest.ts';
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
  if (!(await isFolder(folder))) {
    if (context === 'model') return [];
    const near = await readdir(dirname(folder)).catch(() => []);
    return problem(
      `where no folder was found; expected one with train and serve${didYouMean(context, near)}`,
    );
  }
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

const isFolder = async (path: string) => (await stat(path).catch(() => null))?.isDirectory() ?? false;

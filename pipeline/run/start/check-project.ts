import type { LoadedConfig } from '../../config/load.ts';
import { locate } from '../../config/locate.ts';
import type { ConfigProblem } from '../../errors.ts';
import { checkData, type DataCheck } from '../../tables/data-contract.ts';
import { modelFolderProblems } from './model-folder.ts';
import { dataFiles } from './request.ts';

/** The files other than the data, and the model's folder, that mlops.yaml names and that do not exist or cannot be used. */
export async function missingFiles(loaded: LoadedConfig): Promise<ConfigProblem[]> {
  const { prepare, data } = loaded.config;
  const named = [
    ['prepare.script', prepare.script, 'a Python file'],
    ['data.scoring', data.scoring, 'a file, or a folder with files'],
  ] as const;
  const problems = await modelFolderProblems(loaded);
  for (const [path, value, expected] of named) {
    if (value === null || isRemote(value)) continue;
    const found = await dataFiles(await locate(value, loaded.path));
    if (found.length > 0) continue;
    const message = `got ${JSON.stringify(value)}, where nothing was found; expected ${expected}`;
    problems.push(loaded.problemAt(path, message));
  }
  return problems;
}

/** Checks the data against mlops.yaml. null for data in a bucket: the Plan step checks it, before money is spent. */
export async function checkSource({ config, path }: LoadedConfig): Promise<DataCheck | null> {
  const { source } = config.data;
  if (isRemote(source)) return null;
  const files = await dataFiles(await locate(source, path));
  return await checkData(config, files.length === 0 ? [source] : files.map((file) => file.path));
}

const isRemote = (path: string): boolean => path.startsWith('s3://');

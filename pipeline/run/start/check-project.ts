import type { LoadedConfig } from '../../config/load.ts';
import { locate } from '../../config/locate.ts';
import type { ConfigProblem } from '../../errors.ts';
import { checkData, type DataCheck } from '../../tables/data-contract.ts';
import { dataFiles } from './request.ts';

/** The files other than the data that mlops.yaml names and that do not exist. */
export async function missingFiles(loaded: LoadedConfig): Promise<ConfigProblem[]> {
  const { prepare, data } = loaded.config;
  const named = [
    ['prepare.script', prepare.script, 'a Python file'],
    ['data.scoring', data.scoring, 'a file, or a folder with files'],
  ] as const;
  const problems: ConfigProblem[] = [];
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
  const { source, split } = config.data;
  const held = split.by === 'file' ? split.source : null;
  if (isRemote(source) || (held !== null && isRemote(held))) return null;
  const filesOf = async (source: string) => {
    const files = await dataFiles(await locate(source, path));
    return files.length === 0 ? [source] : files.map((file) => file.path);
  };
  return await checkData(config, await filesOf(source), held === null ? [] : await filesOf(held));
}

const isRemote = (path: string): boolean => path.startsWith('s3://');

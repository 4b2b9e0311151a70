import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig, modelNames } from '../../pipeline/config/load.ts';
import { locate } from '../../pipeline/config/locate.ts';

/**
 * Why artifacts may not hold the rows of a checkout's data; null if they may: the files are committed, so that whoever sees
 * the artifacts sees them anyway, and no column is sensitive; or the variable ROWS_IN_ARTIFACTS is `true`.
 *
 * @param file mlops.yaml
 */
export async function whyNoRows(file: string, allowed: string | undefined): Promise<string | null> {
  if (allowed === 'true') return null;
  try {
    for (const model of (await modelNames(file)) ?? [undefined]) {
      const { config, path } = await loadConfig(file, { model });
      const { source, scoring, split, sensitive } = config.data;
      if (sensitive.length > 0) return `${path}: data.sensitive names columns`;
      const files = [
        source,
        ...(split.by === 'file' ? [split.source] : []),
        ...(scoring === null ? [] : [scoring]),
      ];
      for (const data of files)
        if (!(await isCommitted(await locate(data, path)))) return `${data} is not committed as it is`;
    }
    return null;
  } catch (error) {
    return `${(error as Error).message.split('\n')[0]}`;
  }
}

/** Whether git has the file, or every file of the folder, as it is. */
async function isCommitted(path: string): Promise<boolean> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', dirname(path), ...args, '--', basename(path)])).stdout;
  const tracked = await git('ls-files');
  const changed = await git('status', '--porcelain', '--ignored', '--untracked-files=all');
  return tracked !== '' && changed === '';
}

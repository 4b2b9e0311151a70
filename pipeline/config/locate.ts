import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A path of mlops.yaml: beside the file, or else from the working directory, where commands are run. */
export async function locate(path: string, file: string): Promise<string> {
  const beside = resolve(dirname(file), path);
  if (await exists(beside)) return beside;
  return (await exists(resolve(path))) ? resolve(path) : beside;
}

const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;

import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Resolves a path of mlops.yaml against the file's folder or, if nothing is there, against the working directory. */
export async function locate(path: string, file: string): Promise<string> {
  const beside = resolve(dirname(file), path);
  if (await exists(beside)) return beside;
  return (await exists(resolve(path))) ? resolve(path) : beside;
}

const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root folder of this repository. The running code is a source file or a bundle somewhere in it. */
export const repository: string = rootAround(import.meta.dirname);

/** The build context of the prepare image. */
export const prepareContext: string = join(repository, 'pipeline/prepare');

function rootAround(folder: string): string {
  if (existsSync(join(folder, 'pipeline/prepare/pyproject.toml'))) return folder;
  const parent = dirname(folder);
  // A bundle outside the repository, such as a Lambda function, does not use the folder.
  return parent === folder ? import.meta.dirname : rootAround(parent);
}

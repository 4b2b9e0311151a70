import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this repository: what runs is one of its sources, or a bundle in one of its folders. */
export const repository: string = rootAround(import.meta.dirname);

/** What the prepare image is made from. */
export const prepareContext: string = join(repository, 'pipeline/prepare');

function rootAround(folder: string): string {
  if (existsSync(join(folder, 'pipeline/prepare/pyproject.toml'))) return folder;
  const parent = dirname(folder);
  // A bundle elsewhere, such as a function of AWS, has no use for the folder.
  return parent === folder ? import.meta.dirname : rootAround(parent);
}

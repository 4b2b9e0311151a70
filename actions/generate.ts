/** Part of npm run generate: writes the tables of each action's README from its action.yml. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from '../pipeline/repository.ts';
import { actionNames } from './build.ts';
import { readMetadata, withTables } from './shared/metadata.ts';

for (const name of await actionNames()) {
  const path = join(repository, 'actions', name, 'README.md');
  await writeFile(path, withTables(await readFile(path, 'utf8'), await readMetadata(name)));
}

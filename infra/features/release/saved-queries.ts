import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repository } from '../../../pipeline/repository.ts';

/** A query that people find under its name in the workgroup. */
export interface SavedQuery {
  readonly name: string;
  /** The comment at the start of its file. */
  readonly description: string;
  readonly sql: string;
}

const folder = join(repository, 'pipeline/queries');

/** The files `pipeline/queries/NAME.sql`, by name; each starts with a comment that says what it answers. */
export function savedQueries(): SavedQuery[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8').trim();
      const lines = sql.split('\n');
      const end = lines.findIndex((line) => !line.startsWith('--'));
      const description = lines
        .slice(0, end < 0 ? lines.length : end)
        .map((line) => line.replace(/^--\s*/, ''))
        .join(' ')
        .trim();
      if (description === '')
        throw new Error(`pipeline/queries/${file}: got no comment at its start, expected what it answers`);
      return { name: basename(file, '.sql'), description, sql };
    });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A query that the project keeps: `mlops query @NAME` here, a named query of the workgroup on AWS. */
export interface SavedQuery {
  name: string;
  /** What it shows, in one line. */
  title: string;
  /** One SELECT, which DuckDB and Athena both take. */
  sql: string;
}

/**
 * The queries in a folder, by name: each file is NAME.sql, whose first line is a comment with the title.
 * @throws Error for a file without title
 */
export function savedQueries(folder = import.meta.dirname): SavedQuery[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9_]*\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8').trim();
      const title = /^-- (.+)\n/.exec(sql)?.[1];
      if (title === undefined) throw new Error(`${file}: got no title, expected a first line \`-- TITLE\``);
      return { name: file.replace(/\.sql$/, ''), title, sql };
    });
}

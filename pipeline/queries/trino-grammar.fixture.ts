import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TrinoSQL } from 'dt-sql-parser';
import { build } from 'esbuild';

/** Finds the syntax errors of a statement. */
export type Validate = (sql: string) => { startLine: number; startColumn: number; message: string }[];

/**
 * Trino's grammar, which Athena's engine version 3 takes, as the package dt-sql-parser generates a parser from it. The package
 * is for bundlers only, so it is bundled first.
 */
export async function trinoGrammar(): Promise<Validate> {
  const folder = mkdtempSync(join(tmpdir(), 'trino-grammar-'));
  const outfile = join(folder, 'trino.mjs');
  try {
    await build({
      stdin: {
        contents: "export { TrinoSQL } from 'dt-sql-parser/dist/parser/trino'",
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile,
    });
    const { TrinoSQL: Parser } = (await import(pathToFileURL(outfile).href)) as {
      TrinoSQL: typeof TrinoSQL;
    };
    const parser = new Parser();
    return (sql) => parser.validate(sql);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { SetupError } from '../../../errors.ts';

export type DuckDB = typeof import('@duckdb/node-api');

/**
 * Loads DuckDB, an optional dependency of 70 MB that only `mlops query` needs.
 * @throws SetupError where it is not installed, or has no build for this machine
 */
export async function loadDuckDB(
  load: () => Promise<DuckDB> = () => import('@duckdb/node-api'),
): Promise<DuckDB> {
  try {
    return await load();
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new SetupError(
      `mlops query: found no DuckDB for ${process.platform} ${process.arch} (${reason}); expected the optional dependency ` +
        '@duckdb/node-api: run `npm install --include=optional`, or ask Athena with --backend aws',
    );
  }
}

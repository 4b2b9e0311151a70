import { deploymentOf } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import type { LeftOut } from '../ports.ts';
import { type Place, requireKeys, requireNoEnvironment } from './open.ts';
import type { Query } from './query.ts';

// Apart from open.ts: the bundles of the actions, which open backends, need no DuckDB.

/**
 * Opens the predictions of all models of a project, or of one, to SQL: DuckDB on this machine, Athena on AWS. Close it after.
 * @throws SetupError, InputError, UnreadableRecordError
 */
export async function openQuery(
  { project, environments }: Pick<Config, 'project' | 'environments'>,
  { backend, environment, model }: Place & { model?: string | undefined },
  { home, onNote, leftOut }: { home: string; onNote: (line: string) => void; leftOut: LeftOut },
): Promise<Query> {
  if (backend === 'embedded') {
    requireNoEnvironment(environment);
    const { openDuckDbQuery } = await import('./embedded/query/duckdb-query.ts');
    await requireKeys(home, project);
    return await openDuckDbQuery({ home, project, model, onNote, leftOut });
  }
  if (model !== undefined)
    throw new InputError(
      `--model: got ${model} with --backend aws, whose tables hold all models; expected: where model = '${model}'`,
    );
  const { requireDeployed } = await import('./aws/deployed-context.ts');
  const { openAthenaQuery } = await import('./aws/athena-query.ts');
  const deployment = deploymentOf({ project, environments }, environment ?? undefined);
  await requireDeployed(deployment);
  return openAthenaQuery(deployment);
}

import { ConflictError } from '../../../errors.ts';
import { kindOf } from '../../../model-ledger.ts';
import type { Clock, LeftOut } from '../../../ports.ts';
import type { FileLedger } from './file-ledger.ts';

/*
 * The partitions of the table `predictions`: which releases a reader can see. On AWS the Glue catalog holds them. Files of
 * predictions without a partition belong to a release that failed or has not ended, and nobody reads them.
 */

/** A partition of `predictions`. Its id in the ledger is the release. */
interface Partition {
  /** Prefix of the Parquet files. */
  location: string;
  /** How many predictions, where whoever added it said so. */
  rows: number | null;
  /** ISO 8601, UTC. */
  at: string;
}

export interface NamedPartition extends Partition {
  model: string;
  release: string;
}

export const partitionKind = 'partition';

interface Catalog {
  /** The ledger of all models of a project. */
  table: FileLedger;
  clock: Clock;
}

/**
 * Makes a release's predictions visible. Again, with the same location, changes nothing.
 * @returns whether it was there already
 * @throws ConflictError if the release has a partition with another location
 */
export async function addPartition(
  { model, release, location, rows }: Omit<NamedPartition, 'at'>,
  { table, clock }: Catalog,
): Promise<{ existed: boolean }> {
  const kind = kindOf(partitionKind, model);
  const value: Partition = { location, rows, at: clock.now().toISOString() };
  try {
    await table.putIf(kind, release, value, 0);
    return { existed: false };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const found = (await table.get<Partition>(kind, release))?.value.location;
    if (found === location) return { existed: true };
    throw new ConflictError(`partition ${model}/${release}: got location ${location}, expected ${found}`);
  }
}

/**
 * The partitions of every model of a project.
 * @param leftOut called for each that cannot be read, which is then left out
 */
export async function listPartitions(table: FileLedger, leftOut?: LeftOut): Promise<NamedPartition[]> {
  const models = await table.modelsWith(partitionKind);
  const found = await Promise.all(
    models.map(async (model) =>
      (await table.list<Partition>(kindOf(partitionKind, model), leftOut)).map(({ id, value }) => ({
        model,
        release: id,
        ...value,
      })),
    ),
  );
  return found.flat();
}

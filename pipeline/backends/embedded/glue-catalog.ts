import type { Clock, Ledger } from '../../ports.ts';

/** The catalog's entry of one release's predictions. */
export interface Partition {
  location: string;
  at: string;
}

export const partitionKind = 'partition';

interface BatchCreatePartition {
  PartitionInputList: { Values: string[]; StorageDescriptor: { Location: string } }[];
}

/** Glue's BatchCreatePartition for a model's predictions: what it refuses is in its answer. */
export async function batchCreatePartition(
  { PartitionInputList }: BatchCreatePartition,
  { ledger, clock }: { ledger: Ledger; clock: Clock },
): Promise<{ Errors: object[] }> {
  const Errors: object[] = [];
  for (const { Values, StorageDescriptor } of PartitionInputList) {
    const [, release = ''] = Values;
    const found = await ledger.get<Partition>(partitionKind, release);
    if (found !== null)
      Errors.push({
        PartitionValues: Values,
        ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' },
      });
    else
      await ledger.put<Partition>(partitionKind, release, {
        location: StorageDescriptor.Location,
        at: clock.now().toISOString(),
      });
  }
  return { Errors };
}

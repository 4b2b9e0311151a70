import * as z from 'zod/mini';
import { ConflictError } from '../../errors.ts';
import { namePattern } from '../../names.ts';
import { addPartition } from './state/partitions.ts';

const text = z.string().check(z.minLength(1));

/** The part of glue:BatchCreatePartition that the release machine uses. What a table on this machine does not need may be there. */
const batchCreatePartition = z.looseObject({
  DatabaseName: text,
  TableName: z.literal('predictions'),
  PartitionInputList: z
    .array(
      z.looseObject({
        Values: z.tuple([z.string().check(z.regex(namePattern)), text]),
        StorageDescriptor: z.looseObject({
          Location: z.string().check(z.regex(/^s3:\/\/[^/]+\/.+\/$/, 'expected s3://BUCKET/PREFIX/')),
        }),
        Parameters: z.optional(
          z.looseObject({ numRows: z.optional(z.string().check(z.regex(/^\d{1,15}$/))) }),
        ),
      }),
    )
    .check(z.minLength(1), z.maxLength(100)),
});

interface PartitionError {
  PartitionValues: string[];
  ErrorDetail: { ErrorCode: string; ErrorMessage: string };
}

/**
 * Answers glue:BatchCreatePartition on the ledger of this machine. As Glue does, it answers with an error for each partition
 * that it does not add, and an existing one is such an error.
 * @throws `Glue.InvalidInputException` for parameters that Glue would refuse as a whole
 */
export async function createPartitions(
  parameters: unknown,
  catalog: Parameters<typeof addPartition>[1],
): Promise<{ Errors: PartitionError[] }> {
  const parsed = batchCreatePartition.safeParse(parameters);
  if (!parsed.success) throw invalid(parsed.error.issues);
  const Errors: PartitionError[] = [];
  for (const { Values, StorageDescriptor, Parameters } of parsed.data.PartitionInputList) {
    const [model, release] = Values;
    const rows = Parameters?.numRows === undefined ? null : Number(Parameters.numRows);
    const refuse = (ErrorCode: string, ErrorMessage: string) =>
      Errors.push({ PartitionValues: [...Values], ErrorDetail: { ErrorCode, ErrorMessage } });
    try {
      const { existed } = await addPartition(
        { model, release, location: StorageDescriptor.Location, rows },
        catalog,
      );
      if (existed) refuse('AlreadyExistsException', 'Partition already exists.');
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // Glue says AlreadyExistsException here too, and would leave the release with predictions that are not its own.
      refuse('InvalidInputException', error.message);
    }
  }
  return { Errors };
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): Error {
  const faults = issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return Object.assign(new Error(`BatchCreatePartition: ${faults}`), { name: 'Glue.InvalidInputException' });
}

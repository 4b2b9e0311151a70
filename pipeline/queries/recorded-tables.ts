/*
 * The tables that the machines record, beside the predictions: each run writes one Parquet file below the table's folder, and
 * `mlops query` reads all of them, by DuckDB here and Athena on AWS. To add a table, add it to the list, write its rows with
 * recordRows (pipeline/steps/record-rows.ts), and let the function that does so write the folder (infra, function-policy.ts).
 */

/** A type of SQL that DuckDB and Athena both have. Glue's name for it is in infra/features/release/tables.ts. */
export type RecordedType =
  | 'varchar'
  | 'double'
  | 'bigint'
  | 'boolean'
  | 'timestamp'
  | 'map(varchar, varchar)'
  | 'map(varchar, double)';

export interface RecordedColumn {
  readonly name: string;
  readonly type: RecordedType;
}

export interface RecordedTable {
  /** The table's name, and that of its folder below the project's artifacts: `s3://BUCKET/PROJECT/NAME/MODEL/FILE.parquet`. */
  readonly name: string;
  /** What it holds, in a few words. */
  readonly about: string;
  /** All of them stand in the files. A later column is NULL in files that are older than it. */
  readonly columns: readonly RecordedColumn[];
}

/** Every trial of every run that tuned. */
export const trialsTable = {
  name: 'trials',
  about: 'every trial of every run that tuned',
  columns: [
    { name: 'model', type: 'varchar' },
    { name: 'execution', type: 'varchar' },
    { name: 'started_at', type: 'timestamp' },
    { name: 'data_version', type: 'varchar' },
    // Equal where trials can be compared (pipeline/steps/train/guide.ts).
    { name: 'alike', type: 'varchar' },
    { name: 'strategy', type: 'varchar' },
    { name: 'trial', type: 'varchar' },
    { name: 'status', type: 'varchar' },
    { name: 'objective', type: 'varchar' },
    { name: 'goal', type: 'varchar' },
    { name: 'value', type: 'double' },
    { name: 'seconds', type: 'double' },
    { name: 'hyperparameters', type: 'map(varchar, varchar)' },
    { name: 'guided', type: 'boolean' },
    { name: 'best', type: 'boolean' },
  ],
} as const satisfies RecordedTable;

/** What each look at production judged: a row for each test of it. */
export const monitoringTable = {
  name: 'monitoring',
  about: 'what each look at production judged',
  columns: [
    { name: 'model', type: 'varchar' },
    // Words of SQL, such as at and limit, are no names.
    { name: 'looked_at', type: 'timestamp' },
    // The execution, and what it found in all.
    { name: 'look', type: 'varchar' },
    { name: 'finding', type: 'varchar' },
    { name: 'package', type: 'varchar' },
    { name: 'window_start', type: 'timestamp' },
    { name: 'window_end', type: 'timestamp' },
    { name: 'kind', type: 'varchar' },
    { name: 'name', type: 'varchar' },
    { name: 'outcome', type: 'varchar' },
    { name: 'value', type: 'double' },
    { name: 'low', type: 'double' },
    { name: 'high', type: 'double' },
    { name: 'limit_value', type: 'double' },
    { name: 'level', type: 'double' },
    { name: 'n', type: 'bigint' },
  ],
} as const satisfies RecordedTable;

/** All tables that the machines record. */
export const recordedTables: readonly RecordedTable[] = [trialsTable, monitoringTable];

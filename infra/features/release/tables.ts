import type { RecordedColumn, RecordedType } from '../../../pipeline/queries/recorded-tables.ts';

/** A column as the two type systems name it: Glue's tables have Hive's types, the definition of a view has Trino's. */
interface Column {
  readonly name: string;
  readonly hive: string;
  readonly trino: string;
}

const text = (name: string): Column => ({ name, hive: 'string', trino: 'varchar' });
const numbers = (name: string): Column => ({
  name,
  hive: 'map<string,double>',
  trino: 'map(varchar,double)',
});

/** The columns of the Parquet files that Deliver writes (pipeline/prepare). */
export const predictionColumns: readonly Column[] = [
  text('row_id'),
  { name: 'score', hive: 'double', trino: 'double' },
  text('decision'),
  numbers('scores'),
  numbers('contributions'),
  { name: 'extra', hive: 'map<string,string>', trino: 'map(varchar,varchar)' },
  text('package'),
  { name: 'predicted_at', hive: 'timestamp', trino: 'timestamp(3)' },
];

/** The folders of the predictions' path, `model=M/release=ID/`: one partition a release. */
export const predictionPartitions: readonly Column[] = [text('model'), text('release')];

/** The fields of the objects that say which release is current (pipeline/steps/release/artifacts.ts, pointerUri). */
export const pointerColumns: readonly Column[] = [
  text('model'),
  text('release'),
  text('package'),
  text('mode'),
  text('at'),
];

/** Hive's names of the types that runs record. */
const hiveTypes: Readonly<Record<RecordedType, string>> = {
  varchar: 'string',
  double: 'double',
  bigint: 'bigint',
  boolean: 'boolean',
  timestamp: 'timestamp',
  'map(varchar, varchar)': 'map<string,string>',
  'map(varchar, double)': 'map<string,double>',
};

/** The columns of a recorded table, as Glue has them. */
export const recordedColumns = (columns: readonly RecordedColumn[]): Pick<Column, 'name' | 'hive'>[] =>
  columns.map(({ name, type }) => ({ name, hive: hiveTypes[type] }));

interface Tables {
  readonly predictions: string;
  readonly pointers: string;
}

const currentColumns = [...predictionColumns, ...predictionPartitions];

/**
 * The rows of each model's current release. Which one that is, a single object says, so that a reader sees the old release or
 * the new one, whole.
 */
export const currentSql = ({ predictions, pointers }: Tables): string =>
  [
    `SELECT ${currentColumns.map(({ name }) => `p.${name}`).join(', ')}`,
    `FROM ${predictions} p`,
    `JOIN ${pointers} c ON c.model = p.model AND c.release = p.release`,
  ].join('\n');

/** The columns of the view, as Glue has them. */
export const viewColumns = currentColumns;

/**
 * A view as Athena stores it in Glue: a comment with its definition in base64. Athena takes it as if `CREATE VIEW` had made
 * it (trino, HiveViewCodec), and refuses it as stale if a column's type is not that of the query.
 */
export function viewText(sql: string, database: string): string {
  const definition = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: viewColumns.map(({ name, trino }) => ({ name, type: trino })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`;
}

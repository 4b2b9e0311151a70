import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { shown } from '../errors.ts';
import type { RecordedColumn, RecordedType } from '../queries/recorded-tables.ts';

/**
 * A value of a row. bigint takes a whole number or a BigInt, timestamp a Date; null stands for a value that is not known, also
 * inside a map.
 */
export type WrittenCell =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Readonly<Record<string, string | number | null>>
  | null;

/**
 * The bytes of a Parquet file with these rows, compressed with Snappy, which DuckDB, Athena and pandas read. Every column may
 * hold nulls; no rows make a file with columns and without rows.
 *
 * @throws Error if a row has not exactly the columns, or a value is not of its column's type: a number that is not finite is
 *   none
 */
export function writeParquet<Name extends string>(
  columns: readonly (RecordedColumn & { readonly name: Name })[],
  rows: readonly Readonly<Record<Name, WrittenCell>>[],
): Uint8Array {
  for (const [index, row] of rows.entries()) {
    const further = Object.keys(row).find((key) => !columns.some(({ name }) => name === key));
    if (further !== undefined)
      throw new Error(`row ${index + 1}: got the column ${shown(further)}, expected ${namesOf(columns)}`);
  }
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, type }) => elements(name, type)),
  ];
  const columnData = columns.map(({ name, type }) => ({
    name,
    data: rows.map((row, index) => cellOf(row[name], type, () => `row ${index + 1}, column ${name}`)),
  }));
  return new Uint8Array(parquetWriteBuffer({ schema, columnData, createdBy: 'mlops-template' }));
}

const namesOf = (columns: readonly RecordedColumn[]) => columns.map(({ name }) => name).join(', ');

const optional = { repetition_type: 'OPTIONAL' } as const;
const utf8 = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

function elements(name: string, type: RecordedType): SchemaElement[] {
  switch (type) {
    case 'varchar':
      return [{ name, ...utf8, ...optional }];
    case 'double':
      return [{ name, type: 'DOUBLE', ...optional }];
    case 'bigint':
      return [{ name, type: 'INT64', ...optional }];
    case 'boolean':
      return [{ name, type: 'BOOLEAN', ...optional }];
    case 'timestamp':
      return [{ name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', ...optional }];
    case 'map(varchar, varchar)':
      return mapElements(name, { name: 'value', ...utf8, ...optional });
    case 'map(varchar, double)':
      return mapElements(name, { name: 'value', type: 'DOUBLE', ...optional });
  }
}

const mapElements = (name: string, value: SchemaElement): SchemaElement[] => [
  { name, converted_type: 'MAP', logical_type: { type: 'MAP' }, num_children: 1, ...optional },
  { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
  { name: 'key', ...utf8, repetition_type: 'REQUIRED' },
  value,
];

function cellOf(value: WrittenCell | undefined, type: RecordedType, where: () => string): unknown {
  if (value === null) return null;
  const refuse = () =>
    new Error(
      `${where()}: got ${value instanceof Date ? 'a Date that is no time' : shown(JSON.stringify(value) ?? 'undefined')}, expected ${expected[type]} or null`,
    );
  switch (type) {
    case 'varchar':
      if (typeof value !== 'string') throw refuse();
      return value;
    case 'double':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse();
      return value;
    case 'bigint':
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw refuse();
      return BigInt(value as number | bigint);
    case 'boolean':
      if (typeof value !== 'boolean') throw refuse();
      return value;
    case 'timestamp':
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw refuse();
      return value;
    default: {
      if (typeof value !== 'object' || value instanceof Date) throw refuse();
      const of = type === 'map(varchar, double)' ? 'double' : 'varchar';
      return Object.entries(value).map(([key, item]) => ({
        key,
        value: cellOf(item, of, () => `${where()}, key ${key}`),
      }));
    }
  }
}

const expected: Readonly<Record<RecordedType, string>> = {
  varchar: 'text',
  double: 'a finite number',
  bigint: 'a whole number',
  boolean: 'true or false',
  timestamp: 'a time',
  'map(varchar, varchar)': 'an object of texts',
  'map(varchar, double)': 'an object of numbers',
};

import { InputError, shown } from '../errors.ts';
import { recordedTables } from '../queries/recorded-tables.ts';

/*
 * How predictions are asked by SQL. Both backends have the same tables, so a query means the same on each.
 */

/** A value of an answer as JSON has it. Times are text, `2026-01-31 08:15:00`; so are numbers that JSON cannot hold exactly. */
export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };

export interface Column {
  name: string;
  /** In SQL's words, lower case: varchar, double, map(varchar, double). */
  type: string;
}

/** Some rows of an answer. They are converted when they are asked for, so that counting them costs little. */
export interface Batch {
  size: number;
  rows: () => Cell[][];
}

export interface Answer {
  columns: Column[];
  batches: AsyncIterable<Batch>;
}

/** A connection to the tables of a project. */
export interface Query {
  /**
   * Sentences about what the tables hold: where nothing is released yet, what to do; releases that are left out, and why.
   */
  notes: readonly string[];
  /** Starts a statement. Throws InputError with what is wrong in it. */
  ask(sql: string): Promise<Answer>;
  /** What the answers so far cost, as a sentence; null if nothing. */
  cost(): string | null;
  /** Ends what runs elsewhere, before this process ends in the middle of a query. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The columns of both tables of predictions, in Athena's order. Parquet has all but the last two, which name the partition. */
export const predictionColumns: readonly Column[] = [
  { name: 'row_id', type: 'varchar' },
  { name: 'score', type: 'double' },
  { name: 'decision', type: 'varchar' },
  { name: 'scores', type: 'map(varchar, double)' },
  { name: 'contributions', type: 'map(varchar, double)' },
  { name: 'extra', type: 'map(varchar, varchar)' },
  { name: 'package', type: 'varchar' },
  { name: 'predicted_at', type: 'timestamp' },
  { name: 'model', type: 'varchar' },
  { name: 'release', type: 'varchar' },
];

/** What a query that names something else is told. */
export const tablesHint = [
  'Tables: predictions (every release), predictions_current (the releases that are current)' +
    `${recordedTables.map(({ name, about }) => `, ${name} (${about})`).join('')}.`,
  `Columns: ${columnsOf(predictionColumns)}.`,
  ...recordedTables.map(({ name, columns }) => `Columns of ${name}: ${columnsOf(columns)}.`),
].join('\n');

function columnsOf(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${name} ${type}`).join(', ');
}

/**
 * The statement without a semicolon at its end.
 * @throws InputError unless its first word, comments aside, is one that only reads
 */
export function oneSelect(sql: string): string {
  const statement = sql.trim().replace(/[;\s]+$/, '');
  const [first = ''] = /^[a-z_]*/i.exec(statement.replace(beforeFirstWord, '')) ?? [];
  if (readingWords.has(first.toUpperCase())) return statement;
  throw new InputError(
    `SQL: got ${statement === '' ? 'no statement' : `a statement that begins with ${shown(first || statement)}`}, ` +
      'expected one SELECT (or WITH ... SELECT): predictions are only read',
  );
}

const beforeFirstWord = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()+/;
const readingWords = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'FROM', 'DESCRIBE', 'SHOW']);

/** The number that the text writes, or the text itself where a number of JSON would round it. */
export function exactNumber(text: string): number | string {
  const digits = text.replace(/^-|\./g, '').replace(/^0+/, '');
  return digits.length <= 15 ? Number(text) : text;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { InputError, shown, UnreadableRecordError } from '../../../errors.ts';
import type { LeftOut } from '../../../ports.ts';
import { type RecordedTable, recordedTables } from '../../../queries/recorded-tables.ts';
import {
  type Answer,
  type Batch,
  oneSelect,
  predictionColumns,
  type Query,
  tablesHint,
} from '../../query.ts';
import { embeddedContext } from '../embedded-context.ts';
import { useState } from '../state/in-use.ts';
import { cellsOf } from './cell.ts';
import { type DuckDB, loadDuckDB } from './open-duckdb.ts';
import { type RecordedFiles, readRecordedFiles } from './recorded.ts';
import { type ReleasedFiles, readReleased } from './released.ts';

interface Opening {
  /** The folder with all state, `.mlops`. */
  home: string;
  project: string;
  /** Only this model's rows. @default all */
  model?: string | undefined;
  onNote: (line: string) => void;
  leftOut: LeftOut;
  /** @default the optional dependency */
  load?: () => Promise<DuckDB>;
}

/**
 * Opens the predictions of this machine and what its runs recorded, as they are at this moment, to DuckDB. Nothing is removed from the state folder until
 * it is closed.
 *
 * A statement can read the files of registered releases and of recorded tables and nothing else, and write nothing: external access is off but for
 * those files, extensions are neither installed nor loaded, and the configuration is locked.
 * @throws SetupError without DuckDB, UnreadableRecordError
 */
export async function openDuckDbQuery(options: Opening): Promise<Query> {
  const { home, project, onNote, leftOut, load } = options;
  const duckdb = await loadDuckDB(load);
  const leave = await useState(home, onNote);
  try {
    const { table, storage, root } = embeddedContext({ home, project, model: '' });
    const { releases, notes } = await readReleased({ table, storage, root }, leftOut);
    const chosen = releases.filter(({ model }) => [undefined, model].includes(options.model));
    const recorded = await readRecordedFiles({ storage, root });
    const known = new Set([...releases, ...recorded].map(({ model }) => model));
    if (options.model !== undefined && known.size > 0 && !known.has(options.model))
      throw new InputError(
        `--model: got ${shown(options.model)}, expected ${[...known].join(', ')}: no other model has predictions or runs`,
      );
    const recordedHere = recorded.filter(({ model }) => [undefined, model].includes(options.model));
    return await connect(duckdb, { releases: chosen, recorded: recordedHere }, { notes, leave });
  } catch (error) {
    leave();
    throw error;
  }
}

interface Files {
  releases: readonly ReleasedFiles[];
  recorded: readonly RecordedFiles[];
}

async function connect(
  duckdb: DuckDB,
  { releases, recorded }: Files,
  { notes, leave }: { notes: string[]; leave: () => void },
): Promise<Query> {
  // A sort that is larger than memory goes here.
  const spill = mkdtempSync(join(tmpdir(), 'mlops-query-'));
  const clear = () => rmSync(spill, { recursive: true, force: true });
  process.once('exit', clear);
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
    clear();
    process.off('exit', clear);
  };
  const fail = (error: Error) => {
    close();
    throw unreadable(error.message);
  };
  for (const statement of setUp(releases, recorded)) await connection.run(statement).catch(fail);
  const leftOut: string[] = [];
  // A broken file of one table must not hide the others.
  for (const table of recordedTables)
    await connection.run(viewOf(table, recorded)).catch((error: Error) => {
      leftOut.push(`Left out: table ${table.name}: ${error.message.trimEnd()}`);
    });
  await connection.run('SET lock_configuration = true').catch(fail);
  return {
    notes: [...notes, ...leftOut, ...(releases.length === 0 ? [nothingReleased] : [])],
    ask: (sql) => ask(sql, connection, duckdb),
    cost: () => null,
    // What this process started ends with it.
    stop: async () => {},
    close: async () => {
      close();
      leave();
    },
  };
}

const nothingReleased =
  'No predictions yet: `mlops release` makes them from data.scoring with the champion, `npm start` trains one first.';

function setUp(releases: readonly ReleasedFiles[], recorded: readonly RecordedFiles[]): string[] {
  const files = [...releases, ...recorded].flatMap((found) => found.files);
  return [
    "SET TimeZone = 'UTC'",
    // Athena's names for what DuckDB calls otherwise, so that a query means the same on both.
    'CREATE MACRO element_at(container, key) AS container[key]',
    'CREATE MACRO approx_percentile(value, share) AS approx_quantile(value, share)',
    `SET allowed_paths = ${listOf([...files, ...files.map(asPattern)])}`,
    'SET enable_external_access = false',
    `CREATE VIEW predictions AS ${select(releases)}`,
    `CREATE VIEW predictions_current AS ${select(releases.filter(({ current }) => current))}`,
  ];
}

/** The rows of releases, with the columns of the tables. */
function select(releases: readonly ReleasedFiles[]): string {
  const inFolders = releases.filter(({ named }) => named).flatMap(({ files }) => files);
  const parts = [
    ...(inFolders.length === 0 ? [] : [selectFrom(inFolders)]),
    ...releases.filter(({ named }) => !named).map((release) => selectFrom(release.files, release)),
  ];
  return parts.length === 0 ? noRows : parts.join(' UNION ALL ');
}

function selectFrom(files: readonly string[], named?: Pick<ReleasedFiles, 'model' | 'release'>): string {
  const columns = predictionColumns.map(({ name, type }) => {
    if (named !== undefined && (name === 'model' || name === 'release'))
      return `${text(named[name])} AS ${name}`;
    return `CAST(${name} AS ${type}) AS ${name}`;
  });
  const options = `hive_partitioning = ${named === undefined}, hive_types_autocast = false`;
  return `SELECT ${columns.join(', ')} FROM read_parquet(${listOf(files.map(asPattern))}, ${options})`;
}

/** A recorded table. A column that files are older than is NULL in their rows, as in Athena. */
function viewOf({ name, columns }: RecordedTable, recorded: readonly RecordedFiles[]): string {
  const files = recorded.filter(({ table }) => table === name).flatMap((found) => found.files);
  const none = noRowsOf(columns);
  if (files.length === 0) return `CREATE VIEW ${name} AS ${none}`;
  const read = `SELECT * FROM read_parquet(${listOf(files.map(asPattern))}, hive_partitioning = false, union_by_name = true)`;
  const cast = columns.map((column) => `CAST(${column.name} AS ${column.type}) AS ${column.name}`);
  return `CREATE VIEW ${name} AS SELECT ${cast.join(', ')} FROM (${none} UNION ALL BY NAME ${read})`;
}

const noRowsOf = (columns: readonly { name: string; type: string }[]): string =>
  `SELECT ${columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`).join(', ')} WHERE false`;

const noRows = noRowsOf(predictionColumns);

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const listOf = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`;

/** A path as a pattern that matches it alone. */
const asPattern = (path: string): string => path.replace(/[*?[]/g, '[$&]');

/**
 * The answer goes into a table first, which may be larger than memory: DuckDB's client ends a streamed answer without a word
 * where the statement fails half way.
 */
async function ask(sql: string, connection: DuckDBConnection, duckdb: DuckDB): Promise<Answer> {
  const statement = oneSelect(sql);
  // DuckDB ends the process where such a function names a file that it may not write.
  const [logging] = /\b\w+_logging\b|\btruncate_duckdb_logs\b/i.exec(statement) ?? [];
  if (logging !== undefined)
    throw new InputError(`SQL: got ${logging}, expected functions that only read: a query has no log`);
  try {
    const extracted = await connection.extractStatements(statement);
    if (extracted.count !== 1)
      throw new InputError(`SQL: got ${extracted.count} statements, expected one SELECT`);
    const { statementType } = await extracted.prepare(0);
    if (statementType !== duckdb.StatementType.SELECT)
      throw new InputError('SQL: got a statement that does more than read, expected one SELECT');
    await connection.run('DROP TABLE IF EXISTS temp.answer');
    const result = /^(describe|show)\b/i.test(statement)
      ? // Small, and a table for the answer would be among the tables that it lists.
        await connection.stream(statement)
      : await streamed(statement, connection);
    const names = result.columnNames();
    return {
      columns: result.columnTypes().map((type, index) => ({
        name: names[index] ?? '',
        type: String(type).toLowerCase(),
      })),
      batches: batchesOf(result, duckdb),
    };
  } catch (error) {
    throw explained(error);
  }
}

/** What DuckDB took for one SELECT cannot end the statement that it is written into. */
async function streamed(select: string, connection: DuckDBConnection): Promise<DuckDBResult> {
  await connection.run(`CREATE TEMP TABLE answer AS ${select}`);
  return await connection.stream('SELECT * FROM temp.answer');
}

async function* batchesOf(result: DuckDBResult, duckdb: DuckDB): AsyncGenerator<Batch> {
  const cell = cellsOf(duckdb);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield { size: chunk.rowCount, rows: () => chunk.getRows().map((row) => row.map(cell)) };
  }
}

/** Turns DuckDB's error into one that says whether the statement or the files are to blame. */
function explained(error: unknown): unknown {
  // DuckDB's errors are plain ones.
  if ((error as Error).name !== 'Error') return error;
  const message = (error as Error).message.replace(/^Failed to extract statements: /, '');
  if (/^Permission Error|configuration has been locked/.test(message))
    return new InputError(
      `SQL: ${message.split('\n')[0]}\nA query reads these tables only: no other files, no network, no settings.\n${tablesHint}`,
    );
  // A statement never names a file: those that can be read lie behind the tables.
  if (/^IO Error|\.parquet\b/.test(message)) return unreadable(message);
  if (/^(Out of Memory|INTERNAL|FATAL)/i.test(message)) return error;
  return new InputError(
    `SQL: ${message.trimEnd()}\n${/^(Binder|Catalog)/.test(message) ? tablesHint : ''}`.trimEnd(),
  );
}

const unreadable = (message: string) =>
  new UnreadableRecordError('predictions', `files that DuckDB cannot read: ${message.trimEnd()}`);

import type { Backend } from '../backends/backend.ts';
import { openQuery } from '../backends/open-query.ts';
import type { Answer, Cell } from '../backends/query.ts';
import { loadProject } from '../config/load.ts';
import { InputError, shown } from '../errors.ts';
import { savedQueries } from '../queries/saved-queries.ts';
import { exitCodeOf } from './errors.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { note, print, printJson, printJsonLine } from './print.ts';
import { queryTable } from './query-table.ts';
import { table } from './table.ts';

interface Options {
  backend: Backend['name'];
  environment?: string;
  config: string;
  model?: string;
  saved?: boolean;
  limit?: number;
  csv?: boolean;
  json?: boolean;
}

/** Rows that a terminal shows without --limit. */
const shownRows = 100;

/** `mlops query`. */
export async function query(text: string | undefined, options: Options): Promise<void> {
  if (options.saved) return listSaved(options);
  const sql = sqlOf(text);
  const project = await loadProject(options.config);
  const surroundings = { home: home(), onNote: note, leftOut: sayLeftOut };
  const tables = await openQuery(project, options, surroundings);
  const stop = () => void tables.stop().finally(() => process.exit(130));
  // DuckDB keeps this thread while it computes, so on this machine the signal itself ends the process.
  if (options.backend === 'aws')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (const line of tables.notes) note(line);
    const answer = await tables.ask(sql);
    await show(answer, options);
    const cost = tables.cost();
    if (cost !== null) note(cost);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await tables.close();
  }
}

function listSaved({ json }: Options): void {
  const saved = savedQueries();
  if (json) printJson({ saved });
  else for (const line of table(saved.map(({ name, title }) => [`@${name}`, title]))) print(line);
}

/** The statement: as it is given, or the saved query that `@NAME` names. */
function sqlOf(text: string | undefined): string {
  if (text === undefined || text.trim() === '')
    throw new InputError(
      'mlops query: got no SQL, expected one SELECT or @NAME: `mlops query --saved` lists them',
    );
  if (!text.startsWith('@')) return text;
  const saved = savedQueries();
  const found = saved.find(({ name }) => name === text.slice(1));
  if (found !== undefined) return found.sql;
  throw new InputError(
    `mlops query: got ${shown(text)}, expected ${saved.map(({ name }) => `@${name}`).join(', ')}`,
  );
}

async function show(answer: Answer, options: Options): Promise<void> {
  if (options.json) return await showJson(answer, options.limit);
  if (options.csv) return await showCsv(answer, options.limit);
  const { columns } = answer;
  const shownHere = options.limit ?? shownRows;
  const rows: Cell[][] = [];
  let more = 0;
  for await (const { size, rows: rowsOf } of answer.batches) {
    const room = shownHere - rows.length;
    if (room > 0) rows.push(...rowsOf().slice(0, room));
    more += Math.max(0, size - Math.max(0, room));
  }
  for (const line of queryTable(columns, rows, process.stdout.columns ?? widthOfFiles)) print(line);
  const all = rows.length + more;
  note(
    more === 0
      ? `${all} ${all === 1 ? 'row' : 'rows'}`
      : `${rows.length} of ${all.toLocaleString('en-US')} rows: --limit N shows more, --csv and --json give all`,
  );
}

/** Characters in a line where the output is no terminal. */
const widthOfFiles = 160;

/** Calls back with rows until the limit, as they come: an answer may be larger than memory. */
async function eachRow(
  { batches }: Answer,
  limit: number | undefined,
  use: (rows: Cell[][]) => void,
): Promise<void> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const { rows } of batches) {
    const taken = rows().slice(0, left);
    left -= taken.length;
    use(taken);
    if (left <= 0) return;
  }
}

async function showJson(answer: Answer, limit: number | undefined): Promise<void> {
  const { columns } = answer;
  let begun = false;
  const begin = () => {
    const [names, types] = [columns.map(({ name }) => name), columns.map(({ type }) => type)];
    if (!begun)
      printJsonLine(`{"columns": ${JSON.stringify(names)},\n"types": ${JSON.stringify(types)},\n"rows": [`);
    begun = true;
  };
  let separator = '';
  try {
    await eachRow(answer, limit, (rows) => {
      if (rows.length === 0) return;
      begin();
      const lines = rows.map((row) =>
        JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
      );
      printJsonLine(separator + lines.join(',\n'));
      separator = ',';
    });
  } catch (error) {
    if (!begun) throw error;
    // The object cannot be ended: half an answer must not look like a whole one.
    note(error instanceof Error ? error.message : String(error));
    process.exitCode = exitCodeOf(error);
    return;
  }
  begin();
  printJsonLine(']}');
}

async function showCsv(answer: Answer, limit: number | undefined): Promise<void> {
  print(answer.columns.map(({ name }) => csvCell(name)).join(','));
  await eachRow(answer, limit, (rows) => {
    if (rows.length > 0) print(rows.map((row) => row.map(csvCell).join(',')).join('\n'));
  });
}

/** A field of RFC 4180. Lists and maps are JSON. */
function csvCell(value: Cell): string {
  if (value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // An empty text in quotes differs from NULL.
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

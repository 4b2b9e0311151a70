import { DataContractError } from '../errors.ts';
import { BadFile } from '../tables/bad-file.ts';
import { openCsv } from '../tables/csv.ts';
import type { Dialect } from '../tables/dialect.ts';

/** The records of a file, and the line on which each begins; null for a JSON document, which may be on one line. */
export interface FileRecords {
  records: object[];
  lines: number[] | null;
}

/**
 * Reads the records in a file: CSV with a header, a JSON list or object, or JSON Lines. What it begins with tells which.
 * @param name of the file, in messages
 * @param dialect of CSV: data.csv of mlops.yaml
 * @throws DataContractError for a file that is none of these, with the line
 */
export async function recordsOf(bytes: Uint8Array, name: string, dialect: Dialect): Promise<FileRecords> {
  const begin = new TextDecoder()
    .decode(bytes.subarray(0, 1000))
    .replace(/^\ufeff/, '')
    .trimStart();
  const found = /^[[{]/.test(begin) ? jsonRecords(bytes, name) : await csvRecords(bytes, name, dialect);
  if (found.records.length === 0) throw problem(`${name}: got no records, expected at least one`);
  return found;
}

const problem = (message: string) => new DataContractError([{ path: '', message }]);

async function csvRecords(bytes: Uint8Array, name: string, dialect: Dialect): Promise<FileRecords> {
  try {
    const table = await openCsv(bytes, { dialect });
    const { header } = table;
    const twice = header.find((column, at) => header.indexOf(column) !== at);
    if (twice !== undefined) throw problem(`${name}: the header has ${JSON.stringify(twice)} more than once`);
    const records: object[] = [];
    const lines: number[] = [];
    while (await table.load())
      while (table.next()) {
        if (table.width !== header.length)
          throw problem(
            `${name}: line ${table.position}: got ${table.width} fields, expected ${header.length} as in the header`,
          );
        records.push(Object.fromEntries(header.map((column, at) => [column, table.value(at)])));
        lines.push(table.position);
      }
    return { records, lines };
  } catch (error) {
    if (error instanceof BadFile)
      throw problem(`${name}: ${error.line === null ? '' : `line ${error.line}: `}${error.message}`);
    throw error;
  }
}

/** One JSON value, or one object a line. */
function jsonRecords(bytes: Uint8Array, name: string): FileRecords {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw problem(`${name}: got bytes that are no UTF-8, expected JSON in UTF-8`);
  }
  const whole = parsed(text);
  if (!(whole instanceof Error)) {
    const list = isObject(whole) && Array.isArray(whole.records) ? whole.records : whole;
    return { records: Array.isArray(list) ? list : [list as object], lines: null };
  }
  const lines = text.split('\n').map((line) => line.trim());
  const first = parsed(lines.find((line) => line !== '') ?? '');
  if (text.trimStart().startsWith('[') || first instanceof Error)
    throw problem(`${name}: got text that is no JSON: ${whole.message}`);
  const found: { records: object[]; lines: number[] } = { records: [], lines: [] };
  for (const [at, line] of lines.entries()) {
    if (line === '') continue;
    const value = parsed(line);
    if (value instanceof Error)
      throw problem(`${name}: line ${at + 1}: got text that is no JSON: ${value.message}`);
    found.records.push(value as object);
    found.lines.push(at + 1);
  }
  return found;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
}

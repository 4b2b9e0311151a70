import { DataContractError } from '../errors.ts';
import { BadFile } from '../tables/bad-file.ts';
import { openCsv } from '../tables/csv.ts';
import type { Dialect } from '../tables/dialect.ts';

/**
 * The records in a file: CSV with a header, a JSON list or object, or JSON Lines. What it begins with tells which.
 * @param name of the file, in messages
 * @param dialect of CSV: data.csv of mlops.yaml
 * @throws DataContractError for a file that is none of these, with the line
 */
export async function recordsOf(bytes: Uint8Array, name: string, dialect: Dialect): Promise<object[]> {
  const begin = new TextDecoder()
    .decode(bytes.subarray(0, 1000))
    .replace(/^\ufeff/, '')
    .trimStart();
  const records = /^[[{]/.test(begin) ? jsonRecords(bytes, name) : await csvRecords(bytes, name, dialect);
  if (records.length === 0) throw problem(`${name}: got no records, expected at least one`);
  return records;
}

const problem = (message: string) => new DataContractError([{ path: '', message }]);

async function csvRecords(bytes: Uint8Array, name: string, dialect: Dialect): Promise<object[]> {
  try {
    const table = await openCsv(bytes, { dialect });
    const { header } = table;
    const twice = header.find((column, at) => header.indexOf(column) !== at);
    if (twice !== undefined) throw problem(`${name}: the header has ${JSON.stringify(twice)} more than once`);
    const records: object[] = [];
    while (await table.load())
      while (table.next()) {
        if (table.width !== header.length)
          throw problem(
            `${name}: line ${table.position}: got ${table.width} fields, expected ${header.length} as in the header`,
          );
        records.push(Object.fromEntries(header.map((column, at) => [column, table.value(at)])));
      }
    return records;
  } catch (error) {
    if (error instanceof BadFile)
      throw problem(`${name}: ${error.line === null ? '' : `line ${error.line}: `}${error.message}`);
    throw error;
  }
}

/** One JSON value, or one object a line. */
function jsonRecords(bytes: Uint8Array, name: string): object[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw problem(`${name}: got bytes that are no UTF-8, expected JSON in UTF-8`);
  }
  const whole = parsed(text);
  if (!(whole instanceof Error)) {
    const list = isObject(whole) && Array.isArray(whole.records) ? whole.records : whole;
    return Array.isArray(list) ? list : [list as object];
  }
  const lines = text.split('\n').map((line) => line.trim());
  const first = parsed(lines[0] ?? '');
  if (text.trimStart().startsWith('[') || first instanceof Error)
    throw problem(`${name}: got text that is no JSON: ${whole.message}`);
  return lines.flatMap((line, at) => {
    if (line === '') return [];
    const value = parsed(line);
    if (value instanceof Error)
      throw problem(`${name}: line ${at + 1}: got text that is no JSON: ${value.message}`);
    return [value as object];
  });
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

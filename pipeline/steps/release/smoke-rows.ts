import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import type { Config } from '../../config/schema.ts';
import { carriedColumns, type Manifest } from '../context.ts';
import { scoreFileOf } from '../train/score-file.ts';

/** Rows of a holdout to ask an endpoint, and what each line keeps beside the answer. */
export interface SmokeRows {
  /** The lines of features, as the batch transform of the gate had sent them. */
  sent: string[];
  /** What stands before the features: row id, label and carried columns. */
  kept: string[];
}

/** Bytes of one request; serverless endpoints take four million. */
const mostBytes = 1_000_000;

/**
 * Takes rows of a holdout file: of every class as many, of a regression the first ones. Reads no further than it has to.
 * @param file path of the file, in the layout of the prepare program: CSV, or JSON Lines
 * @param most number of rows
 */
export async function takeRows(file: string, manifest: Manifest, most: number): Promise<SmokeRows> {
  const { labels, content_type } = manifest;
  const each = labels.length === 0 ? most : Math.max(1, Math.floor(most / labels.length));
  const taken = new Map<string, number>();
  const rows: SmokeRows = { sent: [], kept: [] };
  const split = content_type === 'text/csv' ? csvSplitter(2 + carriedColumns(manifest).length) : splitJson;
  let bytes = 0;
  for await (const line of linesOf(file)) {
    if (line === '') continue;
    const { label, kept, sent } = split(line);
    const key = labels.length === 0 ? '' : label;
    const count = taken.get(key) ?? 0;
    if (count >= each) continue;
    const size = Buffer.byteLength(sent) + 1;
    if (bytes + size > mostBytes && rows.sent.length > 0) continue;
    taken.set(key, count + 1);
    bytes += size;
    rows.sent.push(sent);
    rows.kept.push(kept);
    if (rows.sent.length >= most) break;
  }
  return rows;
}

interface Parts {
  label: string;
  kept: string;
  sent: string;
}

/** Splits a line of CSV at its nth comma outside quotes; both parts stay as they are written. */
const csvSplitter =
  (columns: number) =>
  (line: string): Parts => {
    let commas = 0;
    let isQuoted = false;
    for (let at = 0; at < line.length; at++) {
      if (line[at] === '"') isQuoted = !isQuoted;
      else if (line[at] === ',' && !isQuoted && ++commas === columns) {
        const kept = line.slice(0, at);
        return { label: labelOf(kept), kept, sent: line.slice(at + 1) };
      }
    }
    throw new Error(`holdout: got a row of ${commas + 1} columns, expected more than ${columns}`);
  };

const labelOf = (kept: string): string => (parseSync(kept) as string[][])[0]?.[1] ?? '';

const marker = ',"features":{';

/** The features are the last member; a quote within a text is escaped, so their name stands nowhere else like this. */
function splitJson(line: string): Parts {
  const at = line.indexOf(marker);
  if (at === -1) throw new Error('holdout: got a row without features, expected them');
  const kept = `${line.slice(0, at)}}`;
  const { label } = JSON.parse(kept) as { label: unknown };
  return { label: String(label), kept, sent: line.slice(at + marker.length - 1, line.lastIndexOf('}')) };
}

/**
 * The scores of answers by row id, in the form of a score file's columns.
 * @throws ModelOutputError if an answer does not have the declared shape, and Error where rows and answers do not match
 */
export function answeredScores(
  rows: SmokeRows,
  body: string,
  manifest: Manifest,
  model: Config['model'],
): Map<string, string[]> {
  const answers = body.replace(/\r?\n$/, '').split(/\r?\n/);
  if (answers.length !== rows.sent.length || body.trim() === '')
    throw new AnswerCountError(body.trim() === '' ? 0 : answers.length, rows.sent.length);
  const joined = rows.kept.map((kept, index) => join(kept, answers[index] ?? '', manifest)).join('\n');
  const [header = [], ...lines] = parseSync(scoreFileOf(`${joined}\n`, manifest, model)) as string[][];
  const to = header.length - carriedColumns(manifest).length;
  return new Map(lines.map((line) => [line[0] ?? '', line.slice(2, to)]));
}

/** An endpoint answered another number of lines than it was asked. */
export class AnswerCountError extends Error {
  constructor(found: number, expected: number) {
    super(`got ${found} lines for ${expected} rows, expected one line for each`);
  }
}

function join(kept: string, answer: string, { content_type }: Manifest): string {
  if (content_type === 'text/csv') return `${kept},${answer}`;
  return `${kept.slice(0, -1)},"SageMakerOutput":${answer}}`;
}

/** The scores of some rows in a score file. Reads no further than it has to. */
export async function recordedScores(
  file: string,
  ids: ReadonlySet<string>,
  { problem, labels }: Manifest,
  output: Config['model']['output'],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const count = problem === 'multiclass' && output !== 'label' ? labels.length : 1;
  const stream = createReadStream(file);
  const rows = stream.pipe(parse({ from: 2 }));
  stream.on('error', (error) => rows.destroy(error));
  for await (const [id = '', , ...rest] of rows as AsyncIterable<string[]>) {
    if (ids.has(id)) found.set(id, rest.slice(0, count));
    if (found.size === ids.size) break;
  }
  stream.destroy();
  return found;
}

/** How far two models' scores of the same rows are apart. */
export interface Difference {
  /** Rows whose scores differ by more than the tolerance, or are missing. */
  rows: number;
  /** The largest difference; infinite where one of both is no number. */
  largest: number;
}

/**
 * Compares scores with those that were judged, row by row.
 * @param tolerance absolute; of values above 1 a share of the value
 */
export function differenceOf(
  answered: ReadonlyMap<string, readonly string[]>,
  judged: ReadonlyMap<string, readonly string[]>,
  tolerance: number,
): Difference {
  const differing = { rows: 0, largest: 0 };
  for (const [id, scores] of answered) {
    const expected = judged.get(id);
    const each =
      expected === undefined || expected.length !== scores.length
        ? [Number.POSITIVE_INFINITY]
        : scores.map((score, index) => apart(score, expected[index] ?? ''));
    const most = Math.max(...each);
    differing.largest = Math.max(differing.largest, most);
    // Also where it is no number.
    if (!(most <= tolerance)) differing.rows += 1;
  }
  return differing;
}

/** Labels are equal or not; numbers of more than 1 are compared by their size. */
function apart(score: string, expected: string): number {
  const [a, b] = [number(score), number(expected)];
  if (a === null || b === null)
    return score === expected && score !== '' ? labelsAgree(score) : Number.POSITIVE_INFINITY;
  return Math.abs(a - b) / Math.max(1, Math.abs(b));
}

const number = (text: string): number | null => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
};

/** NaN and infinity are no answers, even where both say so. */
const labelsAgree = (text: string): number =>
  /^[+-]?(nan|inf(inity)?)$/i.test(text.trim()) ? Number.POSITIVE_INFINITY : 0;

const lineFeed = 10;

/** The lines of a UTF-8 file; node:readline would also split at U+2028. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = rest.indexOf(lineFeed); to !== -1; to = rest.indexOf(lineFeed, from)) {
      yield rest.subarray(from, to).toString('utf8').replace(/\r$/, '');
      from = to + 1;
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) yield rest.toString('utf8').replace(/\r$/, '');
}

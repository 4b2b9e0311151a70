import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';

/** A file that cannot be read on; the message says why, without the place. */
export class UnreadableFile extends Error {
  /** null where the whole file is meant. */
  readonly line: number | null;

  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}

/** A longer record is a quote that was never closed. */
const longestRecord = 16_000_000;

/**
 * Reads a CSV file (UTF-8 with or without a byte-order mark, commas, LF or CRLF) record by record, the header first,
 * blank lines left out; `visit` gets the fields and the line that the record starts on. Memory does not grow with the
 * file. Throws UnreadableFile.
 */
export async function readCsvFile(
  path: string,
  visit: (fields: string[], line: number) => void,
): Promise<void> {
  await readRecords(() => createReadStream(path, { highWaterMark: 1 << 20 }), visit, true);
}

/** The same of the first bytes of a file: a record that they do not hold whole is left out. */
export async function readCsvBeginning(
  bytes: Uint8Array,
  visit: (fields: string[], line: number) => void,
): Promise<void> {
  await readRecords(() => [Buffer.from(bytes)], visit, false);
}

/** Gives the bytes from the first on, as often as it is asked. */
type Chunks = () => AsyncIterable<Buffer> | Iterable<Buffer>;

async function readRecords(
  chunks: Chunks,
  visit: (fields: string[], line: number) => void,
  isWhole: boolean,
): Promise<void> {
  let text = '';
  let line = 1;
  for await (const { more, isLast } of readText(chunks, isWhole)) {
    text += more;
    let at = 0;
    let quote = -1;
    while (at < text.length) {
      const found = text.indexOf('\n', at);
      if (found < 0 && !isLast) break;
      const end = found < 0 ? text.length : found;
      // Looked for once, not once a record.
      if (quote < at) quote = text.indexOf('"', at);
      if (quote < 0) quote = Number.POSITIVE_INFINITY;
      if (quote > end) {
        const record = text.slice(at, text[end - 1] === '\r' && end > at ? end - 1 : end);
        if (line === 1) checkFirstLine(record);
        if (record !== '') visit(record.split(','), line);
        at = end + 1;
        line += 1;
        continue;
      }
      const record = readQuotedRecord(text, at, line, isLast);
      if (record === null) break;
      visit(record.fields, line);
      line += countBreaks(text.slice(at, record.end)) + 1;
      at = record.end + 1;
    }
    text = text.slice(at);
    if (text.length > longestRecord) throw neverEnds(line);
  }
}

function checkFirstLine(line: string): void {
  if (line === '') throw new UnreadableFile('got a blank line, expected the header', 1);
  if (line.includes('\r'))
    throw new UnreadableFile('got a carriage return alone, expected lines that end in LF or CRLF', 1);
}

/** A record with a quote in it: its fields and where its line ends; null where the text stops before. */
function readQuotedRecord(
  text: string,
  start: number,
  line: number,
  isLast: boolean,
): { fields: string[]; end: number } | null {
  const fields: string[] = [];
  for (let at = start; ; at += 1) {
    let end: number;
    if (text[at] === '"') {
      const closing = closingQuote(text, at);
      if (closing < 0 && isLast) throw neverEnds(line + countBreaks(text.slice(start, at)));
      // Of two quotes in a row, or of CR LF, the second may not have been read yet.
      if (closing < 0 || (closing + 2 >= text.length && !isLast)) return null;
      fields.push(text.slice(at + 1, closing).replaceAll('""', '"'));
      end = text[closing + 1] === '\r' && text[closing + 2] === '\n' ? closing + 2 : closing + 1;
      if (end < text.length && text[end] !== ',' && text[end] !== '\n')
        throw new UnreadableFile(
          'got text after a closing quote, expected a comma or the end of the line (a quote inside a field is written twice)',
          line + countBreaks(text.slice(start, end)),
        );
    } else {
      end = at;
      while (end < text.length && text[end] !== ',' && text[end] !== '\n') end += 1;
      if (end === text.length && !isLast) return null;
      fields.push(text.slice(at, text[end] === '\n' && text[end - 1] === '\r' && end > at ? end - 1 : end));
    }
    if (text[end] !== ',') return { fields, end };
    at = end;
  }
}

function closingQuote(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

const countBreaks = (text: string): number => text.split('\n').length - 1;

const neverEnds = (line: number) =>
  new UnreadableFile('got a quoted field that never ends, expected a closing quote', line);

async function* readText(chunks: Chunks, isWhole: boolean): AsyncIterable<{ more: string; isLast: boolean }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  for await (const bytes of chunks()) {
    if (isFirst) refuseOtherFormats(bytes);
    isFirst = false;
    if (bytes.includes(0)) throw await badText(chunks);
    yield { more: await decode(() => decoder.decode(bytes, { stream: true }), chunks), isLast: false };
  }
  if (isWhole) yield { more: await decode(() => decoder.decode(), chunks), isLast: true };
}

async function decode(read: () => string, chunks: Chunks): Promise<string> {
  try {
    return read();
  } catch {
    throw await badText(chunks);
  }
}

function refuseOtherFormats(bytes: Buffer): void {
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1')
    throw new UnreadableFile('got a Parquet file, expected CSV; set data.format: parquet');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new UnreadableFile('got a gzip file, expected plain CSV');
}

/** Names the line of the first byte that is no text; reads the file again, which only a bad file needs. */
async function badText(chunks: Chunks): Promise<UnreadableFile> {
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  search: for await (const chunk of chunks()) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const text = rest.subarray(0, end);
      if (!isUtf8(text) || text.includes(0)) break search;
      rest = rest.subarray(end + 1);
      line += 1;
    }
  }
  return new UnreadableFile('got a byte that is not UTF-8 text, expected a file saved as UTF-8', line);
}

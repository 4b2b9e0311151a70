import type { FileHandle } from 'node:fs/promises';
import { BadFile } from './bad-file.ts';
import { parseDecimal } from './decimal.ts';
import type { Table } from './table.ts';
import { Utf8 } from './utf8.ts';

export interface CsvOptions {
  /**
   * Refuses what no program writes: a quote in an unquoted field, a lone carriage return, a blank line before a row.
   * Without it, the first two are text, and blank lines are skipped.
   */
  strict?: boolean;
  /** The bytes are only the start of a file: an incomplete last record is left out. */
  cut?: boolean;
}

/** Bytes read at a time: large enough for few reads, small enough that decoding a chunk is cheap. */
const CHUNK = 1 << 19;

/** Most characters of a record. A longer one has a quote that is never closed, or the file is no table. */
const LONGEST_RECORD = 16_000_000;

const QUOTE = 34;
const COMMA = 44;
const LF = 10;
const CR = 13;

/**
 * Opens CSV (RFC 4180, UTF-8 with or without a byte-order mark). A quoted field may contain commas, line breaks and
 * doubled quotes. Lines end in LF or CRLF. The header is read at once; it is empty if there is none.
 *
 * @param source an open file, which stays open, or bytes
 */
export async function openCsv(source: FileHandle | Uint8Array, options: CsvOptions = {}): Promise<Table> {
  const table = new CsvTable(source instanceof Uint8Array ? chunksOf(source) : chunksOfFile(source), options);
  while (!table.readHeader()) if (!(await table.load())) break;
  return table;
}

async function* chunksOfFile(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let kept = 0; ; ) {
    const { bytesRead } = await file.read(buffer, kept, CHUNK - kept);
    const filled = buffer.subarray(0, kept + bytesRead);
    const chunk = bytesRead === 0 ? filled : wholeLines(filled);
    yield chunk;
    if (bytesRead === 0) return;
    kept = filled.length - chunk.length;
    buffer.copyWithin(0, chunk.length, filled.length);
  }
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const chunk = wholeLines(bytes.subarray(at, at + CHUNK));
    yield chunk;
    at += chunk.length;
  }
}

/** The bytes up to the end of the last line, if any, so that no line has to be joined with the next chunk. */
const wholeLines = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(0, bytes.lastIndexOf(LF) + 1 || undefined);

class CsvTable implements Table {
  header: readonly string[] = [];
  width = 0;
  position = 0;
  readonly #chunks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  readonly #utf8 = new Utf8();
  readonly #strict: boolean;
  readonly #cut: boolean;
  #isFirst = true;
  #isLast = false;
  /** The loaded text; fields are ranges of it. */
  #text = '';
  /** End of the last complete line. */
  #end = 0;
  /** Start and line of the next record. */
  #next = 0;
  #nextLine = 1;
  /** The current record. */
  #start = 0;
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #hasDoubledQuotes = false;
  #hasLineBreaks = false;
  /** Place of the next carriage return, found by an earlier search. */
  #return = -1;
  /** Line number of a blank line, which no row may follow. */
  #blankLine: number | null = null;

  constructor(chunks: Generator<Uint8Array> | AsyncGenerator<Uint8Array>, { strict, cut }: CsvOptions) {
    this.#chunks = chunks;
    this.#strict = strict === true;
    this.#cut = cut === true;
  }

  async load(): Promise<boolean> {
    if (this.#isLast) return false;
    const rest = this.#text.slice(this.#next);
    if (rest.length > LONGEST_RECORD) {
      const [found, expected] = rest.includes('"') ? NEVER_ENDS : LINE_TOO_LONG;
      this.#failAt(this.#nextLine, 0, found, expected);
    }
    const { value: bytes, done } = await this.#chunks.next();
    this.#isLast = done === true;
    let text = rest;
    if (!done) text += this.#decode(bytes, this.#nextLine + lineBreaks(rest, 0, rest.length));
    else if (this.#cut) return false;
    else {
      this.#utf8.finish(this.#nextLine + lineBreaks(rest, 0, rest.length));
      if (text !== '' && !text.endsWith('\n')) text += '\n';
    }
    this.#text = text;
    this.#next = 0;
    this.#end = text.lastIndexOf('\n') + 1;
    this.#return = -1;
    return true;
  }

  readHeader(): boolean {
    if (!this.next()) return false;
    this.header = Array.from({ length: this.width }, (_, column) => this.value(column));
    return true;
  }

  /** Every line up to `#end` ends in LF, so that the search for the end of an unquoted field always finds one. */
  next(): boolean {
    const text = this.#text;
    for (;;) {
      const start = this.#next;
      const line = this.#nextLine;
      if (start >= this.#end) return false;
      this.#hasDoubledQuotes = false;
      this.#hasLineBreaks = false;
      let starts = this.#starts;
      let ends = this.#ends;
      let breaks = 0;
      let column = 0;
      let at = start;
      for (let code = COMMA; code === COMMA; at++, column++) {
        if (column === starts.length) {
          starts = this.#starts = doubled(starts);
          ends = this.#ends = doubled(ends);
        }
        code = text.charCodeAt(at);
        if (code === QUOTE) {
          const closing = this.#closingQuote(at, line + breaks, column);
          if (closing === -1) return false;
          breaks += lineBreaks(text, at, closing);
          if (this.#returnFrom(at) < closing) this.#hasLineBreaks = true;
          starts[column] = at + 1;
          ends[column] = closing;
          at = closing + 1;
          code = text.charCodeAt(at);
          if (code === CR && text.charCodeAt(at + 1) === LF) code = text.charCodeAt(++at);
          if (code !== COMMA && code !== LF) this.#failAt(line + breaks, column, ...AFTER_QUOTE, at);
        } else {
          starts[column] = at;
          for (;;) {
            while (code > COMMA) code = text.charCodeAt(++at);
            if (code === COMMA || code === LF) break;
            if (code === QUOTE && this.#strict)
              this.#failAt(line + breaks, column, ...INNER_QUOTE, starts[column], at);
            if (code === CR && text.charCodeAt(at + 1) !== LF) {
              if (this.#strict || this.header.length === 0)
                this.#failAt(line + breaks, column, ...RETURN_ALONE);
              this.#hasLineBreaks = true;
            }
            code = text.charCodeAt(++at);
          }
          ends[column] = code === LF && at > start && text.charCodeAt(at - 1) === CR ? at - 1 : at;
        }
      }
      this.#next = at;
      this.#nextLine = line + breaks + 1;
      if (column === 1 && starts[0] === start && ends[0] === start) {
        if (this.#strict || this.header.length === 0) this.#blankLine ??= line;
        continue;
      }
      if (this.#blankLine !== null)
        this.#failAt(this.#blankLine, 0, 'a blank line', this.header.length === 0 ? 'the header' : 'a row');
      if (breaks > 0) this.#hasLineBreaks = true;
      this.#start = start;
      this.width = column;
      this.position = line;
      return true;
    }
  }

  value(column: number): string {
    const start = this.#starts[column]!;
    const raw = this.#text.slice(start, this.#ends[column]);
    return this.#hasDoubledQuotes && this.#text.charCodeAt(start - 1) === QUOTE
      ? raw.replaceAll('""', '"')
      : raw;
  }

  number(column: number): number {
    return parseDecimal(this.#text, this.#starts[column]!, this.#ends[column]!);
  }

  positionOf(column: number): number {
    return this.position + lineBreaks(this.#text, this.#start, this.#starts[column]!);
  }

  spansLines(column: number): boolean {
    return this.#hasLineBreaks && /[\r\n]/.test(this.value(column));
  }

  /** Place of the closing quote; -1 if it, or the character after it, is not loaded yet. */
  #closingQuote(opening: number, line: number, column: number): number {
    for (let from = opening + 1; ; ) {
      const at = this.#text.indexOf('"', from);
      if (at === -1 && this.#isLast) this.#failAt(line, column, ...NEVER_ENDS, opening);
      if (at === -1 || at + 1 >= this.#end) return -1;
      if (this.#text.charCodeAt(at + 1) !== QUOTE) return at;
      this.#hasDoubledQuotes = true;
      from = at + 2;
    }
  }

  /** Place of the first carriage return at or after a place; searches once, not once per field. */
  #returnFrom(at: number): number {
    if (this.#return < at) {
      const found = this.#text.indexOf('\r', at);
      this.#return = found === -1 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#return;
  }

  #decode(bytes: Uint8Array, line: number): string {
    if (this.#isFirst) refuseOtherFormats(bytes);
    this.#isFirst = false;
    return this.#utf8.decode(bytes, line);
  }

  /** @param from start of the text to show, which goes a little beyond `end` */
  #failAt(
    line: number,
    column: number,
    found: string,
    expected: string,
    from: number | null = null,
    end = from,
  ): never {
    const text = from === null ? found : this.#text.slice(from, end! + 20);
    throw new BadFile(found, expected, { line, column: this.header[column] ?? String(column + 1), text });
  }
}

const NEVER_ENDS = ['a quoted field that never ends', 'a closing quote'] as const;
const LINE_TOO_LONG = ['a line of more than 16,000,000 characters', 'rows on lines of their own'] as const;
const AFTER_QUOTE = [
  'text after a closing quote',
  'a comma or the end of the line (a quote inside a field is written twice)',
] as const;
const INNER_QUOTE = [
  'a quote inside a field without quotes',
  'quotes around the whole field, if any',
] as const;
const RETURN_ALONE = ['a carriage return alone', 'lines that end in LF or CRLF'] as const;

function refuseOtherFormats(bytes: Uint8Array): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new BadFile('a gzip file', 'plain CSV');
  if (isParquet(bytes)) throw new BadFile('a Parquet file', 'CSV', { kind: 'Parquet as CSV' });
}

/** Whether the bytes start like a Parquet file. */
export const isParquet = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31;

function lineBreaks(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function doubled(places: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(2 * places.length);
  longer.set(places);
  return longer;
}

import { isAscii } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { BadFile } from './bad-file.ts';
import { type CellKind, kindAt, kindOf } from './cell.ts';
import { parseDecimal } from './decimal.ts';
import { type DecimalMark, type Dialect, delimiterOf } from './dialect.ts';
import { gunzip } from './gunzip.ts';
import { isGzip, refuseOtherFormats } from './other-format.ts';
import type { Table } from './table.ts';
import { transcode } from './transcode.ts';
import { Utf8 } from './utf8.ts';

export interface CsvOptions {
  /** How the file is written; it may be packed by gzip then. @default commas and UTF-8, not packed */
  dialect?: Dialect;
  /**
   * Refuses what no program writes: a quote in an unquoted field, a blank line before a row. Without it, the first is
   * text, and blank lines are skipped.
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
const LF = 10;
const CR = 13;

/**
 * Opens CSV (RFC 4180, or in another dialect; with or without a byte-order mark). A quoted field may contain delimiters,
 * line breaks and doubled quotes. Lines end in LF or CRLF. The header is read at once; it is empty if there is none.
 *
 * @param source an open file, which stays open, or bytes
 * @throws BadFile also for files of other formats, with what to do about them
 */
export async function openCsv(source: FileHandle | Uint8Array, options: CsvOptions = {}): Promise<Table> {
  const table = new CsvTable(await plainChunks(source, options), options);
  while (!table.readHeader()) if (!(await table.load())) break;
  return table;
}

type Chunks = Generator<Uint8Array> | AsyncGenerator<Uint8Array>;

/** The file's text in UTF-8, in chunks. */
async function plainChunks(source: FileHandle | Uint8Array, options: CsvOptions): Promise<Chunks> {
  const head = source instanceof Uint8Array ? source.subarray(0, 4096) : await headOf(source);
  let chunks: Chunks = source instanceof Uint8Array ? chunksOf(source) : chunksOfFile(source);
  if (isGzip(head)) {
    if (options.dialect === undefined) throw new BadFile('a gzip file', 'plain CSV');
    chunks = onlyCsv(gunzip(chunks, { cut: options.cut === true, chunkSize: CHUNK }));
  } else refuseOtherFormats(head);
  const encoding = options.dialect?.encoding ?? 'utf-8';
  return encoding === 'utf-8' ? chunks : transcode(chunks, encoding);
}

/** The chunks, of which the first must not begin another format. */
async function* onlyCsv(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) refuseOtherFormats(chunk.subarray(0, 4096));
    isFirst = false;
    yield chunk;
  }
}

async function headOf(file: FileHandle): Promise<Uint8Array> {
  const head = Buffer.alloc(4096);
  for (let filled = 0; ; ) {
    const { bytesRead } = await file.read(head, filled, head.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === head.length) return head.subarray(0, filled);
  }
}

/** Reads at explicit places, which leaves the file's own position as it is. */
async function* chunksOfFile(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  for (let kept = 0, position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, kept, CHUNK - kept, position);
    position += bytesRead;
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
  readonly #chunks: Chunks;
  readonly #utf8 = new Utf8();
  readonly #strict: boolean;
  readonly #cut: boolean;
  readonly #decimal: DecimalMark;
  /** null until the header tells it. */
  #delimiter: number | null;
  #isLast = false;
  /** The loaded part in UTF-8; fields are ranges of it. Bytes are read faster than a text's characters. */
  #bytes: Buffer = NOTHING;
  /** The same with a character for each byte, so that a field of ASCII is a part of it. */
  #text = '';
  #isAscii = true;
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
  mayBreak = false;
  /** Place of the next carriage return, found by an earlier search. */
  #return = -1;
  /** Line number of a blank line, which no row may follow. */
  #blankLine: number | null = null;

  constructor(chunks: Chunks, { dialect, strict, cut }: CsvOptions) {
    this.#chunks = chunks;
    this.#strict = strict === true;
    this.#cut = cut === true;
    this.#decimal = dialect?.decimal ?? '.';
    const delimiter = dialect?.delimiter ?? ',';
    this.#delimiter = delimiter === 'auto' ? null : delimiter.charCodeAt(0);
  }

  async load(): Promise<boolean> {
    if (this.#isLast) return false;
    // A copy, since the chunks share a buffer.
    const rest = Buffer.from(this.#bytes.subarray(this.#next));
    if (rest.length > LONGEST_RECORD && rest.toString().length > LONGEST_RECORD) {
      const [found, expected] = rest.includes(QUOTE) ? NEVER_ENDS : LINE_TOO_LONG;
      this.#failAt(this.#nextLine, 0, found, expected);
    }
    const line = this.#nextLine + lineBreaks(this.#text, this.#next, this.#text.length);
    const { value: chunk, done } = await this.#chunks.next();
    this.#isLast = done === true;
    let bytes: Buffer = rest;
    if (!done) {
      const read = this.#utf8.check(chunk, line);
      bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
    } else if (this.#cut) return false;
    else {
      this.#utf8.finish(line);
      if (rest.length > 0 && rest.at(-1) !== LF) bytes = Buffer.concat([rest, Buffer.of(LF)]);
    }
    this.#bytes = bytes;
    this.#isAscii = isAscii(bytes);
    this.#text = bytes.toString('latin1');
    this.#next = 0;
    this.#end = bytes.lastIndexOf(LF) + 1;
    this.#return = -1;
    return true;
  }

  readHeader(): boolean {
    if (this.#end > 0 && this.#delimiter === null) this.#tellDelimiter();
    if (!this.next()) return false;
    this.header = Array.from({ length: this.width }, (_, column) => this.value(column));
    return true;
  }

  #tellDelimiter(): void {
    const header = /^(?:"(?:[^"]|"")*"|[^"\n])*/.exec(this.#text)?.[0] ?? '';
    const delimiter = delimiterOf(header);
    if (delimiter === ',' && this.#decimal === ',')
      throw new BadFile(
        'a header split by commas, and the comma is also the decimal mark (data.csv.decimal)',
        'another delimiter; data.csv.delimiter names it',
        { line: 1 },
      );
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Every line up to `#end` ends in LF, so that the search for the end of an unquoted field always finds one. */
  next(): boolean {
    const bytes = this.#bytes;
    const delimiter = this.#delimiter;
    const quote = this.#strict ? QUOTE : -1;
    for (;;) {
      const start = this.#next;
      const line = this.#nextLine;
      if (start >= this.#end) return false;
      this.#hasDoubledQuotes = false;
      this.mayBreak = false;
      let starts = this.#starts;
      let ends = this.#ends;
      let breaks = 0;
      let column = 0;
      let at = start;
      for (let code = delimiter; code === delimiter; at++, column++) {
        if (column === starts.length) {
          starts = this.#starts = doubled(starts);
          ends = this.#ends = doubled(ends);
        }
        code = bytes[at]!;
        if (code === QUOTE) {
          const closing = this.#closingQuote(at, line + breaks, column);
          if (closing === -1) return false;
          breaks += lineBreaks(this.#text, at, closing);
          if (this.#returnFrom(at) < closing) this.mayBreak = true;
          starts[column] = at + 1;
          ends[column] = closing;
          at = closing + 1;
          code = bytes[at]!;
          if (code === CR && bytes[at + 1] === LF) code = bytes[++at]!;
          if (code !== delimiter && code !== LF)
            this.#failAt(line + breaks, column, ...afterQuote(delimiter!), at);
        } else {
          starts[column] = at;
          for (;;) {
            while (code > CR && code !== delimiter && code !== quote) code = bytes[++at]!;
            if (code === delimiter || code === LF) break;
            if (code === quote) this.#failAt(line + breaks, column, ...INNER_QUOTE, starts[column], at);
            if (code === CR && bytes[at + 1] !== LF) this.#failAt(line + breaks, column, ...RETURN_ALONE);
            code = bytes[++at]!;
          }
          ends[column] = code === LF && at > start && bytes[at - 1] === CR ? at - 1 : at;
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
      if (breaks > 0) this.mayBreak = true;
      this.#start = start;
      this.width = column;
      this.position = line;
      return true;
    }
  }

  value(column: number): string {
    const start = this.#starts[column]!;
    const raw = this.#part(start, this.#ends[column]!);
    return this.#hasDoubledQuotes && this.#bytes[start - 1] === QUOTE ? raw.replaceAll('""', '"') : raw;
  }

  number(column: number): number {
    return parseDecimal(this.#text, this.#starts[column]!, this.#ends[column]!);
  }

  kind(column: number): CellKind {
    const start = this.#starts[column]!;
    const end = this.#ends[column]!;
    const kind = kindAt(this.#bytes, start, end, this.#decimal);
    return kind === null ? kindOf(this.#part(start, end), this.#decimal) : kind;
  }

  #part(start: number, end: number): string {
    if (!this.#isAscii)
      for (let at = start; at < end; at++)
        if (this.#bytes[at]! >= 0x80) return this.#bytes.toString('utf8', start, end);
    return this.#text.slice(start, end);
  }

  positionOf(column: number): number {
    return this.position + lineBreaks(this.#text, this.#start, this.#starts[column]!);
  }

  spansLines(column: number): boolean {
    return this.mayBreak && /[\r\n]/.test(this.value(column));
  }

  /** Place of the closing quote; -1 if it, or the character after it, is not loaded yet. */
  #closingQuote(opening: number, line: number, column: number): number {
    for (let from = opening + 1; ; ) {
      const at = this.#text.indexOf('"', from);
      if (at === -1 && this.#isLast) this.#failAt(line, column, ...NEVER_ENDS, opening);
      if (at === -1 || at + 1 >= this.#end) return -1;
      if (this.#bytes[at + 1] !== QUOTE) return at;
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

  /** The text from `start` to a little beyond `end`. */
  #begin(start: number, end: number): string {
    const length = this.#bytes.toString('utf8', start, end).length + 20;
    return this.#bytes.toString('utf8', start, end + 80).slice(0, length);
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
    const text = from === null ? found : this.#begin(from, end!);
    throw new BadFile(found, expected, { line, column: this.header[column] ?? String(column + 1), text });
  }
}

const NOTHING = Buffer.alloc(0);
const NEVER_ENDS = ['a quoted field that never ends', 'a closing quote'] as const;
const LINE_TOO_LONG = ['a line of more than 16,000,000 characters', 'rows on lines of their own'] as const;
const DELIMITERS: Readonly<Record<string, string>> = { ';': 'a semicolon', '\t': 'a tab', '|': 'a bar' };
const afterQuote = (delimiter: number) =>
  [
    'text after a closing quote',
    `${DELIMITERS[String.fromCharCode(delimiter)] ?? 'a comma'} or the end of the line (a quote inside a field is written twice)`,
  ] as const;
const INNER_QUOTE = [
  'a quote inside a field without quotes',
  'quotes around the whole field, if any',
] as const;
const RETURN_ALONE = ['a carriage return alone', 'lines that end in LF or CRLF'] as const;

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

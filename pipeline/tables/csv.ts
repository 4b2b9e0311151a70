/** What a CSV reader does with bytes that are not CSV: `column` counts from 0. */
export type CsvFailure = (line: number, column: number, found: string, expected: string) => never;

const QUOTE = 34;
const COMMA = 44;
const LF = 10;
const CR = 13;

/**
 * RFC 4180 records, one at a time, each with its line. Lines end in LF or CRLF; a field may be quoted, and then hold
 * commas, newlines and doubled quotes. Blank lines may only follow the last record. Fields are text, untrimmed.
 */
export class CsvReader {
  /** The line on which the current record starts, from 1. */
  line = 0;
  /** Fields of the current record. */
  width = 0;
  readonly #text: string;
  readonly #fail: CsvFailure;
  #position = 0;
  #nextLine = 1;
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #lines = new Int32Array(64);
  #doubledQuotes = new Uint8Array(64);

  constructor(text: string, fail: CsvFailure) {
    this.#text = text;
    this.#fail = fail;
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    const text = this.#text;
    const length = text.length;
    let position = this.#position;
    if (position >= length) return false;
    let line = this.#nextLine;
    this.line = line;
    let column = 0;
    for (;;) {
      if (column === this.#starts.length) this.#widen();
      this.#lines[column] = line;
      let end = position;
      let code = position < length ? text.charCodeAt(position) : LF;
      if (code === QUOTE) {
        const closing = this.#closingQuote(position, column, line);
        this.#starts[column] = position + 1;
        this.#ends[column] = closing;
        line += newlines(text, position, closing);
        end = closing + 1;
        code = end < length ? text.charCodeAt(end) : LF;
        if (code !== COMMA && code !== LF && !(code === CR && text.charCodeAt(end + 1) === LF)) {
          this.#fail(
            line,
            column,
            text.slice(end, end + 20),
            'a comma or the end of the line after a closing quote',
          );
        }
      } else {
        while (code !== COMMA && code !== LF && code !== CR) {
          if (code === QUOTE)
            this.#fail(line, column, text.slice(position, end + 20), 'quotes around the whole field, if any');
          code = ++end < length ? text.charCodeAt(end) : LF;
        }
        this.#starts[column] = position;
        this.#ends[column] = end;
        this.#doubledQuotes[column] = 0;
      }
      column++;
      position = end + 1;
      if (code === COMMA) continue;
      if (code === CR && text.charCodeAt(position++) !== LF) {
        this.#fail(line, column - 1, 'a carriage return alone', 'lines that end in LF or CRLF');
      }
      break;
    }
    this.width = column;
    this.#position = position;
    this.#nextLine = line + 1;
    if (column === 1 && this.#starts[0] === this.#ends[0]) return this.#onlyBlankLinesFollow();
    return true;
  }

  /** Where the field starts. */
  lineOf(column: number): number {
    return this.#lines[column]!;
  }

  field(column: number): string {
    const raw = this.#text.slice(this.#starts[column], this.#ends[column]);
    return this.#doubledQuotes[column] === 1 ? raw.replaceAll('""', '"') : raw;
  }

  /** The field as a decimal number, correctly rounded; NaN where it is anything else (nan, inf, hexadecimal, blanks). */
  number(column: number): number {
    return parseDecimal(this.#text, this.#starts[column]!, this.#ends[column]!);
  }

  #closingQuote(opening: number, column: number, line: number): number {
    this.#doubledQuotes[column] = 0;
    for (let from = opening + 1; ; ) {
      const at = this.#text.indexOf('"', from);
      if (at === -1) this.#fail(line, column, this.#text.slice(opening, opening + 20), 'a closing quote');
      if (this.#text.charCodeAt(at + 1) !== QUOTE) return at;
      this.#doubledQuotes[column] = 1;
      from = at + 2;
    }
  }

  #onlyBlankLinesFollow(): false {
    const rest = /[^\r\n]/g;
    rest.lastIndex = this.#position;
    if (rest.test(this.#text)) this.#fail(this.line, 0, 'a blank line', 'a row');
    this.#position = this.#text.length;
    return false;
  }

  #widen(): void {
    const grown = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const size = 2 * this.#starts.length;
    this.#starts = grown(this.#starts, new Int32Array(size));
    this.#ends = grown(this.#ends, new Int32Array(size));
    this.#lines = grown(this.#lines, new Int32Array(size));
    this.#doubledQuotes = grown(this.#doubledQuotes, new Uint8Array(size));
  }
}

function newlines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Powers of ten that a float64 holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));

/** `[+-]digits[.digits][e[+-]digits]`, else NaN. Up to 15 digits need one exact division or product. */
function parseDecimal(text: string, start: number, end: number): number {
  let i = start;
  let code = text.charCodeAt(i);
  const negative = code === 45;
  if (negative || code === 43) i++;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  const first = i;
  for (; i < end; i++) {
    code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      mantissa = 10 * mantissa + (code - 48);
      if (mantissa > 0) digits++;
    } else if (code === 46 && point === -1) point = i;
    else break;
  }
  if (i - first - (point === -1 ? 0 : 1) === 0) return Number.NaN;
  if (i < end) return EXPONENT.test(text.slice(i, end)) ? Number(text.slice(start, end)) : Number.NaN;
  const decimals = point === -1 ? 0 : end - point - 1;
  if (digits > 15 || decimals > 22) return Number(text.slice(start, end));
  const value = mantissa / POWERS[decimals]!;
  return negative ? -value : value;
}

const EXPONENT = /^[eE][+-]?\d+$/;

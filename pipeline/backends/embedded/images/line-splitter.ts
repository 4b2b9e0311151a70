import { StringDecoder } from 'node:string_decoder';

/** Longer lines are split, so that a program that never ends its line cannot fill the memory. */
const LONGEST_LINE = 65_536;

/** Splits a stream of UTF-8 bytes into lines. A carriage return also ends a line, because progress bars use it. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  readonly #longest: number;
  #rest = '';

  constructor(onLine: (line: string) => void, longest = LONGEST_LINE) {
    this.#onLine = onLine;
    this.#longest = longest;
  }

  write(chunk: Buffer): void {
    this.#take(this.#rest + this.#decoder.write(chunk));
  }

  /** Passes on the last line, even without a line end. */
  end(): void {
    this.#take(this.#rest + this.#decoder.end());
    if (this.#rest !== '') this.#onLine(this.#rest.replace(/\r$/, ''));
    this.#rest = '';
  }

  #take(text: string): void {
    // A carriage return at the end is kept, because its line feed may come with the next chunk.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(this.#pieces(line));
    this.#rest = this.#pieces(this.#rest);
  }

  /** Passes on all pieces of a line that is too long except the last, and returns that. */
  #pieces(line: string): string {
    let rest = line;
    for (; rest.length > this.#longest; rest = rest.slice(this.#longest)) {
      this.#onLine(rest.slice(0, this.#longest));
    }
    return rest;
  }
}

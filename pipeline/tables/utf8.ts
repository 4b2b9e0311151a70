import { isAscii, isUtf8 } from 'node:buffer';
import { BadFile } from './bad-file.ts';

const LF = 10;
const NOTHING = Buffer.alloc(0);

/** Text from UTF-8 bytes that come in pieces, of which each may end within a character; a byte-order mark is left out. */
export class Utf8 {
  #isFirst = true;
  /** The beginning of a character. */
  #rest: Buffer = NOTHING;

  /**
   * @param line where the bytes start
   * @throws BadFile where they are no text
   */
  decode(bytes: Uint8Array, line: number): string {
    const all = this.#rest.length === 0 ? view(bytes) : Buffer.concat([this.#rest, bytes]);
    const end = all.length - unfinished(all);
    // A copy: the caller may read the next bytes into the same place.
    this.#rest = end === all.length ? NOTHING : Buffer.from(all.subarray(end));
    const whole = all.subarray(0, end);
    if (!isUtf8(whole)) throw notText(line + linesBefore(whole, (part) => !isUtf8(part)));
    if (whole.includes(0)) throw notText(line + linesBefore(whole, (part) => part.includes(0)), 'NUL');
    const hasMark = this.#isFirst && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf;
    if (whole.length > 0) this.#isFirst = false;
    return isAscii(whole) ? whole.toString('latin1') : whole.toString('utf8', hasMark ? 3 : 0);
  }

  /** @throws BadFile where the bytes end within a character */
  finish(line: number): void {
    if (this.#rest.length > 0) throw notText(line);
  }
}

const view = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

const notText = (line: number, kind: 'encoding' | 'NUL' = 'encoding') =>
  new BadFile('a byte that is not UTF-8 text', 'a file saved as UTF-8', { line, kind });

/** How many bytes at the end begin a character that is longer. */
function unfinished(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length : 0;
  }
  return 0;
}

/** How many lines come before the first that the test holds for: no UTF-8 character spans a line's end. */
function linesBefore(bytes: Buffer, test: (line: Buffer) => boolean): number {
  for (let lines = 0, start = 0; ; lines++) {
    const end = bytes.indexOf(LF, start);
    if (end === -1 || test(bytes.subarray(start, end))) return lines;
    start = end + 1;
  }
}

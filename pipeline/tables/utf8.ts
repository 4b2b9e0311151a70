import { isAscii, isUtf8 } from 'node:buffer';
import { BadFile } from './bad-file.ts';

const LF = 10;
const NOTHING = Buffer.alloc(0);

/** Decodes UTF-8 bytes in chunks, each of which may end within a character; drops a byte-order mark. */
export class Utf8 {
  #isFirst = true;
  /** First bytes of a character that the next chunk continues. */
  #rest: Buffer = NOTHING;

  /**
   * @param line the line on which the bytes start
   * @throws BadFile if the bytes are not text
   */
  decode(bytes: Uint8Array, line: number): string {
    const all = this.#rest.length === 0 ? view(bytes) : Buffer.concat([this.#rest, bytes]);
    const end = all.length - unfinished(all);
    // A copy, since the caller may reuse its buffer.
    this.#rest = end === all.length ? NOTHING : Buffer.from(all.subarray(end));
    const whole = all.subarray(0, end);
    if (!isUtf8(whole)) throw notText(line + linesBefore(whole, (part) => !isUtf8(part)));
    if (whole.includes(0)) throw notText(line + linesBefore(whole, (part) => part.includes(0)), 'NUL');
    const hasMark = this.#isFirst && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf;
    if (whole.length > 0) this.#isFirst = false;
    return isAscii(whole) ? whole.toString('latin1') : whole.toString('utf8', hasMark ? 3 : 0);
  }

  /** @throws BadFile if the bytes end within a character */
  finish(line: number): void {
    if (this.#rest.length > 0) throw notText(line);
  }
}

const view = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

const notText = (line: number, kind: 'encoding' | 'NUL' = 'encoding') =>
  new BadFile('a byte that is not UTF-8 text', 'a file saved as UTF-8', { line, kind });

/** Number of bytes at the end that begin an incomplete character. */
function unfinished(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length : 0;
  }
  return 0;
}

/** Number of lines before the first one that passes the test. No UTF-8 character spans the end of a line. */
function linesBefore(bytes: Buffer, test: (line: Buffer) => boolean): number {
  for (let lines = 0, start = 0; ; lines++) {
    const end = bytes.indexOf(LF, start);
    if (end === -1 || test(bytes.subarray(start, end))) return lines;
    start = end + 1;
  }
}

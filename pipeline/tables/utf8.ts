import { isUtf8 } from 'node:buffer';
import { BadFile } from './bad-file.ts';

const LF = 10;
const NOTHING = Buffer.alloc(0);

/** Checks UTF-8 bytes in chunks, each of which may end within a character; drops a byte-order mark. */
export class Utf8 {
  #isFirst = true;
  /** First bytes of a character that the next chunk continues. */
  #rest: Buffer = NOTHING;
  /** Number of bytes before the next chunk, without `#rest`. */
  #offset = 0;

  /**
   * The bytes as whole characters, which may be a part of the chunk itself.
   *
   * @param line the line on which the bytes start
   * @throws BadFile if the bytes are not text
   */
  check(bytes: Uint8Array, line: number): Buffer {
    const all = this.#rest.length === 0 ? view(bytes) : Buffer.concat([this.#rest, bytes]);
    const end = all.length - unfinished(all);
    // A copy, since the caller may reuse its buffer.
    this.#rest = end === all.length ? NOTHING : Buffer.from(all.subarray(end));
    const whole = all.subarray(0, end);
    if (!isUtf8(whole)) throw this.#notText(all, line, (part) => !isUtf8(part));
    if (whole.includes(0)) throw this.#notText(all, line, (part) => part.includes(0), 'NUL');
    const hasMark = this.#isFirst && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf;
    if (whole.length > 0) this.#isFirst = false;
    this.#offset += end;
    return hasMark ? whole.subarray(3) : whole;
  }

  /** @throws BadFile if the bytes end within a character */
  finish(line: number): void {
    if (this.#rest.length > 0) throw this.#notText(this.#rest, line, () => true);
  }

  /** The error for the first line that `isWrong`. No UTF-8 character spans the end of a line. */
  #notText(
    bytes: Buffer,
    line: number,
    isWrong: (line: Buffer) => boolean,
    kind: 'encoding' | 'NUL' = 'encoding',
  ): BadFile {
    let start = 0;
    let breaks = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      if (isWrong(bytes.subarray(start, end))) break;
      start = end + 1;
      breaks += 1;
    }
    const end = bytes.indexOf(LF, start);
    const part = bytes.subarray(start, end === -1 ? undefined : end);
    const at = kind === 'NUL' ? part.indexOf(0) : firstWrong(part);
    const offset = this.#offset + start + at;
    const place = { line: line + breaks, kind };
    if (kind === 'NUL') return new BadFile(`a NUL character (offset ${offset})`, nulExpected(bytes), place);
    const hasMark =
      offset === 0 && ((part[0] === 0xff && part[1] === 0xfe) || (part[0] === 0xfe && part[1] === 0xff));
    // windows-1252 has letters and quotes where Latin-1 has control characters.
    const fits = hasMark
      ? 'utf-16'
      : part.some((byte) => byte >= 0x80 && byte < 0xa0)
        ? 'windows-1252'
        : 'latin-1';
    return new BadFile(
      `byte 0x${part[at]?.toString(16).padStart(2, '0')} at offset ${offset}, which is not UTF-8`,
      `text in UTF-8; data.csv: { encoding: ${fits} } reads it as ${fits}`,
      place,
    );
  }
}

/** Every second byte of UTF-16 is 0 in most alphabets. */
const nulExpected = (bytes: Buffer): string =>
  bytes.subarray(0, 64).filter((byte) => byte === 0).length >= Math.min(16, bytes.length >> 2)
    ? 'text; data.csv: { encoding: utf-16 } reads a file saved as UTF-16'
    : 'text without it';

const view = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

/** Place of the first byte that does not continue valid UTF-8. */
function firstWrong(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const character = bytes.subarray(at, at + length);
    if (character.length < length || !isUtf8(character)) return at;
    at += length;
  }
  return 0;
}

/** Number of bytes at the end that begin an incomplete character. */
function unfinished(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length : 0;
  }
  return 0;
}

import { BadFile } from './bad-file.ts';
import type { Encoding } from './dialect.ts';

/** The bytes that windows-1252 leaves undefined. */
const UNDEFINED = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/**
 * Turns the chunks of a text into UTF-8.
 *
 * @throws BadFile with line and offset where the bytes are not text in the encoding
 */
export async function* transcode(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  encoding: Exclude<Encoding, 'utf-8'>,
): AsyncGenerator<Uint8Array> {
  let decode: ((bytes: Buffer) => string) | null = null;
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let offset = 0;
  for await (const chunk of chunks) {
    const all = Buffer.concat([rest, chunk]);
    if (all.length < 2 && encoding === 'utf-16') {
      rest = all;
      continue;
    }
    decode ??= decoderOf(encoding, all);
    const bytes = encoding === 'utf-16' ? all.subarray(0, all.length & ~1) : all;
    rest = Buffer.from(all.subarray(bytes.length));
    if (encoding === 'windows-1252') {
      const wrong = bytes.findIndex((byte) => byte >= 0x80 && UNDEFINED.includes(byte));
      if (wrong !== -1) throw undefinedByte(bytes, wrong, line, offset);
    }
    let text: string;
    try {
      text = decode(bytes);
    } catch {
      throw new BadFile('bytes that are not UTF-16', 'a file saved as UTF-16', { line, kind: 'encoding' });
    }
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line += 1;
    offset += bytes.length;
    yield Buffer.from(text, 'utf8');
  }
  if (rest.length > 0)
    throw new BadFile('half a character at the end', 'a file saved as UTF-16', { line, kind: 'encoding' });
}

function decoderOf(encoding: Exclude<Encoding, 'utf-8'>, start: Buffer): (bytes: Buffer) => string {
  if (encoding === 'latin-1') return (bytes) => bytes.toString('latin1');
  // Without a byte-order mark, the zero byte of the first character tells the order.
  const isBigEndian = (start[0] === 0xfe && start[1] === 0xff) || (start[0] === 0 && start[1] !== 0);
  const name = encoding === 'windows-1252' ? encoding : isBigEndian ? 'utf-16be' : 'utf-16le';
  const decoder = new TextDecoder(name, { fatal: true });
  return (bytes) => decoder.decode(bytes, { stream: true });
}

function undefinedByte(bytes: Buffer, at: number, line: number, offset: number): BadFile {
  const before = bytes.subarray(0, at);
  let breaks = 0;
  for (let next = before.indexOf(10); next !== -1; next = before.indexOf(10, next + 1)) breaks += 1;
  const found = `byte 0x${bytes[at]?.toString(16)} at offset ${offset + at}, which windows-1252 leaves undefined`;
  return new BadFile(found, 'a file saved as windows-1252', { line: line + breaks, kind: 'encoding' });
}

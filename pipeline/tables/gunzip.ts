import { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { BadFile } from './bad-file.ts';

/**
 * Unpacks chunks of a gzip file; several packed parts in a row are one text.
 *
 * @param cut whether the chunks are only the start of the file
 * @throws BadFile if the file is damaged or cut off
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { cut = false, chunkSize = 1 << 19 }: { cut?: boolean; chunkSize?: number } = {},
): AsyncGenerator<Uint8Array> {
  // A copy of each, since the reader fills its buffer again while a stream still holds it.
  const copies = async function* () {
    for await (const chunk of chunks) if (chunk.length > 0) yield Buffer.from(chunk);
  };
  const unpacker = createGunzip({ chunkSize, ...(cut && { finishFlush: constants.Z_SYNC_FLUSH }) });
  const packed = Readable.from(copies(), { objectMode: false, highWaterMark: chunkSize });
  packed.on('error', (error) => unpacker.destroy(error));
  try {
    yield* packed.pipe(unpacker) as AsyncIterable<Buffer>;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    const found = code === 'Z_BUF_ERROR' ? 'a gzip file that is cut off' : 'a damaged gzip file';
    throw new BadFile(found, 'a whole one');
  }
}

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import { didYouMeanPath, kindOf } from './locate.ts';

const largestFile = 1_000_000;

/** Reads a file of settings. Never waits, as a pipe would let it, and never reads more than 1 MB. Throws ConfigError. */
export async function readText(path: string): Promise<string> {
  const fail = (message: string) => new ConfigError(path, [{ path: '', message }]);
  let file: FileHandle | undefined;
  try {
    // Opening a pipe or a device without O_NONBLOCK may wait for whoever writes to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw fail(`got ${kindOf(found)}, expected a file`);
    if (found.size > largestFile) throw tooLarge(found.size);
    const bytes = Buffer.alloc(largestFile + 1);
    let length = 0;
    // A file of /proc has no size, so the end is where nothing more comes.
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = (await file.read(bytes, length, bytes.length - length, length)).bytesRead;
    if (length > largestFile) throw tooLarge(length);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw fail('got bytes that are not UTF-8, expected text in UTF-8');
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const hint = await didYouMeanPath(path, 'mlops.yaml');
      throw fail(`no such file; --config names another${hint}`);
    }
    if (code === 'EISDIR') throw fail('got a folder, expected a file');
    if (code === 'ENXIO') throw fail('got a socket or a device, expected a file');
    if (code === 'EACCES' || code === 'EPERM')
      throw fail('cannot be read: you have no permission to read it');
    throw fail(`cannot be read: ${message}`);
  } finally {
    await file?.close();
  }

  function tooLarge(size: number) {
    return fail(`got ${size} bytes, expected at most ${largestFile}`);
  }
}

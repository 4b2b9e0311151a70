import { open } from 'node:fs/promises';

/** SageMaker's limit on a failure or exit message. */
const LENGTH = 1024;

/** The first 1,024 characters of a text file; the empty string if the file does not exist. */
export async function readStart(path: string): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4 * LENGTH), 0, 4 * LENGTH, 0);
    return buffer.toString('utf8', 0, bytesRead).slice(0, LENGTH).trim();
  } finally {
    await file.close();
  }
}

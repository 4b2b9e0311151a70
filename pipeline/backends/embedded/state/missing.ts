/** null where there is no such file or folder; any other trouble (no permission, a bad disk) is thrown, not taken for nothing. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether the file system found nothing of that name, or a folder where a file was wanted, or the other way round. */
export function isMissing(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code);
}

/** null if the file or folder does not exist. Other errors (no permission, a bad disk) are thrown. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether the file or folder does not exist, or one was found in place of the other. */
export function isMissing(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code);
}

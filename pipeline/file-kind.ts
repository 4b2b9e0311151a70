import type { Stats } from 'node:fs';

/** What stands at a path in place of a file or a folder, which a read would wait for without end; null for those two. */
export function endless(found: Stats): string | null {
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  return found.isCharacterDevice() || found.isBlockDevice() ? 'a device' : null;
}

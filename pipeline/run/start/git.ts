import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Checkout {
  commit: string;
  /** null if HEAD is detached. */
  ref: string | null;
  /** Whether files differ from the commit or are new. */
  dirty: boolean;
}

/** The state of a folder's git checkout; null if it is none, has no commit yet, or git is not installed. */
export async function checkoutOf(folder: string): Promise<Checkout | null> {
  const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args])).stdout.trim();
  try {
    const [commit, ref, status] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('symbolic-ref', '--quiet', '--short', 'HEAD').catch(() => null),
      git('status', '--porcelain', '--', '.'),
    ]);
    return { commit, ref, dirty: status !== '' };
  } catch {
    return null;
  }
}

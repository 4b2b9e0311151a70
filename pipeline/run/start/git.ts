import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Checkout {
  commit: string;
  /** null where HEAD is detached. */
  ref: string | null;
  /** Tracked files differ from the commit, or there are new ones. */
  dirty: boolean;
}

/** What git says of a folder; null where it is no checkout, has no commit yet, or there is no git. */
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

import { ask, at, repository } from './github.ts';

/** The commit that a branch points to. Throws an Error if GitHub knows no such branch. */
export async function headOf(branch: string): Promise<string> {
  const sha = at(await ask(`/repos/${repository()}/branches/${encodeURIComponent(branch)}`), 'commit.sha');
  if (typeof sha !== 'string') throw new Error(`branch ${branch}: got none, expected one of ${repository()}`);
  return sha;
}

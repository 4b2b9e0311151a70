import { ask, at, listOf, repository } from './github.ts';

/** The number of the pull request that a commit merged; empty if there is none. */
export async function mergedBy(commit: string): Promise<string> {
  const pulls = listOf(await ask(`/repos/${repository()}/commits/${commit}/pulls`));
  const merged = pulls.find((pull) => at(pull, 'merged_at') && at(pull, 'merge_commit_sha') === commit);
  return String(at(merged, 'number') ?? '');
}

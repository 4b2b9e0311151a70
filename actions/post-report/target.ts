import type { Context } from '../shared/context.ts';
import type { Octokit } from '../shared/github.ts';
import { statusOf } from '../shared/github-error.ts';

/** The place that a report belongs to. */
export type Target =
  | {
      kind: 'pull request';
      number: number;
      /** The commit that gets the check. */
      sha: string;
    }
  | { kind: 'issue' }
  | { kind: 'none'; why: string };

const retrains = ['schedule', 'repository_dispatch', 'workflow_dispatch'];

/**
 * The pull request that the input names, that the event is about, or that the pushed commit merged; an issue for a retrain,
 * which has no pull request.
 * @param given the input `pull-request`
 * @param commit the commit that the report is about; null if it does not say
 */
export async function targetOf(
  given: number | undefined,
  { octokit, context, commit }: { octokit: Octokit; context: Context; commit: string | null },
): Promise<Target> {
  const { repo, payload, eventName = '', sha = '' } = context;
  if (eventName === 'push') {
    // The pushed commit is not the pull request's head, so there is no newer head to look for.
    const number = given ?? (await mergedBy(sha, { octokit, repo }));
    if (number !== null) return { kind: 'pull request', number, sha };
    return { kind: 'none', why: `${sha.slice(0, 7)} merged no pull request` };
  }
  const number = given ?? payload.pull_request?.number;
  if (number === undefined) {
    if (retrains.includes(eventName)) return { kind: 'issue' };
    return { kind: 'none', why: `the event ${eventName} has no pull request` };
  }
  const pull = await pullOf(number, { octokit, repo });
  if (pull === null)
    return { kind: 'none', why: `${repo.owner}/${repo.repo} has no pull request #${number}` };
  const { head, merge } = pull;
  // A run of what the pull request merged, which a later workflow goes on with.
  if (commit !== null && commit === merge) return { kind: 'pull request', number, sha: commit };
  const ran = [commit, payload.pull_request?.head?.sha, payload.workflow_run?.head_sha].find(
    (each) => typeof each === 'string' && each !== head,
  );
  if (!ran) return { kind: 'pull request', number, sha: head };
  return {
    kind: 'none',
    why: `the head of #${number} is now ${head.slice(0, 7)}, and this run was for ${ran.slice(0, 7)}`,
  };
}

interface Where {
  octokit: Octokit;
  repo: Context['repo'];
}

async function mergedBy(commit_sha: string, { octokit, repo }: Where): Promise<number | null> {
  const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...repo, commit_sha });
  const merged = data.find((pull) => pull.merged_at !== null && pull.merge_commit_sha === commit_sha);
  return merged?.number ?? null;
}

async function pullOf(
  pull_number: number,
  { octokit, repo }: Where,
): Promise<{ head: string; merge: string | null } | null> {
  try {
    const { data } = await octokit.rest.pulls.get({ ...repo, pull_number });
    return { head: data.head.sha, merge: data.merged_at === null ? null : data.merge_commit_sha };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

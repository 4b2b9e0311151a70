import type { Context } from '../shared/context.ts';
import { type GitHub, statusOf } from '../shared/github.ts';

/** Where a report belongs. */
export type Target =
  | {
      kind: 'pull request';
      number: number;
      /** What a check is about. */
      sha: string;
    }
  | { kind: 'issue' }
  | { kind: 'none'; why: string };

const retrains = ['schedule', 'repository_dispatch', 'workflow_dispatch'];

/**
 * The pull request that is given, of the event, or that the pushed commit merged; an issue for what nobody proposed.
 * @param given the input `pull-request`
 * @param commit of the report; null where there is none
 */
export async function targetOf(
  given: number | undefined,
  { github, context, commit }: { github: GitHub; context: Context; commit: string | null },
): Promise<Target> {
  const { event, eventName, sha } = context;
  const [owner = '', repo = ''] = context.repository.split('/');
  if (eventName === 'push') {
    // A merge is not what the pull request's head is; so nothing can have moved on.
    const number = given ?? (await mergedBy(sha, { github, owner, repo }));
    if (number !== null) return { kind: 'pull request', number, sha };
    return { kind: 'none', why: `${sha.slice(0, 7)} merged no pull request` };
  }
  const number = given ?? event.pull_request?.number;
  if (number === undefined) {
    if (retrains.includes(eventName)) return { kind: 'issue' };
    return { kind: 'none', why: `the event ${eventName} has no pull request` };
  }
  const head = await headOf(number, { github, owner, repo });
  if (head === null) return { kind: 'none', why: `${context.repository} has no pull request #${number}` };
  const ran = [commit, event.pull_request?.head.sha, event.workflow_run?.head_sha].find(
    (each) => typeof each === 'string' && each !== head,
  );
  if (!ran) return { kind: 'pull request', number, sha: head };
  return {
    kind: 'none',
    why: `the head of #${number} is ${head.slice(0, 7)} by now, and this run was of ${ran.slice(0, 7)}`,
  };
}

interface Where {
  github: GitHub;
  owner: string;
  repo: string;
}

async function mergedBy(commit: string, { github, ...where }: Where): Promise<number | null> {
  const route = 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls';
  const { data } = await github.request(route, { ...where, commit_sha: commit });
  const merged = data.find((pull) => pull.merged_at !== null && pull.merge_commit_sha === commit);
  return merged?.number ?? null;
}

async function headOf(number: number, { github, ...where }: Where): Promise<string | null> {
  try {
    const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}';
    return (await github.request(route, { ...where, pull_number: number })).data.head.sha;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

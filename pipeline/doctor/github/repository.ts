import { type GitHubClient, GitHubRefusal } from '../../github/client.ts';
import { ok, problem, warning } from '../check.ts';
import { type Finding, finding, whyRefused } from './finding.ts';

/** The facts about a repository that the checks need. */
export interface Repository {
  /** `/repos/OWNER/NAME` */
  path: string;
  /** `OWNER/NAME` */
  name: string;
  /** The default branch. */
  branch: string;
  isPublic: boolean;
  ownerIsOrganization: boolean;
  /** The last push. */
  pushed: Date;
}

interface Answer {
  full_name: string;
  default_branch: string;
  visibility?: string;
  private: boolean;
  pushed_at: string | null;
  created_at: string;
  owner: { type: string };
  permissions?: { admin?: boolean };
}

/** Looks a repository up. `found` is null if GitHub does not show it. */
export async function findRepository(
  client: GitHubClient,
  name: string,
): Promise<{ found: Repository | null; check: Finding }> {
  let answer: Answer;
  try {
    answer = await client.get<Answer>(`/repos/${name}`);
  } catch (error) {
    if (!(error instanceof GitHubRefusal)) throw error;
    const why = whyRefused(error);
    const missing = `${name}: GitHub shows no such repository${client.hasToken ? ' to this token' : ' without a token'}`;
    const check =
      error.status === 404
        ? problem(
            'Repository',
            missing,
            'Set GITHUB_TOKEN to a token that may read it, or give --repository OWNER/NAME.',
          )
        : problem('Repository', `${name}: ${why.because}`, why.fix);
    return { found: null, check: finding(check) };
  }
  const { full_name, default_branch, visibility, owner, pushed_at, created_at } = answer;
  const found = {
    path: `/repos/${full_name}`,
    name: full_name,
    branch: default_branch,
    isPublic: visibility === 'public' || (visibility === undefined && !answer.private),
    ownerIsOrganization: owner.type === 'Organization',
    pushed: new Date(pushed_at ?? created_at),
  };
  const facts = `${full_name}: ${visibility ?? (answer.private ? 'private' : 'public')}, default branch ${default_branch}`;
  const check =
    answer.permissions?.admin === true
      ? ok('Repository', facts)
      : warning(
          'Repository',
          `${facts}; the token is not of an administrator, so some settings cannot be seen`,
          'Set GITHUB_TOKEN to a token of one; `mlops doctor --help` lists its permissions.',
        );
  return { found, check: finding(check) };
}

import { GitHubError } from './github-error.ts';
import { type Repository, type SubjectTemplate, subjectPrefix } from './token-subject.ts';
import type { Workflows } from './token-trust.ts';

/**
 * Asks GitHub whose tokens a repository's workflows carry: the prefix of their subjects, and the default branch. Throws
 * GitHubError if GitHub refuses to answer, SetupError if no role could trust the subject.
 */
export async function askWorkflows(repository: string): Promise<Workflows> {
  const found = await get<Repository & { default_branch: string }>(`/repos/${repository}`, repository);
  const template = await get<SubjectTemplate>(
    `/repos/${repository}/actions/oidc/customization/sub`,
    repository,
  );
  return { subjectPrefix: subjectPrefix(found, template), branch: found.default_branch };
}

async function get<T>(path: string, repository: string): Promise<T> {
  const token = process.env.GITHUB_TOKEN ?? process.env.GH_TOKEN;
  const response = await fetch(`${process.env.GITHUB_API_URL ?? 'https://api.github.com'}${path}`, {
    headers: {
      accept: 'application/vnd.github+json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
  });
  if (response.ok) return (await response.json()) as T;
  throw new GitHubError(
    `${repository}: GitHub answered ${response.status} to GET ${path}, expected 200`,
    'set GITHUB_TOKEN to a token that reads the repository and its Actions settings, or give --subject-prefix',
  );
}

import { GitHubClient, GitHubRefusal } from './client.ts';
import { GitHubError } from './github-error.ts';
import { type Repository, type SubjectTemplate, subjectPrefix } from './token-subject.ts';
import type { Workflows } from './token-trust.ts';

/**
 * Asks GitHub whose tokens a repository's workflows carry: the prefix of their subjects, and the default branch. Throws
 * GitHubError if GitHub refuses to answer, SetupError if no role could trust the subject.
 */
export async function askWorkflows(repository: string): Promise<Workflows> {
  const client = new GitHubClient();
  const get = async <T>(path: string): Promise<T> =>
    await client.get<T>(path).catch((error: Error) => {
      if (!(error instanceof GitHubRefusal)) throw error;
      throw new GitHubError(
        `${repository}: GitHub answered ${error.status} to GET ${path}, expected 200`,
        'set GITHUB_TOKEN to a token that reads the repository and its Actions settings, or give --subject-prefix',
      );
    });
  const found = await get<Repository & { default_branch: string }>(`/repos/${repository}`);
  const template = await get<SubjectTemplate>(`/repos/${repository}/actions/oidc/customization/sub`);
  return { subjectPrefix: subjectPrefix(found, template), branch: found.default_branch };
}

import { execFileSync } from 'node:child_process';
import { type Repository, repositoryOfRemote, type SubjectTemplate, subjectPrefix } from './subject.ts';

/** GitHub, or git, does not tell what is asked. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  /** The message without what to do about it on the command line of bootstrap. */
  readonly found: string;

  constructor(found: string, mend: string) {
    super(`${found}: ${mend}`);
    this.found = found;
  }
}

/** What the subjects of a repository's tokens begin with, as GitHub says. Throws GitHubError where it does not say. */
export async function askGitHub(repository: string): Promise<string> {
  const found = await github<Repository>(`/repos/${repository}`, repository);
  const template = await github<SubjectTemplate>(
    `/repos/${repository}/actions/oidc/customization/sub`,
    repository,
  );
  return subjectPrefix(found, template);
}

async function github<T>(path: string, repository: string): Promise<T> {
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

/** `OWNER/REPO` of the checkout's remote. Throws GitHubError where it is not on GitHub. */
export function originRepository(): string {
  let url = '';
  try {
    url = execFileSync('git', ['remote', 'get-url', 'origin'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {}
  const repository = repositoryOfRemote(url);
  if (repository === undefined)
    throw new GitHubError(
      `remote origin: got ${url.trim() || 'none'}, expected a repository on github.com`,
      'give --repository OWNER/REPO',
    );
  return repository;
}

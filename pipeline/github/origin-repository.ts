import { execFileSync } from 'node:child_process';
import { GitHubError } from './github-error.ts';

/** `OWNER/REPO` of the checkout's remote. Throws GitHubError if it is not on GitHub. */
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

/** `OWNER/REPO` of a git remote's URL; undefined if it is not on GitHub. */
export function repositoryOfRemote(url: string): string | undefined {
  const pattern = /^(?:https:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)github\.com[:/]([^/]+\/[^/]+?)(?:\.git)?\/?$/;
  return pattern.exec(url.trim())?.[1];
}

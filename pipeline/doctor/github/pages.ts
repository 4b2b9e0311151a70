import { type GitHubClient, GitHubRefusal } from '../../github/client.ts';
import { ok, problem, warning } from '../check.ts';
import { type Finding, finding } from './finding.ts';
import type { Repository } from './repository.ts';

const variable = 'RELEASE_PAGES';
const advice = 'Settings, Pages, Source: GitHub Actions.';

/**
 * Whether the site that the variable RELEASE_PAGES asks for takes what a workflow deploys, and who sees it. Nothing where the
 * variable is not set, or where the token may not see it.
 */
export async function checkPages(
  client: GitHubClient,
  { path, isPublic }: Pick<Repository, 'path' | 'isPublic'>,
): Promise<Finding[]> {
  const asked = await unlessRefused(client.get<{ value: string }>(`${path}/actions/variables/${variable}`));
  if (asked?.value !== 'true') return [];
  const site = await unlessRefused(
    client.get<{ build_type?: string | null; public?: boolean }>(`${path}/pages`),
    [404],
  );
  if (site === null)
    return [finding(problem('Pages', `${variable} is true, and the repository has no site`, advice))];
  if (site.build_type !== 'workflow')
    return [
      finding(
        problem(
          'Pages',
          `the site is built from a branch, expected by workflows, as ${variable} asks for`,
          advice,
        ),
      ),
    ];
  if (!isPublic && site.public !== false)
    return [
      finding(
        warning(
          'Pages',
          'the repository is private, and its site with the pages of releases is public',
          `Limit the site (Settings, Pages, Visibility; Enterprise Cloud), or delete the variable ${variable}, if that was not meant.`,
        ),
      ),
    ];
  return [finding(ok('Pages', 'workflows deploy the pages of releases'))];
}

/** The answer; null if GitHub refuses it, with one of these statuses if any are given. */
async function unlessRefused<T>(answer: Promise<T>, statuses: number[] = [401, 403, 404]): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GitHubRefusal && statuses.includes(error.status)) return null;
    throw error;
  }
}

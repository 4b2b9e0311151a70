import { environmentsOf } from '../../config/environment.ts';
import type { Config } from '../../config/schema.ts';
import { type GitHubClient, GitHubRefusal } from '../../github/client.ts';
import { checkForks, checkPinning, checkToken } from './actions-settings.ts';
import { checkEnvironments, wantedFor } from './environments.ts';
import { type Change, type Finding, unseen } from './finding.ts';
import { checkPages } from './pages.ts';
import { findRepository } from './repository.ts';
import { findReviewers } from './reviewers.ts';
import { checkRuleset } from './ruleset.ts';
import { checkVariables } from './variables.ts';
import { checkWorkflows } from './workflow-states.ts';

/**
 * Checks the settings of a repository on GitHub that a merge's safety rests on; nothing more if GitHub does not show the
 * repository. A repository without environments in mlops.yaml needs none on GitHub and no variables.
 *
 * @param options.repository `OWNER/NAME`
 * @param options.reviewers who shall approve, LOGIN or ORGANIZATION/TEAM each; empty: who does already
 */
export async function checkGitHub(options: {
  client: GitHubClient;
  repository: string;
  project: Pick<Config, 'project' | 'environments'>;
  reviewers: readonly string[];
  now: Date;
}): Promise<Finding[]> {
  const { client, project, now } = options;
  const { found, check } = await findRepository(client, options.repository);
  if (found === null) return [check];
  const reviewers = await findReviewers(client, options.reviewers);
  const environments = environmentsOf(project).map(({ deployment, settings }) => ({
    deployment,
    approval: settings.approval ?? false,
  }));
  const wanted = environments.flatMap(({ deployment, approval }) =>
    wantedFor(deployment.environment, approval),
  );
  const groups = await Promise.all([
    seen('Branch', () => checkRuleset(client, found)),
    seen('Token', () => checkToken(client, found)),
    seen('Actions', () => checkPinning(client, found)),
    seen('Forks', () => checkForks(client, found)),
    seen('Workflows', () => checkWorkflows(client, found, now)),
    seen('Pages', () => checkPages(client, found)),
    ...(environments.length === 0
      ? []
      : [
          seen('Environments', () => checkEnvironments(client, found, wanted, reviewers)),
          seen('Variables', () => checkVariables(client, found, environments)),
        ]),
  ]);
  return [check, ...groups.flat()];
}

/** A check that GitHub does not show is a warning: what a token may not see is not missing. */
async function seen(name: string, check: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    if (error instanceof GitHubRefusal) return [unseen(name, error)];
    throw error;
  }
}

/** The changes of all findings, in the order in which they are made. */
export const changesOf = (findings: readonly Finding[]): Change[] =>
  findings.flatMap(({ changes }) => changes);

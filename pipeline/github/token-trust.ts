/** The issuer of the tokens of GitHub's workflows. */
export const issuer = 'token.actions.githubusercontent.com';

/** What decides whose tokens the roles of an environment trust. */
export interface Workflows {
  /** The start of every subject of the repository's tokens: `repo:OWNER/REPO`, or the same with ids. */
  readonly subjectPrefix: string;
  /** The default branch. Workflows run from it once they are reviewed and merged. */
  readonly branch: string;
}

/** The workflows of this repository that assume each role, in .github/workflows. A test holds the list to the files. */
export const workflowsOf = {
  pullRequest: ['pull-request.yml'],
  deploy: ['approve.yml', 'deploy-environment.yml', 'monitor.yml', 'release-model.yml', 'smoke.yml'],
} as const;

export type GitHubRole = keyof typeof workflowsOf;

/** The claims of a token that a role demands, by name, each with the values that it accepts. `*` stands for any text. */
export type Claims = Readonly<Record<string, readonly string[]>>;

/**
 * The claims of the tokens of a role's jobs (https://docs.github.com/actions/reference/security/oidc). `job_workflow_ref`
 * names the file that holds the job, which for a reusable workflow is the file that is called. A pull request runs from
 * its merge with the base, `refs/pull/NUMBER/merge`, everything else that has a role from the default branch.
 *
 * AWS STS knows `ref` and `job_workflow_ref` in its commercial regions only
 * (https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/). Elsewhere a role that demands
 * them would trust nobody.
 */
export function claimsOf(
  role: GitHubRole,
  { subjectPrefix, branch }: Workflows,
  { environment, approval, partition }: { environment: string; approval: boolean; partition: string },
): Claims {
  const ref = role === 'pullRequest' ? 'refs/pull/*/merge' : `refs/heads/${branch}`;
  const subjects =
    role === 'pullRequest'
      ? ['pull_request']
      : // If the gate holds, a job in the second environment waits for a reviewer and then promotes.
        [`environment:${environment}`, ...(approval ? [`environment:${environment}-approval`] : [])];
  const repository = repositoryOf(subjectPrefix);
  return {
    sub: subjects.map((subject) => `${subjectPrefix}:${subject}`),
    ...(partition === 'aws' && {
      ref: [ref],
      job_workflow_ref: workflowsOf[role].map((file) => `${repository}/.github/workflows/${file}@${ref}`),
    }),
  };
}

/** The conditions of a trust policy for these claims. */
export function conditionsOf(claims: Claims): Record<string, Record<string, string | string[]>> {
  const demanded = Object.entries(claims).map(([claim, values]): [string, string[]] => [
    `${issuer}:${claim}`,
    [...values],
  ]);
  const isPattern = ([, values]: [string, string[]]) => values.some((value) => value.includes('*'));
  const patterns = demanded.filter(isPattern);
  return {
    StringEquals: {
      [`${issuer}:aud`]: 'sts.amazonaws.com',
      ...Object.fromEntries(demanded.filter((claim) => !isPattern(claim))),
    },
    ...(patterns.length > 0 && { StringLike: Object.fromEntries(patterns) }),
  };
}

/** `OWNER/REPO` of a subject's start, which may contain the ids of both. */
const repositoryOf = (subjectPrefix: string): string =>
  subjectPrefix.replace(/^repo:/, '').replaceAll(/@\d+/g, '');

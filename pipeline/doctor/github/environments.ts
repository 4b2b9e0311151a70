import type { GitHubClient } from '../../github/client.ts';
import { GitHubRefusal } from '../../github/client.ts';
import { ok, problem } from '../check.ts';
import { type Change, type Finding, finding, protect, unseen } from './finding.ts';
import type { Repository } from './repository.ts';
import type { Reviewer } from './reviewers.ts';

/** A GitHub environment that a job names. */
export interface Wanted {
  name: string;
  /** Whether a person has to let its jobs start. */
  reviewed: boolean;
}

/** The GitHub environments of an environment of mlops.yaml: jobs deploy in NAME, and a person approves in NAME-approval. */
export const wantedFor = (environment: string, approval: boolean): Wanted[] => [
  { name: environment, reviewed: false },
  { name: `${environment}-approval`, reviewed: approval },
];

/** The fields of GitHub's answer that a change has to send back, because a PUT replaces them all. */
interface Environment {
  name: string;
  protection_rules?: {
    type: string;
    wait_timer?: number;
    prevent_self_review?: boolean;
    reviewers?: { type: 'User' | 'Team'; reviewer: { id: number; login?: string; slug?: string } }[];
  }[];
  deployment_branch_policy?: { protected_branches: boolean; custom_branch_policies: boolean } | null;
}

interface BranchPolicy {
  id: number;
  name: string;
  type?: 'branch' | 'tag';
}

const onlyNamed = { protected_branches: false, custom_branch_policies: true };

/**
 * Whether the environments that jobs name exist, only the default branch may use them, and people approve where mlops.yaml
 * says so. GitHub makes an environment that does not exist when a job names it, without any protection.
 * @param reviewers who shall approve; empty: who does already
 */
export async function checkEnvironments(
  client: GitHubClient,
  repository: Repository,
  wanted: readonly Wanted[],
  reviewers: readonly Reviewer[],
): Promise<Finding[]> {
  const found = await client.list<Environment>(
    `${repository.path}/environments?per_page=100`,
    'environments',
  );
  return await Promise.all(
    wanted.map(async (each) => {
      const name = `Environment ${each.name}`;
      try {
        const environment = found.find((one) => one.name === each.name) ?? null;
        return await checkEnvironment({ client, repository, reviewers, wanted: each, environment });
      } catch (error) {
        if (error instanceof GitHubRefusal) return unseen(name, error);
        throw error;
      }
    }),
  );
}

async function checkEnvironment(of: {
  client: GitHubClient;
  repository: Repository;
  reviewers: readonly Reviewer[];
  wanted: Wanted;
  environment: Environment | null;
}): Promise<Finding> {
  const { repository, wanted, environment } = of;
  const branches = await branchesOf(of);
  const people = peopleOf(of);
  const wrong = [
    ...(environment === null
      ? ['does not exist: the first job that names it makes it, without protection']
      : branches.wrong),
    ...people.wrong,
  ];
  const label = `Environment ${wanted.name}`;
  if (wrong.length === 0)
    return finding(
      ok(label, `only ${repository.branch}${people.names === '' ? '' : `; approved by ${people.names}`}`),
    );
  const changes = [...branches.changes, ...people.changes];
  const advice = changes.length > 0 ? protect : '';
  return finding(
    problem(label, wrong.join('; '), [advice, people.advice].filter((each) => each !== '').join(' ')),
    changes,
  );
}

/** Compares the branches that may use the environment with the default branch alone. */
async function branchesOf({
  client,
  repository: { path, branch },
  wanted,
  environment,
}: Parameters<typeof checkEnvironment>[0]): Promise<{ wrong: string[]; changes: Change[] }> {
  const place = `${path}/environments/${encodeURIComponent(wanted.name)}`;
  const policies = `${place}/deployment-branch-policies`;
  const policy = environment?.deployment_branch_policy ?? null;
  const limited = policy?.custom_branch_policies === true;
  const listed = limited
    ? await client.list<BranchPolicy>(`${policies}?per_page=100`, 'branch_policies')
    : [];
  const isRight = ({ name, type = 'branch' }: BranchPolicy) => name === branch && type === 'branch';
  const others = listed.filter((each) => !isRight(each));
  const named = listed.some(isRight);
  const wrong = [
    ...(limited ? [] : [policy === null ? 'any branch may use it' : 'every protected branch may use it']),
    ...(others.length > 0
      ? [`also ${others.map(({ name, type = 'branch' }) => `${type} ${name}`).join(', ')} may use it`]
      : []),
    ...(limited && !named ? [`${branch} may not use it`] : []),
  ];
  const changes: Change[] = [
    ...(limited
      ? []
      : [
          {
            does: `${environment === null ? 'Create' : 'Limit'} the environment ${wanted.name}${environment === null ? ', limited to named branches' : ' to named branches'}`,
            method: 'PUT',
            path: place,
            body: { ...protectionOf(environment), deployment_branch_policy: onlyNamed },
          } as const,
        ]),
    // Before the right one, because GitHub takes a name once.
    ...others.map(
      ({ id, name, type = 'branch' }) =>
        ({
          does: `No longer let the ${type} ${name} use the environment ${wanted.name}`,
          method: 'DELETE',
          path: `${policies}/${id}`,
        }) as const,
    ),
    ...(named
      ? []
      : [
          {
            does: `Let the branch ${branch} use the environment ${wanted.name}`,
            method: 'POST',
            path: policies,
            body: { name: branch, type: 'branch' },
          } as const,
        ]),
  ];
  return { wrong, changes };
}

/** Compares who approves with who shall. */
function peopleOf({
  repository: { path },
  reviewers,
  wanted,
  environment,
}: Parameters<typeof checkEnvironment>[0]): {
  wrong: string[];
  changes: Change[];
  advice: string;
  /** Who approves now. */
  names: string;
} {
  const rule = environment?.protection_rules?.find(({ type }) => type === 'required_reviewers');
  const present = rule?.reviewers ?? [];
  const names = present.map(({ reviewer }) => reviewer.login ?? reviewer.slug).join(', ');
  if (!wanted.reviewed) return { wrong: [], changes: [], advice: '', names };
  const same =
    reviewers.length === 0 ||
    (reviewers.length === present.length &&
      reviewers.every(({ type, id }) =>
        present.some((each) => each.type === type && each.reviewer.id === id),
      ));
  const wrong = [
    ...(present.length === 0 ? ['nobody has to approve'] : []),
    ...(present.length > 0 && !same
      ? [`${names} approves, expected ${reviewers.map(({ name }) => name).join(', ')}`]
      : []),
    ...(present.length > 0 && rule?.prevent_self_review !== true ? ['who started a run may approve it'] : []),
  ];
  const chosen =
    reviewers.length > 0 ? reviewers.map(({ type, id }) => ({ type, id })) : reviewersOf(environment);
  if (wrong.length === 0 || chosen.length === 0)
    return {
      wrong,
      changes: [],
      advice:
        wrong.length === 0
          ? ''
          : 'Say who approves: `npm run protect -- --reviewers LOGIN,ORGANIZATION/TEAM`.',
      names,
    };
  const who = reviewers.length > 0 ? reviewers.map(({ name }) => name).join(', ') : names;
  const change: Change = {
    does: `Have ${who} approve jobs in the environment ${wanted.name}, but nobody a run of their own`,
    method: 'PUT',
    path: `${path}/environments/${encodeURIComponent(wanted.name)}`,
    body: {
      ...protectionOf(environment),
      reviewers: chosen,
      prevent_self_review: true,
      deployment_branch_policy: onlyNamed,
    },
  };
  return { wrong, changes: [change], advice: '', names };
}

const reviewersOf = (environment: Environment | null) =>
  (environment?.protection_rules ?? [])
    .flatMap(({ reviewers = [] }) => reviewers)
    .map(({ type, reviewer: { id } }) => ({ type, id }));

/** The protection as it is, in the form of a request: what a PUT leaves out is gone. */
function protectionOf(environment: Environment | null): object {
  const rules = environment?.protection_rules ?? [];
  const reviewers = reviewersOf(environment);
  const wait = rules.find(({ type }) => type === 'wait_timer')?.wait_timer;
  return {
    ...(wait !== undefined && { wait_timer: wait }),
    ...(reviewers.length > 0 && {
      reviewers,
      prevent_self_review: rules.some(({ prevent_self_review }) => prevent_self_review === true),
    }),
  };
}

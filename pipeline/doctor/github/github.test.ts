import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Config } from '../../config/schema.ts';
import { GitHubClient } from '../../github/client.ts';
import { apply } from './apply.ts';
import { changesOf, checkGitHub } from './github.ts';
import { GitHubSettings } from './github-settings.fixture.ts';

let github: GitHubSettings;
beforeEach(async () => {
  github = await GitHubSettings.start();
});
afterEach(() => github.stop());

const account = '111111111111';
const project = {
  project: 'attrition',
  environments: {
    staging: { account, region: 'us-east-1' },
    production: { account, region: 'us-east-1', approval: true },
  },
} as unknown as Pick<Config, 'project' | 'environments'>;
const embedded = { project: 'attrition', environments: {} } as typeof project;
const now = new Date('2026-11-27T00:00:00Z');

const clientOf = (token?: string) => new GitHubClient(token, github.url);
const check = (
  options: { project?: typeof project; reviewers?: string[]; token?: string | null; now?: Date } = {},
) =>
  checkGitHub({
    client: clientOf(options.token === null ? undefined : (options.token ?? 'token')),
    repository: github.repository,
    project: options.project ?? project,
    reviewers: options.reviewers ?? [],
    now: options.now ?? now,
  });
type Findings = Awaited<ReturnType<typeof check>>;
const find = (findings: Findings, name: string) => findings.find((each) => each.name === name);
const fix = async (options: Parameters<typeof check>[0] = {}) => {
  const applied = await apply(clientOf('token'), changesOf(await check(options)), () => {});
  return { refused: applied.flatMap(({ refused }) => refused ?? []), findings: await check(options) };
};

test('a new repository: what is missing is found, put right by the plan, and nothing is left to do', async () => {
  const before = await check({ reviewers: ['octocat', 'octo/ml'] });
  expect(before.filter(({ outcome }) => outcome === 'problem').map(({ name }) => name)).toEqual([
    'Branch',
    'Environment staging',
    'Environment staging-approval',
    'Environment production',
    'Environment production-approval',
  ]);
  expect(find(before, 'Environment staging')?.detail).toBe(
    'does not exist: the first job that names it makes it, without protection',
  );
  expect(github.writes).toEqual([]);

  const { refused, findings } = await fix({ reviewers: ['octocat', 'octo/ml'] });
  expect(refused).toEqual([]);
  // Only a person knows when the roles exist.
  expect(findings.filter(({ outcome }) => outcome !== 'ok').map(({ name }) => name)).toEqual([
    'AWS_PULL_REQUEST_ROLE',
  ]);
  expect(changesOf(findings)).toEqual([]);

  const [ruleset] = github.rulesets;
  expect(ruleset).toMatchObject({
    name: 'mlops',
    enforcement: 'active',
    conditions: { ref_name: { include: ['~DEFAULT_BRANCH'] } },
  });
  const parameters = (type: string) => ruleset?.rules.find((rule) => rule.type === type)?.parameters;
  expect(ruleset?.rules.map(({ type }) => type).sort()).toEqual([
    'deletion',
    'non_fast_forward',
    'pull_request',
    'required_status_checks',
  ]);
  expect(parameters('required_status_checks')).toMatchObject({
    required_status_checks: [{ context: 'mlops / verdict' }],
    strict_required_status_checks_policy: true,
  });
  expect(parameters('pull_request')).toMatchObject({
    required_approving_review_count: 1,
    dismiss_stale_reviews_on_push: true,
  });
  for (const name of ['staging', 'staging-approval', 'production', 'production-approval'])
    expect(github.environments.get(name)?.branches).toMatchObject([{ name: 'main', type: 'branch' }]);
  expect(github.environments.get('production-approval')).toMatchObject({
    reviewers: [
      { type: 'User', id: 1 },
      { type: 'Team', id: 10 },
    ],
    prevent_self_review: true,
  });
  expect(github.environments.get('production')?.variables.get('AWS_DEPLOY_ROLE')).toBe(
    `arn:aws:iam::${account}:role/attrition--production--deploy`,
  );
  expect(github.actions).toEqual({ enabled: true, allowed_actions: 'all', sha_pinning_required: true });
  expect(github.forks.approval_policy).toBe('all_external_contributors');
});

test('a repository without environments needs less, and its owner alone no approval', async () => {
  github.ownerType = 'User';
  const { refused, findings } = await fix({ project: embedded });
  expect(refused).toEqual([]);
  expect(findings.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['Repository', 'ok'],
    ['Branch', 'ok'],
    ['Token', 'ok'],
    ['Actions', 'ok'],
    ['Forks', 'ok'],
    ['Workflows', 'ok'],
  ]);
  expect(github.environments.size).toBe(0);
  const rule = github.rulesets[0]?.rules.find(({ type }) => type === 'pull_request');
  expect(rule?.parameters).toMatchObject({
    required_approving_review_count: 0,
    require_code_owner_review: false,
  });
});

describe('the ruleset', () => {
  const queue = {
    type: 'merge_queue',
    parameters: {
      check_response_timeout_minutes: 60,
      grouping_strategy: 'ALLGREEN',
      max_entries_to_build: 5,
      max_entries_to_merge: 5,
      merge_method: 'MERGE',
      min_entries_to_merge: 1,
      min_entries_to_merge_wait_minutes: 5,
    },
  };
  const onDefault = { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } };

  test('keeps what is in it: a merge queue, other checks, reviewers, who may bypass', async () => {
    const checks = {
      type: 'required_status_checks',
      parameters: {
        required_status_checks: [{ context: 'CI', integration_id: 1 }],
        strict_required_status_checks_policy: false,
      },
    };
    github.rulesets.push({
      id: 7,
      name: 'mlops',
      target: 'branch',
      enforcement: 'disabled',
      conditions: onDefault,
      rules: [queue, checks],
      bypass_actors: [{ actor_type: 'OrganizationAdmin', bypass_mode: 'always' }],
    });
    const { refused, findings } = await fix({ project: embedded });
    expect(refused).toEqual([]);
    expect(find(findings, 'Branch')?.outcome).toBe('ok');
    const [ruleset, ...others] = github.rulesets;
    expect(others).toEqual([]);
    expect(ruleset).toMatchObject({
      id: 7,
      enforcement: 'active',
      bypass_actors: [{ actor_type: 'OrganizationAdmin' }],
    });
    expect(ruleset?.rules).toContainEqual(queue);
    expect(ruleset?.rules.find(({ type }) => type === 'required_status_checks')?.parameters).toEqual({
      required_status_checks: [{ context: 'CI', integration_id: 1 }, { context: 'mlops / verdict' }],
      strict_required_status_checks_policy: false,
    });
  });

  test('of another name serves as well, if it says the same', async () => {
    await fix({ project: embedded });
    Object.assign(github.rulesets[0] ?? {}, { name: 'ours' });
    const findings = await check({ project: embedded });
    expect([find(findings, 'Branch')?.outcome, changesOf(findings)]).toEqual(['ok', []]);
  });

  test('for another branch does not count, nor one that only evaluates', async () => {
    await fix({ project: embedded });
    Object.assign(github.rulesets[0] ?? {}, {
      conditions: { ref_name: { include: ['refs/heads/next'], exclude: [] } },
    });
    expect(find(await check({ project: embedded }), 'Branch')?.detail).toBe(
      'main: no rule requires a pull request, none requires the check mlops / verdict, none forbids force pushes, none forbids deletion',
    );
  });
});

describe('an environment', () => {
  test('that a job made by naming it is open to any branch', async () => {
    github.addEnvironment('staging');
    expect(find(await check(), 'Environment staging')).toMatchObject({
      outcome: 'problem',
      detail: 'any branch may use it',
    });
  });

  test('keeps its wait and its people when its branches change; other branches and tags lose it', async () => {
    github.branch = 'trunk';
    github.addEnvironment('production-approval', {
      wait_timer: 30,
      reviewers: [{ type: 'User', id: 2 }],
      prevent_self_review: true,
    });
    github.addEnvironment('staging', {
      policy: { protected_branches: false, custom_branch_policies: true },
      branches: [
        { id: 1, name: 'trunk', type: 'tag' },
        { id: 2, name: 'release/*', type: 'branch' },
      ],
    });
    github.addEnvironment('production', {
      policy: { protected_branches: true, custom_branch_policies: false },
    });
    const before = await check();
    expect(find(before, 'Environment staging')?.detail).toBe(
      'also tag trunk, branch release/* may use it; trunk may not use it',
    );
    expect(find(before, 'Environment production')?.detail).toBe('every protected branch may use it');

    const { refused } = await fix();
    expect(refused).toEqual([]);
    expect(github.environments.get('staging')?.branches).toMatchObject([{ name: 'trunk', type: 'branch' }]);
    expect(github.environments.get('production-approval')).toMatchObject({
      wait_timer: 30,
      reviewers: [{ type: 'User', id: 2 }],
      prevent_self_review: true,
      branches: [{ name: 'trunk' }],
    });
  });

  test('that needs approval: nobody is guessed; who is there stays, but approves no run of their own', async () => {
    const { findings } = await fix();
    expect(find(findings, 'Environment production-approval')).toMatchObject({
      outcome: 'problem',
      detail: 'nobody has to approve',
      mend: 'Say who approves: `npm run protect -- --reviewers LOGIN,ORGANIZATION/TEAM`.',
      changes: [],
    });
    const environment = github.environments.get('production-approval');
    environment?.reviewers.push({ type: 'User', id: 2 });
    expect(find(await check(), 'Environment production-approval')?.detail).toBe(
      'who started a run may approve it',
    );
    expect(find((await fix()).findings, 'Environment production-approval')).toMatchObject({
      outcome: 'ok',
      detail: 'only main; approved by hubot',
    });
  });

  test('a reviewer whom GitHub dropped, because they may not read the repository, is still missing after the change', async () => {
    const { findings } = await fix({ reviewers: ['octocat', 'stranger'] });
    expect(find(findings, 'Environment production-approval')).toMatchObject({
      outcome: 'problem',
      detail: 'octocat approves, expected octocat, stranger',
    });
  });

  test.each([
    ['nobody', /got "nobody", expected the login of a person; GitHub knows none/],
    ['octo/none', /got "octo\/none", expected a team/],
    ['a b', /got "a b", expected LOGIN or ORGANIZATION\/TEAM/],
    ['a,b,c,d,e,f,g', /got 7, expected at most 6/],
  ])('reviewer %s is refused before anything changes', async (names, message) => {
    await expect(check({ reviewers: names.split(',') })).rejects.toThrow(message);
    expect(github.writes).toEqual([]);
  });
});

describe('variables', () => {
  const role = (environment: string, name: string) =>
    `arn:aws:iam::${account}:role/attrition--${environment}--${name}`;

  test('AWS_DEPLOY_ROLE belongs to environments, and is the role of mlops.yaml', async () => {
    await fix({ reviewers: ['octocat'] });
    github.variables.set('AWS_DEPLOY_ROLE', role('production', 'deploy'));
    github.variables.set('AWS_PULL_REQUEST_ROLE', role('staging', 'pull-request'));
    github.environments.get('staging')?.variables.set('AWS_DEPLOY_ROLE', role('production', 'deploy'));
    // Thirty variables fill a page.
    for (let index = 0; index < 40; index++) github.variables.set(`A${index}`, 'x');
    const before = await check({ reviewers: ['octocat'] });
    expect(find(before, 'AWS_DEPLOY_ROLE')?.detail).toBe(
      'is set for the whole repository, expected only in environments',
    );
    expect(find(before, 'AWS_DEPLOY_ROLE of staging')).toMatchObject({
      outcome: 'problem',
      detail: `is ${role('production', 'deploy')}, expected ${role('staging', 'deploy')}`,
    });
    const { refused, findings } = await fix({ reviewers: ['octocat'] });
    expect(refused).toEqual([]);
    expect(findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(github.variables.has('AWS_DEPLOY_ROLE')).toBe(false);
    expect(github.environments.get('staging')?.variables.get('AWS_DEPLOY_ROLE')).toBe(
      role('staging', 'deploy'),
    );
  });

  test('a pull-request role of no environment is a problem that a person solves', async () => {
    github.variables.set('AWS_PULL_REQUEST_ROLE', role('test', 'pull-request'));
    expect(find(await check(), 'AWS_PULL_REQUEST_ROLE')).toMatchObject({
      outcome: 'problem',
      detail: expect.stringContaining('expected the role of an environment of mlops.yaml'),
      changes: [],
    });
  });
});

test('the site of GitHub Pages is looked at only where releases are published there', async () => {
  const pages = async () => {
    const found = find(await check({ project: embedded }), 'Pages');
    return found && [found.outcome, found.detail];
  };
  expect(await pages()).toBeUndefined();
  github.variables.set('RELEASE_PAGES', 'true');
  expect(await pages()).toEqual(['problem', 'RELEASE_PAGES is true, and the repository has no site']);
  github.pages = { build_type: 'legacy', public: true };
  expect(await pages()).toEqual(['problem', expect.stringContaining('expected by workflows')]);
  github.pages.build_type = 'workflow';
  expect(await pages()).toEqual(['ok', expect.any(String)]);
  github.visibility = 'private';
  expect(await pages()).toEqual(['warning', expect.stringContaining('is public')]);
  github.permissions = { administration: 'read', variables: 'read' };
  expect(await pages()).toEqual(['warning', expect.stringContaining('not checked')]);
});

describe('Actions', () => {
  test('a token that writes and approves, Actions that are off', async () => {
    Object.assign(github.token, {
      default_workflow_permissions: 'write',
      can_approve_pull_request_reviews: true,
    });
    github.actions = { enabled: false };
    const before = await check({ project: embedded });
    expect(find(before, 'Token')?.detail).toBe(
      'the token of workflows writes unless a workflow says otherwise, and may create and approve pull requests',
    );
    expect(find(before, 'Actions')?.outcome).toBe('problem');
    await fix({ project: embedded });
    expect(github.token).toEqual({
      default_workflow_permissions: 'read',
      can_approve_pull_request_reviews: false,
    });
    expect(github.actions).toEqual({ enabled: true, sha_pinning_required: true });
  });

  test('an organization that decides itself is said, and the other changes are made', async () => {
    github.token.default_workflow_permissions = 'write';
    github.organizationDecides = true;
    const { refused } = await fix({ project: embedded });
    expect(refused).toEqual([expect.stringMatching(/409.*An owner of the organization has to allow it\./)]);
    expect(github.rulesets).toHaveLength(1);
  });

  test('forks of a private repository get no secret, no token that writes, and wait for approval', async () => {
    github.visibility = 'private';
    expect(find(await check({ project: embedded }), 'Forks')?.detail).toBe(
      "a fork's pull request runs no workflow",
    );
    Object.assign(github.privateForks, {
      run_workflows_from_fork_pull_requests: true,
      send_secrets_and_variables: true,
    });
    expect(find(await check({ project: embedded }), 'Forks')).toMatchObject({
      outcome: 'problem',
      detail: 'their workflows get secrets and variables, and run without approval',
    });
    expect(find((await fix({ project: embedded })).findings, 'Forks')?.outcome).toBe('ok');
  });

  test('workflows that GitHub stopped are started again, those that a person stopped are not', async () => {
    for (const workflow of github.workflows) workflow.state = 'disabled_manually';
    expect(find(await check(), 'Workflows')).toMatchObject({ outcome: 'warning', changes: [] });
    for (const workflow of github.workflows.slice(1)) workflow.state = 'disabled_inactivity';
    expect(find(await check(), 'Workflows')?.detail).toBe(
      'disabled: deploy.yml (by a person), retrain.yml (by GitHub, after 60 days without activity)',
    );
    await fix();
    expect(github.workflows.map(({ state }) => state)).toEqual([
      'disabled_manually',
      'active',
      'disabled_inactivity',
    ]);
  });

  test('schedules of a public repository are about to stop', async () => {
    expect(find(await check({ now: new Date('2027-01-10T00:00:00Z') }), 'Workflows')).toMatchObject({
      outcome: 'warning',
      detail: 'no push for 51 days; in public repositories GitHub stops schedules after 60',
    });
  });
});

describe('what a token may not see is not missing', () => {
  test('a token without permissions: warnings that name the permission, no problem, no change', async () => {
    await fix({ reviewers: ['octocat'] });
    github.variables.set(
      'AWS_PULL_REQUEST_ROLE',
      `arn:aws:iam::${account}:role/attrition--staging--pull-request`,
    );
    github.visibility = 'private';
    github.permissions = {};
    const findings = await check();
    expect(findings.filter(({ outcome }) => outcome === 'problem')).toEqual([]);
    expect(changesOf(findings)).toEqual([]);
    expect(find(findings, 'Branch')?.outcome).toBe('ok');
    expect(find(findings, 'Token')).toMatchObject({
      outcome: 'warning',
      detail: expect.stringMatching(
        /^not checked, so it may be right or wrong: this token may not \(GitHub answered 403 to GET /,
      ),
      mend: expect.stringContaining('the permission administration=read'),
    });
    expect(find(findings, 'Environments')?.mend).toContain('the permission actions=read');
    expect(find(findings, 'Variables')?.mend).toContain('the permission variables=read');
  });

  test('no token: what is public is checked, the rest is not', async () => {
    const findings = await check({ token: null, project: embedded });
    expect(findings.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['Repository', 'ok'],
      ['Branch', 'problem'],
      ['Token', 'warning'],
      ['Actions', 'warning'],
      ['Forks', 'warning'],
      ['Workflows', 'ok'],
    ]);
  });

  test.each([
    [
      'a private repository without a token',
      null,
      /^octo\/attrition: GitHub shows no such repository without a token$/,
    ],
    ['an unknown token', 'unknown', /^octo\/attrition: GitHub answered 401/],
  ])('%s: one problem', async (_, token, detail) => {
    github.visibility = 'private';
    expect(await check({ token })).toEqual([
      expect.objectContaining({ outcome: 'problem', detail: expect.stringMatching(detail) }),
    ]);
  });
});

describe('a private repository', () => {
  test('on the plan Free: what is not to be had is said', async () => {
    Object.assign(github, { visibility: 'private', plan: 'free' });
    expect(find(await check({ reviewers: ['octocat'] }), 'Branch')).toMatchObject({
      outcome: 'warning',
      detail: expect.stringContaining('not to be had on this plan: GitHub says "Upgrade to GitHub Pro'),
    });
    const { refused } = await fix({ reviewers: ['octocat'] });
    expect(refused.filter((text) => text.startsWith('not to be had on this plan'))).not.toEqual([]);
  });

  test('on the plan Team: branches are limited, only reviewers are refused', async () => {
    Object.assign(github, { visibility: 'private', plan: 'team' });
    const { refused, findings } = await fix({ reviewers: ['octocat'] });
    expect(refused).toEqual([expect.stringMatching(/required reviewers protection rule.*Enterprise Cloud/)]);
    expect(find(findings, 'Environment production')?.outcome).toBe('ok');
    expect(find(findings, 'Environment production-approval')?.detail).toBe('nobody has to approve');
  });
});

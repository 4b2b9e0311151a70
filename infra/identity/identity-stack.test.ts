import { expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { identityOf, identityStack, testEnvironment } from '../environment.fixture.ts';
import type { Environment } from '../environment.ts';
import { isAllowed } from '../iam/evaluate.fixture.ts';

const staging = Template.fromStack(identityStack('staging'));
const production = Template.fromStack(identityStack('production'));

const trusted = (template: Template, roleName: string) => {
  const [role] = Object.values(
    template.findResources('AWS::IAM::Role', { Properties: { RoleName: roleName } }),
  );
  const Statement = role?.Properties.AssumeRolePolicyDocument.Statement;
  expect(Statement).toHaveLength(1);
  expect(Statement[0].Action).toBe('sts:AssumeRoleWithWebIdentity');
  return Statement[0].Condition;
};

/** The claims of a token that GitHub sends to a job, as in its reference of OpenID Connect. */
const tokenOf = (
  job: Partial<Record<'sub' | 'ref' | 'job_workflow_ref', string>>,
): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries({
      aud: 'sts.amazonaws.com',
      sub: 'repo:octo@1/churn@2:environment:staging',
      ref: 'refs/heads/trunk',
      job_workflow_ref: 'octo/churn/.github/workflows/deploy-environment.yml@refs/heads/trunk',
      ...job,
    }).map(([claim, value]) => [`token.actions.githubusercontent.com:${claim}`, value]),
  );
const admits = (template: Template, roleName: string, job: Parameters<typeof tokenOf>[0]): boolean =>
  isAllowed(
    { action: 'sts:AssumeRoleWithWebIdentity', resource: '*', context: tokenOf(job) },
    {
      policy: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Resource: '*',
          Condition: trusted(template, roleName),
        },
      ],
    },
  );
const pullRequest = {
  sub: 'repo:octo@1/churn@2:pull_request',
  ref: 'refs/pull/7/merge',
  job_workflow_ref: 'octo/churn/.github/workflows/pull-request.yml@refs/pull/7/merge',
};

test('a role trusts the jobs of its own workflows: on the default branch, or on the merge of a pull request', () => {
  const { deployRole, pullRequestRole } = testEnvironment('staging').names;
  expect(admits(staging, deployRole.name, {})).toBe(true);
  expect(admits(staging, pullRequestRole.name, pullRequest)).toBe(true);
  const production_ = testEnvironment('production').names.deployRole.name;
  for (const environment of ['production', 'production-approval'])
    expect(admits(production, production_, { sub: `repo:octo@1/churn@2:environment:${environment}` })).toBe(
      true,
    );
});

test('no other job: of another branch, another workflow, another repository or another environment', () => {
  const { deployRole, pullRequestRole } = testEnvironment('staging').names;
  const workflow = (file: string, ref: string) => `octo/churn/.github/workflows/${file}@${ref}`;
  for (const job of [
    { ref: 'refs/heads/feature' },
    { ref: 'refs/heads/feature', job_workflow_ref: workflow('deploy-environment.yml', 'refs/heads/feature') },
    { job_workflow_ref: workflow('mine.yml', 'refs/heads/trunk') },
    { job_workflow_ref: workflow('deploy-environment.yml', 'refs/heads/feature') },
    { job_workflow_ref: 'evil/churn/.github/workflows/deploy-environment.yml@refs/heads/trunk' },
    { sub: 'repo:octo@1/churn@2:environment:production' },
    { sub: 'repo:octo@1/churn@2:environment:staging-approval' },
    { sub: 'repo:evil@3/churn@2:environment:staging' },
    pullRequest,
  ])
    expect([job, admits(staging, deployRole.name, job)]).toEqual([job, false]);
  for (const job of [
    {},
    { ...pullRequest, ref: 'refs/heads/trunk' },
    { ...pullRequest, job_workflow_ref: workflow('mine.yml', 'refs/pull/7/merge') },
    { ...pullRequest, sub: 'repo:evil@3/churn@2:pull_request' },
  ])
    expect([job, admits(staging, pullRequestRole.name, job)]).toEqual([job, false]);
});

test('where a person approves, no pull request has a role, unless mlops.yaml asks for it by name', () => {
  const { names } = testEnvironment('production');
  const named = (environment: Environment) =>
    Object.keys(
      Template.fromStack(identityOf(environment)).findResources('AWS::IAM::Role', {
        Properties: { RoleName: names.pullRequestRole.name },
      }),
    );
  const { settings, ...rest } = testEnvironment('production');
  expect(named({ ...rest, settings })).toEqual([]);
  expect(named({ ...rest, settings: { ...settings, pull_request_role: true } })).toHaveLength(1);
  expect(named({ ...rest, settings: { ...settings, approval: false } })).toHaveLength(1);
  expect(named({ ...rest, settings: { ...settings, approval: false, pull_request_role: false } })).toEqual(
    [],
  );
});

test("both roles have a boundary: ours, or the company's where mlops.yaml names one", () => {
  staging.allResourcesProperties('AWS::IAM::Role', {
    PermissionsBoundary: { Ref: Match.stringLikeRegexp('GitHubBoundary') },
  });
  production.allResourcesProperties('AWS::IAM::Role', {
    PermissionsBoundary: 'arn:aws:iam::111111111111:policy/company',
  });
  staging.hasResourceProperties('AWS::IAM::ManagedPolicy', { ManagedPolicyName: 'churn--staging--boundary' });
});

test("GitHub's provider stays, for others may have come to rely on it; a budget tells of the cost", () => {
  staging.hasResource('AWS::IAM::OIDCProvider', {
    DeletionPolicy: 'Retain',
    Properties: { Url: 'https://token.actions.githubusercontent.com', ClientIdList: ['sts.amazonaws.com'] },
  });
  staging.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: Match.objectLike({ BudgetLimit: { Amount: 50, Unit: 'USD' }, TimeUnit: 'MONTHLY' }),
    NotificationsWithSubscribers: Match.arrayWith([
      Match.objectLike({ Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'ops@example.com' }] }),
    ]),
  });
});

test('it deploys without a bootstrap: no asset, and small enough to be sent as it is', () => {
  for (const template of [staging, production])
    expect(JSON.stringify(template.toJSON(), null, 1).length).toBeLessThan(51_200);
});

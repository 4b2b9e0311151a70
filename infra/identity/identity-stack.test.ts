import { expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { identityStack, testEnvironment } from '../environment.fixture.ts';

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

test('each role trusts exactly the subject of its job, and nothing by pattern', () => {
  const { names } = testEnvironment('staging');
  const aud = { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' };
  const sub = 'token.actions.githubusercontent.com:sub';
  expect(trusted(staging, names.pullRequestRole.name)).toEqual({
    StringEquals: { ...aud, [sub]: ['repo:octo@1/churn@2:pull_request'] },
  });
  expect(trusted(staging, names.deployRole.name)).toEqual({
    StringEquals: { ...aud, [sub]: ['repo:octo@1/churn@2:environment:staging'] },
  });
  expect(trusted(production, testEnvironment('production').names.deployRole.name)).toEqual({
    StringEquals: {
      ...aud,
      [sub]: [
        'repo:octo@1/churn@2:environment:production',
        'repo:octo@1/churn@2:environment:production-approval',
      ],
    },
  });
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

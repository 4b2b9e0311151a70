import { expect, test } from '@jest/globals';
import { type Claims, claimsOf, conditionsOf } from '../github/token-trust.ts';
import { claimsTrusted, trustCheck } from './role-trust.ts';

const workflows = { subjectPrefix: 'repo:ours@1/churn@2', branch: 'trunk' };
const place = { environment: 'staging', approval: false, partition: 'aws' };
const deploy = claimsOf('deploy', workflows, place);
const check = (trusted: Claims[] | null, expected: Claims | string | null) =>
  trustCheck({
    name: 'Deploy role',
    role: 'churn--staging--deploy',
    environment: 'staging',
    trusted,
    expected,
  });
const policy = (Condition?: Record<string, Record<string, string | string[]>>) => ({
  Statement: [{ Effect: 'Allow', ...(Condition && { Condition }) }],
});

test('the claims of a trust policy are those that a token must have: an operator that lets a token without one in does not count', () => {
  expect(claimsTrusted(policy(conditionsOf(deploy)))).toEqual([deploy]);
  const pullRequest = claimsOf('pullRequest', workflows, place);
  expect(claimsTrusted(policy(conditionsOf(pullRequest)))).toEqual([pullRequest]);
  expect(claimsTrusted(policy({ StringLike: { 'issuer:sub': 'repo:*' } }))).toEqual([{ sub: ['repo:*'] }]);
  expect(claimsTrusted(policy())).toEqual([{}]);
  for (const operator of ['ForAllValues:StringEquals', 'StringEqualsIfExists', 'StringNotEquals'])
    expect(claimsTrusted(policy({ [operator]: { 'issuer:sub': 'repo:a/b' } }))).toEqual([{}]);
  expect(claimsTrusted({ Statement: { Effect: 'Deny' } })).toEqual([]);
});

test('the claims expected are beside those trusted', () => {
  expect(check([deploy], deploy)).toMatchObject({
    outcome: 'ok',
    detail: expect.stringContaining('sub repo:ours@1/churn@2:environment:staging and ref refs/heads/trunk'),
  });
  const { ref: _, ...anyBranch } = deploy;
  expect(check([anyBranch], deploy)).toEqual({
    name: 'Deploy role',
    outcome: 'problem',
    detail: expect.stringMatching(
      /trusts sub [^;]*; this repository sends sub .* and ref refs\/heads\/trunk/,
    ),
    mend: expect.stringContaining('npm run bootstrap -- --environment staging'),
  });
  const plain = { ...deploy, sub: ['repo:ours/churn:environment:staging'] };
  expect(check([plain], deploy).outcome).toBe('problem');
  expect(check([deploy, plain], deploy).outcome).toBe('problem');
  expect(check([{ ...deploy, ref: ['refs/heads/*'] }], deploy).outcome).toBe('problem');
});

test('a star, no subject, no role, and a repository that GitHub does not tell of', () => {
  for (const open of [{ sub: ['repo:ours/*'] }, { ref: ['refs/heads/trunk'] }, {}])
    expect(check([open], 'not known')).toMatchObject({
      outcome: 'problem',
      detail: expect.stringContaining('lets others in'),
    });
  expect(check(null, deploy)).toMatchObject({
    outcome: 'problem',
    detail: 'there is no role churn--staging--deploy',
  });
  expect(check([], deploy)).toMatchObject({ outcome: 'problem', detail: expect.stringContaining('nobody') });
  expect(check([deploy], 'GitHub answered 404')).toMatchObject({
    outcome: 'warning',
    detail: expect.stringMatching(/trusts sub .*; not compared .*GitHub answered 404/),
  });
});

test('where a person approves there is no pull-request role; one that is left over is a problem', () => {
  expect(check(null, null).outcome).toBe('ok');
  expect(check([deploy], null)).toMatchObject({
    outcome: 'problem',
    mend: expect.stringContaining('environments.staging.pull_request_role: true'),
  });
});

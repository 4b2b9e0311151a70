import { expect, test } from '@jest/globals';
import { subjectsExpected, subjectsTrusted, trustCheck } from './role-trust.ts';

const policy = (condition: object) => ({
  Statement: [{ Effect: 'Allow', Condition: { StringEquals: { 'issuer:aud': 'sts', ...condition } } }],
});
const check = (trusted: string[] | null, expected: string[] | string) =>
  trustCheck({
    name: 'Deploy role',
    role: 'churn--staging--deploy',
    environment: 'staging',
    trusted,
    expected,
  });

test('the subjects of a trust policy, whatever their operator; none asked for lets everybody in', () => {
  expect(subjectsTrusted(policy({ 'issuer:sub': ['a', 'b'] }))).toEqual(['a', 'b']);
  expect(
    subjectsTrusted({
      Statement: { Effect: 'Allow', Condition: { StringLike: { 'issuer:sub': 'repo:*' } } },
    }),
  ).toEqual(['repo:*']);
  expect(subjectsTrusted(policy({}))).toEqual(['*']);
  expect(subjectsTrusted({ Statement: [{ Effect: 'Deny' }] })).toEqual([]);
});

test('approval adds the environment of the reviewers', () => {
  expect(subjectsExpected('prod', false)).toEqual(['environment:prod']);
  expect(subjectsExpected('prod', true)).toEqual(['environment:prod', 'environment:prod-approval']);
});

test('the subject expected is beside the one trusted', () => {
  const ours = 'repo:ours@1/churn@2:environment:staging';
  expect(check([ours], [ours])).toMatchObject({ outcome: 'ok', detail: expect.stringContaining(ours) });
  const plain = 'repo:ours/churn:environment:staging';
  expect(check([plain], [ours])).toEqual({
    name: 'Deploy role',
    outcome: 'problem',
    detail: `churn--staging--deploy trusts ${plain}; this repository sends ${ours}`,
    mend: expect.stringContaining('npm run bootstrap -- --environment staging'),
  });
  expect(check([ours, plain], [ours]).outcome).toBe('problem');
});

test('a star, no role, and a repository that GitHub does not tell of', () => {
  expect(check(['repo:ours/*'], 'not known')).toMatchObject({ outcome: 'problem' });
  expect(check(null, [])).toMatchObject({
    outcome: 'problem',
    detail: 'there is no role churn--staging--deploy',
  });
  expect(check(['repo:ours/churn:pull_request'], 'GitHub answered 404')).toMatchObject({
    outcome: 'warning',
    detail: expect.stringMatching(/trusts repo:ours\/churn:pull_request; not compared .*GitHub answered 404/),
  });
});

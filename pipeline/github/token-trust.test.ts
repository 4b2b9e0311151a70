import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { claimsOf, conditionsOf, workflowsOf } from './token-trust.ts';

const workflows = { subjectPrefix: 'repo:octo@1/churn@2', branch: 'trunk' };
const place = { environment: 'staging', approval: true, partition: 'aws' };
const folder = new URL('../../.github/workflows/', import.meta.url);
const using = (variable: string): string[] =>
  readdirSync(folder).filter(
    (file) =>
      file.endsWith('.yml') &&
      readFileSync(new URL(file, folder), 'utf8').includes(`role-to-assume: \${{ vars.${variable} }}`),
  );

test('the list of workflows is that of the files whose jobs assume the role', () => {
  expect([...workflowsOf.pullRequest]).toEqual(using('AWS_PULL_REQUEST_ROLE'));
  expect([...workflowsOf.deploy]).toEqual(using('AWS_DEPLOY_ROLE'));
});

/** As in GitHub's reference of OpenID Connect: a job of a reusable workflow names the file that is called. */
test('the claims are those of the tokens that GitHub sends', () => {
  expect(claimsOf('pullRequest', workflows, place)).toEqual({
    sub: ['repo:octo@1/churn@2:pull_request'],
    ref: ['refs/pull/*/merge'],
    job_workflow_ref: ['octo/churn/.github/workflows/pull-request.yml@refs/pull/*/merge'],
  });
  const { job_workflow_ref, ...deploy } = claimsOf('deploy', workflows, place);
  expect(deploy).toEqual({
    sub: ['repo:octo@1/churn@2:environment:staging', 'repo:octo@1/churn@2:environment:staging-approval'],
    ref: ['refs/heads/trunk'],
  });
  expect(job_workflow_ref).toContain('octo/churn/.github/workflows/deploy-environment.yml@refs/heads/trunk');
  expect(
    claimsOf('deploy', { ...workflows, subjectPrefix: 'repo:octo/churn' }, place).job_workflow_ref,
  ).toEqual(job_workflow_ref);
});

test('where AWS STS does not know the claims, a role demands the subject alone: otherwise it would trust nobody', () => {
  for (const partition of ['aws-cn', 'aws-us-gov'])
    expect(Object.keys(claimsOf('deploy', workflows, { ...place, partition }))).toEqual(['sub']);
});

test('a value is compared as it is, and as a pattern only where the number of a pull request is in it', () => {
  const issuer = 'token.actions.githubusercontent.com';
  expect(conditionsOf(claimsOf('pullRequest', workflows, place))).toEqual({
    StringEquals: {
      [`${issuer}:aud`]: 'sts.amazonaws.com',
      [`${issuer}:sub`]: ['repo:octo@1/churn@2:pull_request'],
    },
    StringLike: {
      [`${issuer}:ref`]: ['refs/pull/*/merge'],
      [`${issuer}:job_workflow_ref`]: ['octo/churn/.github/workflows/pull-request.yml@refs/pull/*/merge'],
    },
  });
  expect(Object.keys(conditionsOf(claimsOf('deploy', workflows, place)))).toEqual(['StringEquals']);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { withEnvironments as environments, Steps } from './run-tool.fixture.ts';

let steps: Steps;
let github: FakeGitHub;
let folder = '';

beforeEach(async () => {
  steps = await Steps.start();
  ({ github, folder } = steps);
});
afterEach(async () => await steps.stop());

const tool: Steps['tool'] = (...args) => steps.tool(...args);

const head = 'a'.repeat(40);
const merge = 'b'.repeat(40);
const reviewed = () => tool('reviewed-run', { GITHUB_SHA: merge });
const state = [{ name: 'state' }];

test('the reviewed run is the newest of the merged head that still has its artifact', async () => {
  github.addPullRequest({ number: 7, head, merged: merge });
  github.addRun({ id: 1, head, artifacts: state });
  github.addRun({ id: 2, head, artifacts: state });
  github.addRun({ id: 3, head, artifacts: [{ name: 'state', expired: true }] });
  github.addRun({ id: 4, head: 'c'.repeat(40), artifacts: state });
  expect((await reviewed()).outputs).toEqual({ 'pull-request': '7', run: '2' });
});

test("a fork's run is never taken, even where it is named like this repository's", async () => {
  github.addPullRequest({ number: 7, head, merged: merge, from: 'mallory/attrition' });
  github.addRun({ id: 1, head, artifacts: state });
  expect((await reviewed()).outputs).toEqual({ 'pull-request': '7', run: '' });
  github.addPullRequest({ number: 7, head, merged: merge });
  github.addRun({ id: 1, head, artifacts: state, from: 'mallory/attrition' });
  expect((await reviewed()).outputs).toEqual({ 'pull-request': '7', run: '' });
});

test('a commit that merged nothing has no review', async () => {
  github.addPullRequest({ number: 7, head: merge });
  const { outputs, log } = await reviewed();
  expect(outputs).toEqual({ 'pull-request': '', run: '' });
  expect(log).toContain('merged no pull request');
});

test('GitHub down for a moment is waited for; what it refuses fails', async () => {
  github.refuse({ path: /pulls/, times: 1, status: 502 });
  expect((await reviewed()).code).toBe(0);
  github.refuse({ path: /pulls/, status: 403 });
  const { code, log, outputs } = await reviewed();
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toContain('/pulls: 403');
  expect(log).not.toContain('token');
});

test('a rate limit is waited for as long as GitHub says, unless that is too long', async () => {
  github.limit({ path: /pulls/, times: 1, seconds: 0 });
  expect((await reviewed()).code).toBe(0);
  github.limit({ path: /pulls/, times: 1, seconds: 3000 });
  const { code, log } = await reviewed();
  expect(code).toBe(1);
  expect(log).toContain("GitHub's rate limit is used up for 3000 s more");
});

const forkRun = (head_branch: string) => ({
  workflow_run: { head_sha: head, head_branch, head_repository: { owner: { login: 'mallory' } } },
});
async function ofFork(branch = 'x') {
  const { outputs } = await tool('pull-request-of-fork', {}, forkRun(branch));
  return { outputs: { 'pull-request': outputs['pull-request'] } };
}

test("a fork's pull request is the only open one of its branch with the commit that ran", async () => {
  const fork = { head, branch: 'x', from: 'mallory/attrition' };
  expect((await ofFork()).outputs).toEqual({ 'pull-request': '' });
  github.addPullRequest({ number: 8, ...fork });
  expect((await ofFork()).outputs).toEqual({ 'pull-request': '8' });
  // To another base.
  github.addPullRequest({ number: 9, ...fork, base: 'other' });
  expect((await ofFork()).outputs).toEqual({ 'pull-request': '' });
  github.addPullRequest({ number: 9, ...fork, closed: true });
  github.moveHead(8, 'd'.repeat(40));
  expect((await ofFork()).outputs).toEqual({ 'pull-request': '' });
});

test("a branch's name asks for nothing else", async () => {
  github.addPullRequest({ number: 8, head, branch: 'y', from: 'mallory/attrition' });
  expect((await ofFork('x&head=mallory:y')).outputs).toEqual({ 'pull-request': '' });
});

test("a fork's run sets the status of its own pull request only", async () => {
  const sha = async () => (await tool('pull-request-of-fork', {}, forkRun('x'))).outputs.sha;
  github.addPullRequest({ number: 8, head, branch: 'x', from: 'mallory/attrition' });
  expect(await sha()).toBe(head);
  // The head of a branch of this repository, pushed to the fork too.
  github.addPullRequest({ number: 7, head, branch: 'y' });
  expect(await sha()).toBe('');
});

const request = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  tool('retrain-request', { GITHUB_EVENT_NAME: 'workflow_dispatch', ...env }, { inputs });

test('what a retrain is asked for', async () => {
  expect((await request({ reason: 'a\nb', set: 'x=1; y=[a, b] ', mode: 'promote' })).outputs).toEqual({
    name: '',
    region: '',
    release: '',
    approval: 'false',
    data: '',
    set: 'x=1\ny=[a, b]',
    mode: 'promote',
    reason: 'a b',
  });
  expect((await request({ mode: 'promote', 'dry-run': 'true' })).outputs.mode).toBe('evaluate');
});

test.each([
  'gate.enforce=false',
  'gate={enforce: false}',
  ' "gate".enforce=false',
  'training.spot=true; gate.thresholds.roc_auc.min=0',
  'gate=',
  'defaults.gate.enforce=false',
  'defaults={}',
])('what a model must show cannot be set in mode promote: %s', async (set) => {
  const { code, log, outputs } = await request({ mode: 'promote', set });
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toMatch(/^::error title=Input::set: got .* in mode promote, expected no setting of gate/);
  for (const other of [{ mode: 'evaluate' }, { mode: 'promote', 'dry-run': 'true' }])
    expect((await request({ ...other, set })).outputs.mode).toBe('evaluate');
});

const withEnvironments = () => writeFile(join(folder, 'mlops.yaml'), environments);

test('on AWS the environment is one of mlops.yaml', async () => {
  await withEnvironments();
  const env = { AWS: 'true' };
  expect((await request({}, env)).outputs).toMatchObject({ name: 'staging', region: 'eu-west-1' });
  expect((await request({ environment: 'production' }, env)).outputs).toMatchObject({
    release: '111111111111.dkr.ecr.us-east-1.amazonaws.com/churn/production/release',
    approval: 'true',
  });
  const { code, log } = await request({ environment: 'prod' }, env);
  expect(code).toBe(1);
  expect(log).toContain('got "prod", expected one of mlops.yaml: staging, production');
});

test('an mlops.yaml that is broken, or has no environments, ends a retrain on AWS with an annotation', async () => {
  await writeFile(join(folder, 'mlops.yaml'), 'project: churn\n');
  const broken = await request({}, { AWS: 'true' });
  expect(broken.code).toBe(1);
  expect(broken.log).toMatch(/^::error file=mlops.yaml,title=Configuration::mlops.yaml: /);
  expect(broken.log).not.toContain('at async');
  await writeFile(
    join(folder, 'mlops.yaml'),
    'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n',
  );
  const none = await request({}, { AWS: 'true' });
  expect(none.code).toBe(1);
  expect(none.log).toContain('environment: got none, expected one of mlops.yaml, which has none');
});

test('the environments of mlops.yaml, in the order of deployments', async () => {
  await withEnvironments();
  const { log } = await tool('environments');
  expect(JSON.parse(log)).toEqual([
    {
      name: 'staging',
      region: 'eu-west-1',
      approval: false,
      release: '111111111111.dkr.ecr.eu-west-1.amazonaws.com/churn/staging/release',
    },
    {
      name: 'production',
      region: 'us-east-1',
      approval: true,
      release: '111111111111.dkr.ecr.us-east-1.amazonaws.com/churn/production/release',
    },
  ]);
});

test('a pull request runs in the environment of its role; no other role will do', async () => {
  await withEnvironments();
  const role = (name: string) => `arn:aws:iam::111111111111:role/churn--${name}`;
  const of = (name: string) => tool('environment-of-role', { ROLE: role(name) });
  expect((await of('production--pull-request')).outputs).toEqual({ name: 'production', region: 'us-east-1' });
  for (const name of ['test--pull-request', 'staging--deploy']) {
    const { code, outputs, log } = await of(name);
    expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
    expect(log).toMatch(/^::error file=mlops.yaml,title=Configuration::AWS_PULL_REQUEST_ROLE: got arn:aws/);
    expect(log).toContain(
      'expected the pull-request role of an environment of mlops.yaml (staging, production)',
    );
  }
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FakeGitHub, GivenRun } from '../../actions/shared/fake-github.fixture.ts';
import { sampleResult } from '../../pipeline/report/release-result.fixture.ts';
import { Steps, withEnvironments } from './run-tool.fixture.ts';

/* How a candidate that the gate held gets its approval: who is asked, who has approved, and what can still be approved. */

const main = 'a'.repeat(40);
const newer = 'b'.repeat(40);
let steps: Steps;
let github: FakeGitHub;

beforeEach(async () => {
  steps = await Steps.start();
  ({ github } = steps);
  github.moveBranch('main', main);
});
afterEach(async () => await steps.stop());

const deploy = '.github/workflows/deploy.yml';
const held = (run: Partial<GivenRun> = {}) =>
  github.addRun({ id: 5, head: main, event: 'push', path: deploy, artifacts: [{ name: 'run' }], ...run });
const read = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  steps.tool('held-run', { GITHUB_REF_NAME: 'main', ...env }, { inputs });

test('a held run of the newest commit can be approved, and its pull request gets the comment', async () => {
  held();
  github.addPullRequest({ number: 7, head: newer, merged: main });
  expect((await read({ run: '5' })).outputs).toEqual({
    name: '',
    region: '',
    next: '',
    artifact: 'run',
    workflow: 'Deploy',
    approval: 'approval',
    'pull-request': '7',
  });
});

test.each<[string, Partial<GivenRun>, RegExp]>([
  ['a pull request', { path: '.github/workflows/pull-request.yml' }, /expected one of .*deploy\.yml/],
  ['another branch', { branch: 'x' }, /expected one of .*deploy\.yml.* on main/],
  ['another repository', { from: 'mallory/attrition' }, /expected one of .*deploy\.yml/],
  [
    'an older commit',
    { head: newer },
    /it is of bbbbbbb, and main is at aaaaaaa now: what it held is out of date/,
  ],
  [
    'which nothing is left',
    { artifacts: [{ name: 'run', expired: true }] },
    /got no artifact run, which GitHub deletes/,
  ],
  ['which nothing was kept', { artifacts: [] }, /got no artifact run/],
])('a run of %s cannot be approved', async (_, run, why) => {
  held(run);
  const { code, log, outputs } = await read({ run: '5' });
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toMatch(why);
});

test('what is no number of a run, or of none, cannot be approved', async () => {
  expect((await read({ run: '5/../../x' })).log).toContain('expected the number of a run');
  expect((await read({ run: '6' })).code).toBe(1);
});

test('on AWS the environment is named where there are several, and Deploy goes on to the next one', async () => {
  await writeFile(join(steps.folder, 'mlops.yaml'), withEnvironments);
  held({ artifacts: [{ name: 'run-staging' }, { name: 'run-production' }] });
  const aws = { AWS: 'true' };
  expect((await read({ run: '5', environment: 'staging' }, aws)).outputs).toMatchObject({
    name: 'staging',
    region: 'eu-west-1',
    next: 'production',
    artifact: 'run-staging',
    approval: 'staging-approval',
  });
  expect((await read({ run: '5', environment: 'production' }, aws)).outputs).toMatchObject({ next: '' });
  expect((await read({ run: '5' }, aws)).log).toContain('expected one of mlops.yaml: staging, production');
  // A retrain is of one environment.
  held({ path: '.github/workflows/retrain.yml', artifacts: [{ name: 'run-staging' }] });
  expect((await read({ run: '5', environment: 'staging' }, aws)).outputs).toMatchObject({
    next: '',
    workflow: 'Retrain',
    'pull-request': '',
  });
});

const approver = (env: Record<string, string> = {}) =>
  steps.tool('approver', {
    ENVIRONMENT: 'production-approval',
    RUN: '5',
    GITHUB_RUN_ID: '9',
    GITHUB_ACTOR: 'github-actions[bot]',
    ...env,
  });
const asked = (reviewers: string[], preventSelfReview = false) => {
  held({ actor: 'merger' });
  github.addRun({ id: 9, head: main, event: 'workflow_dispatch', path: '.github/workflows/approve.yml' });
  github.addEnvironment('production-approval', { reviewers, preventSelfReview });
};
const review = (login: string, more: { environment?: string; state?: 'rejected'; run?: number } = {}) =>
  github.addApproval(more.run ?? 9, { environment: 'production-approval', login, ...more });

test('the approver is who approved, not who started the run', async () => {
  asked(['octocat']);
  review('octocat');
  expect((await approver({ GITHUB_ACTOR: 'merger' })).outputs).toEqual({ approver: 'octocat' });
});

test('that an environment has reviewers proves no approval: this run was approved, in this environment', async () => {
  asked(['octocat']);
  // An administrator let the job in; another run, another environment, another answer.
  github.addRun({ id: 8, head: main });
  review('octocat', { run: 8 });
  review('octocat', { environment: 'staging-approval' });
  review('octocat', { state: 'rejected' });
  const { code, log, outputs } = await approver({ GITHUB_ACTOR: 'merger' });
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toContain('::error title=Nobody has approved::got no review of this run');
});

test('where self-review is prevented, who started the held run cannot approve it, whoever started this one', async () => {
  asked(['merger', 'octocat'], true);
  review('merger');
  const { code, log } = await approver();
  expect(code).toBe(1);
  expect(log).toContain('got a review by merger, who started the held run');
  review('octocat');
  expect((await approver()).outputs).toEqual({ approver: 'octocat' });
});

test('without reviewers a person approves by starting the workflow, and the record says so; a workflow cannot', async () => {
  for (const set of [() => {}, () => asked([])]) {
    set();
    const { code, log } = await approver();
    expect(code).toBe(1);
    expect(log).toContain('production-approval has no required reviewers, and a workflow started this run');
    expect((await approver({ GITHUB_ACTOR: 'octocat' })).outputs.approver).toBe(
      'octocat (by starting the workflow: the environment production-approval has no required reviewers)',
    );
  }
});

const start = (env: Record<string, string> = {}) =>
  steps.tool('start-approval', {
    ENVIRONMENT: 'production-approval',
    NAME: 'production',
    GITHUB_RUN_ID: '5',
    GITHUB_REF_NAME: 'main',
    ...env,
  });

test('a hold asks its reviewers, in a workflow of its own', async () => {
  github.addEnvironment('production-approval', { reviewers: ['octocat'] });
  const { log, outputs } = await start();
  expect(github.dispatches).toEqual([
    { workflow: 'approve.yml', ref: 'main', inputs: { run: '5', environment: 'production' } },
  ]);
  expect(outputs.url).toMatch(/^https:\/\/github\.com\/octo\/attrition\/actions\/runs\/\d+$/);
  expect(log).toContain('The reviewers of production-approval are asked');
});

test('a hold that has no reviewers to ask says how a person approves', async () => {
  github.addEnvironment('production-approval');
  expect((await start()).log).toContain('start the workflow Approve with run 5 and environment production');
  expect((await start({ NAME: '' })).log).toContain('start the workflow Approve with run 5.');
  expect(github.dispatches).toEqual([]);
});

test('after an approval Deploy goes on with the environments that come next', async () => {
  await steps.tool('continue-deploy', { AFTER: 'staging', GITHUB_REF_NAME: 'main' });
  expect(github.dispatches).toEqual([{ workflow: 'deploy.yml', ref: 'main', inputs: { after: 'staging' } }]);
  const environments = ['staging', 'production'].map((name) => ({ name }));
  const after = (AFTER: string, all: object[] = environments, GITHUB_ACTOR = 'github-actions[bot]') =>
    steps.tool('environments-after', { AFTER, ENVIRONMENTS: JSON.stringify(all), GITHUB_ACTOR });
  expect((await after('staging')).outputs).toEqual({ environments: '[{"name":"production"}]' });
  expect((await after('production')).outputs).toEqual({ environments: '[]' });
  expect(JSON.parse((await after('')).outputs.environments ?? '')).toEqual(environments);
  expect((await after('prod')).log).toContain(
    'after: got "prod", expected an environment of mlops.yaml: staging, production',
  );
  // A person would pass over an environment that holds or rejects the candidate, but may deploy all of them.
  const person = await after('staging', environments, 'octocat');
  expect([person.code, person.outputs, person.log]).toEqual([
    1,
    {},
    expect.stringContaining('after: got "staging" from octocat, expected it from github-actions[bot] only'),
  ]);
  expect((await steps.tool('environments-after', { AFTER: 'staging', ENVIRONMENTS: '[]' })).code).toBe(1);
  expect((await after('', environments, 'octocat')).code).toBe(0);
  const none = await after('', []);
  expect([none.code, none.log]).toEqual([
    1,
    expect.stringContaining('environments: got none, or it cannot be read'),
  ]);
});

const rollback = (inputs: Record<string, string>, env: Record<string, string> = {}) =>
  steps.tool('rollback-request', env, { inputs });

test('a rollback passes the reviewers that mlops.yaml asks for', async () => {
  await writeFile(join(steps.folder, 'mlops.yaml'), withEnvironments);
  const aws = { AWS: 'true' };
  const given = { reason: 'x', to: 'churn/2' };
  expect((await rollback({ ...given, environment: 'production' }, aws)).outputs).toEqual({
    name: 'production',
    approval: 'production-approval',
    model: '',
    package: 'churn/2',
    reason: 'x',
  });
  expect((await rollback({ ...given, environment: 'staging' }, aws)).outputs).toMatchObject({
    approval: 'staging',
  });
  expect((await rollback(given)).outputs).toMatchObject({ name: '', approval: 'approval' });
});

test.each<[string, Record<string, string>, Record<string, string>, string]>([
  ['says no reason', { reason: ' ' }, {}, 'reason: got nothing, expected why'],
  ['names no environment of several', { reason: 'x' }, { AWS: 'true' }, 'staging, production'],
  ['names an unknown one', { reason: 'x', environment: 'prod' }, { AWS: 'true' }, 'got "prod"'],
  ['names one on the runner', { reason: 'x', environment: 'staging' }, {}, 'so models are on the runner'],
  ['names an unknown model', { reason: 'x', model: 'other' }, {}, 'other'],
])('a rollback that %s is refused before anybody is asked', async (_, inputs, env, why) => {
  await writeFile(join(steps.folder, 'mlops.yaml'), withEnvironments);
  const { code, log, outputs } = await rollback(inputs, env);
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toContain(why);
});

test('a rollback is approved by its own reviewers, and by nobody who started it where that is prevented', async () => {
  asked(['merger', 'octocat'], true);
  github.addRun({ id: 9, head: main, actor: 'merger', path: '.github/workflows/rollback.yml' });
  review('merger');
  const own = await approver({ RUN: '' });
  expect([own.code, own.log]).toEqual([1, expect.stringContaining('by merger, who started this run')]);
  review('octocat');
  expect((await approver({ RUN: '' })).outputs).toEqual({ approver: 'octocat' });
  github.addEnvironment('production-approval');
  expect((await approver({ RUN: '' })).log).toContain('a workflow started this run: a person must start it');
});

test('the pull request that had promoted a model is found by its commit', async () => {
  github.addPullRequest({ number: 7, head: newer, merged: main });
  github.addPullRequest({ number: 8, head: main });
  const RESULT = join(steps.folder, 'result.json');
  const found = async (left: object | null) => {
    await writeFile(RESULT, JSON.stringify({ ...sampleResult(), left }));
    return await steps.tool('left-by', { RESULT });
  };
  expect((await found({ package: 'm/3', commit: main })).outputs).toEqual({ 'pull-request': '7' });
  for (const left of [{ package: 'm/3', commit: newer }, { package: 'm/3', commit: null }, null])
    expect((await found(left)).outputs).toEqual({ 'pull-request': '' });
  const odd = await found({ package: 'm/3', commit: '../../x' });
  expect([odd.code, odd.outputs, odd.log]).toEqual([1, {}, expect.stringContaining('expected a commit')]);
  // A rollback that died.
  expect((await steps.tool('left-by', { RESULT: `${RESULT}.gone` })).outputs).toEqual({ 'pull-request': '' });
});

test.each([
  ['skip', 0, '::notice title=Not the newest commit::main is at bbbbbbb now'],
  ['fail', 1, '::error title=Not the newest commit::main is at bbbbbbb now'],
])('a run whose commit is no longer the newest: %s', async (IF_MOVED, code, said) => {
  const head = () => steps.tool('head', { IF_MOVED, GITHUB_SHA: main, GITHUB_REF_NAME: 'main' });
  expect(await head()).toMatchObject({ code: 0, outputs: { current: 'true' } });
  github.moveBranch('main', newer);
  const moved = await head();
  expect(moved).toMatchObject({ code, outputs: { current: 'false' } });
  expect(moved.log).toContain(said);
});

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { FileLedger } from '../../pipeline/backends/embedded/state/file-ledger.ts';
import { requireModelKeys } from '../../pipeline/backends/embedded/state/model-keys.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import { sampleReport } from '../../pipeline/report/report.fixture.ts';
import type { Report } from '../../pipeline/report/report.ts';
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
const base = '0'.repeat(40);
/** The merge of the base and the head that a run was of, and the commit that the pull request became. */
const reviewedMerge = 'e'.repeat(40);
const reviewed = () => tool('reviewed-run', { GITHUB_SHA: merge });
const kept = [{ name: `reviewed-${reviewedMerge}` }];
const none = { 'pull-request': '7', run: '', merge: '' };

/** Pull request 7, merged by squashing, with the files that were reviewed unless said otherwise. */
function merged({ tree = 'f'.repeat(40), from = 'octo/attrition' } = {}) {
  github.addPullRequest({ number: 7, head, merged: merge, from });
  github.addCommit({ sha: merge, tree, parents: [base] });
  github.addCommit({ sha: reviewedMerge, tree: 'f'.repeat(40), parents: [base, head] });
}

test('the reviewed run is the newest of the merged head that kept what it made of the same files', async () => {
  merged();
  github.addRun({ id: 1, head, artifacts: kept });
  github.addRun({ id: 2, head, artifacts: kept });
  github.addRun({ id: 3, head, artifacts: [{ name: `reviewed-${reviewedMerge}`, expired: true }] });
  github.addRun({ id: 4, head: 'c'.repeat(40), artifacts: kept });
  github.addRun({ id: 5, head, artifacts: [{ name: 'reviewed-x' }, { name: 'run' }] });
  expect((await reviewed()).outputs).toEqual({
    'pull-request': '7',
    run: '2',
    merge: reviewedMerge,
    why: '',
  });
});

test('a run on another base reviewed other files: it is not taken', async () => {
  merged({ tree: '9'.repeat(40) });
  github.addRun({ id: 1, head, artifacts: kept });
  const { outputs } = await reviewed();
  expect(outputs).toEqual({ ...none, why: expect.stringContaining('aaaaaaa was reviewed on another base') });
});

test('an artifact that is named by another commit with the same files is not taken', async () => {
  merged();
  const twin = 'd'.repeat(40);
  const named = (name: string) => github.addRun({ id: 1, head, artifacts: [{ name }] });
  // Not a merge of the head, or not there at all.
  named(`reviewed-${twin}`);
  expect((await reviewed()).outputs).toMatchObject(none);
  github.addCommit({ sha: twin, tree: 'f'.repeat(40), parents: [base, '5'.repeat(40)] });
  expect((await reviewed()).outputs).toMatchObject(none);
  named(`reviewed-${merge}`);
  expect((await reviewed()).outputs).toMatchObject(none);
});

test("a fork's run is never taken, even where it is named like this repository's", async () => {
  merged({ from: 'mallory/attrition' });
  github.addRun({ id: 1, head, artifacts: kept });
  expect((await reviewed()).outputs).toEqual({ ...none, why: expect.stringContaining('came from a fork') });
  merged();
  github.addRun({ id: 1, head, artifacts: kept, from: 'mallory/attrition' });
  expect((await reviewed()).outputs).toMatchObject(none);
});

test('a commit that merged nothing has no review', async () => {
  github.addPullRequest({ number: 7, head: merge });
  const { outputs, log } = await reviewed();
  expect(outputs).toEqual({ ...none, 'pull-request': '', why: 'bbbbbbb merged no pull request' });
  expect(log).toContain('merged no pull request');
});

/** What note-review adds to the report of a run, given the reviewed one. */
async function noted(now: Report, then: string, env: Record<string, string>): Promise<string | undefined> {
  const [run, review] = [join(folder, 'report.json'), join(folder, 'review.json')];
  await writeFile(run, JSON.stringify(now));
  await writeFile(review, then);
  const { code } = await tool('note-review', { RUN: run, REVIEWED: review, ...env });
  expect(code).toBe(0);
  return parseReport(await readFile(run, 'utf8')).notes[0];
}

test('the report says what became of the review, and what differs from it', async () => {
  const report = sampleReport();
  const same = 'Fingerprint, image and all metrics of the candidate equal those of the review.';
  expect(await noted(report, JSON.stringify(report), { TAKEN: 'true' })).toBe(
    `What the pull request's run made was verified by its attestation and taken over. ${same}`,
  );
  const other = sampleReport();
  other.run.fingerprint = '9'.repeat(64);
  const metric = other.verdict?.metrics.roc_auc;
  if (metric === undefined) throw new Error('no roc_auc');
  metric.candidate = 0.5;
  const note = await noted(report, JSON.stringify(other), { WHY: 'its artifacts are gone' });
  expect(note).toMatch(
    /^Nothing of the pull request's run was taken over: its artifacts are gone\. Other than/,
  );
  expect(note).toContain('was 999999999999');
  expect(note).toContain('was 0.5');
});

test('a review that nobody verified and that is no report stops no deployment', async () => {
  expect(await noted(sampleReport(), '{"version":', { WHY: 'x' })).toBe(
    "Nothing of the pull request's run was taken over: x.",
  );
});

test('looks of pull requests are counted once, but for forks, unknown holdouts and what is no look', async () => {
  const [holdout, unknown, id] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
  const ledger = new FileLedger(join(folder, 'ledger/churn'));
  await ledger.put('holdout/m', holdout, {});
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const looks = [
    `churn/look-${holdout}/m/${id}/1.json`,
    `churn/look-${holdout}/m/../../champion/1.json`,
    `churn/champion/m/current/1.json`,
    `other/look-${holdout}/m/${id}/1.json`,
  ];
  await writeFile(join(folder, 'looks'), looks.join('\n'));
  // gh run download RUN --name looks --dir DIR
  await writeFile(join(bin, 'gh'), `#!/bin/sh\necho "$3" >> ${folder}/downloads\ncp ${folder}/looks "$7"\n`, {
    mode: 0o755,
  });
  github.addRun({ id: 1, head, artifacts: [{ name: 'looks' }] });
  github.addRun({ id: 2, head, artifacts: [{ name: 'looks' }], from: 'mallory/attrition' });
  github.addRun({ id: 3, head, artifacts: [{ name: 'looks', expired: true }, { name: 'run' }] });
  const counted = () =>
    tool('count-looks', { PATH: `${bin}:${process.env.PATH}` }, {}, [join(folder, 'ledger')]);
  const { code, log } = await counted();
  expect({ code, log }).toEqual({ code: 0, log: '1 looks of pull requests are counted.\n' });
  expect(await ledger.list(`look-${holdout}/m`)).toEqual([{ id, version: 1, value: { counted: 'run 1' } }]);
  expect(await ledger.list('champion/m')).toEqual([]);
  await requireModelKeys(folder, 'churn');
  // A second time nothing is downloaded.
  expect((await counted()).log).toContain('0 looks');
  expect(await readFile(join(folder, 'downloads'), 'utf8')).toBe('1\n');

  // A look at a holdout that main comes to know later is counted then.
  github.addRun({ id: 4, head, artifacts: [{ name: 'looks' }] });
  await writeFile(join(folder, 'looks'), `churn/look-${unknown}/m/${id}/1.json`);
  expect((await counted()).log).toContain('0 looks');
  await ledger.put('holdout/m', unknown, {});
  expect((await counted()).log).toContain('1 looks');
  expect(await ledger.list(`look-${unknown}/m`)).toEqual([{ id, version: 1, value: { counted: 'run 4' } }]);
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
  expect(
    (await request({ reason: 'a\nb', set: 'training.spot=true; tuning=off ', mode: 'promote' })).outputs,
  ).toEqual({
    name: '',
    region: '',
    release: '',
    approval: 'false',
    data: '',
    set: 'training.spot=true\ntuning=off',
    mode: 'promote',
    reason: 'a b',
  });
  expect((await request({ mode: 'promote', 'dry-run': 'true' })).outputs.mode).toBe('evaluate');
});

test.each([
  'data.holdout={share: 0.05}',
  'project=other',
  'gate.enforce=false',
  'gate={enforce: false}',
  ' "gate".enforce=false',
  'training.spot=true; gate.thresholds.roc_auc.min=0',
  'gate=',
  'defaults.gate.enforce=false',
  'defaults={}',
])('what is reviewed cannot be set in mode promote: %s', async (set) => {
  const { code, log, outputs } = await request({ mode: 'promote', set });
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toMatch(/^::error title=Input::set: got .* in mode promote, expected settings of budget,/);
  for (const other of [{ mode: 'evaluate' }, { mode: 'promote', 'dry-run': 'true' }])
    expect((await request({ ...other, set })).outputs.mode).toBe('evaluate');
});

test('data that nobody reviewed is refused in mode promote, whoever sends it', async () => {
  await writeFile(
    join(folder, 'mlops.yaml'),
    'project: churn\nproblem: binary\ndata: { source: "s3://rows/churn/", target: left }\n',
  );
  const sent = (data: string) =>
    tool(
      'retrain-request',
      { GITHUB_EVENT_NAME: 'repository_dispatch' },
      { action: 'data-landed', client_payload: { data } },
    );
  for (const ask of [sent, (data: string) => request({ mode: 'promote', data })]) {
    expect((await ask('s3://rows/churn/new/')).outputs).toMatchObject({ data: 's3://rows/churn/new/' });
    const { code, log, outputs } = await ask('s3://mallory/churn/');
    expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
    expect(log).toMatch(
      /^::error title=Input::data: got "s3:\/\/mallory\/churn\/" in mode promote, expected .* below s3:\/\/rows\/churn\//,
    );
  }
  expect((await request({ mode: 'evaluate', data: 's3://mallory/churn/' })).code).toBe(0);
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

test('the reviewed image is found in a repository of an environment in which pull requests run, and in no other', async () => {
  await withEnvironments();
  const file = join(folder, 'report.json');
  let prepare: string | undefined;
  const of = async (image: string | null, environment = 'production') => {
    const report = sampleReport();
    const candidate = image === null ? null : { ...report.candidate, image, prepare_image: prepare };
    await writeFile(file, JSON.stringify({ ...report, candidate }));
    return await tool('reviewed-image', { REPORT: file, ENVIRONMENT: environment });
  };
  const digest = `sha256:${'1'.repeat(64)}`;
  const staging = '111111111111.dkr.ecr.eu-west-1.amazonaws.com/churn/staging';
  for (const uri of [`${staging}/candidate@${digest}`, `${staging}/release@${digest}`])
    for (const environment of ['staging', 'production'])
      expect((await of(uri, environment)).outputs).toEqual({ uri, digest, prepare: '' });
  const production = '111111111111.dkr.ecr.us-east-1.amazonaws.com/churn/production';
  expect((await of(`${production}/candidate@${digest}`)).outputs).toMatchObject({ digest });
  for (const elsewhere of [
    `${production}/candidate`,
    `${staging}/other`,
    '222222222222.dkr.ecr.eu-west-1.amazonaws.com/churn/staging/candidate',
  ])
    expect((await of(`${elsewhere}@${digest}`, 'staging')).outputs).toEqual({
      uri: '',
      digest: '',
      prepare: '',
    });
  // The prepare image is held to the same repositories.
  prepare = `${staging}/candidate@sha256:${'2'.repeat(64)}`;
  expect((await of(`${staging}/candidate@${digest}`)).outputs.prepare).toBe(prepare);
  prepare = `${staging}/other@sha256:${'2'.repeat(64)}`;
  expect((await of(`${staging}/candidate@${digest}`)).outputs.prepare).toBe('');
  const { code, outputs, log } = await of(null);
  expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
  expect(log).toContain('got no candidate, expected the one that was reviewed');
});

test('a pull request runs in the environment of its role; no other role will do', async () => {
  await withEnvironments();
  const role = (name: string) => `arn:aws:iam::111111111111:role/churn--${name}`;
  const of = (name: string) => tool('environment-of-role', { ROLE: role(name) });
  expect((await of('staging--pull-request')).outputs).toEqual({ name: 'staging', region: 'eu-west-1' });
  // A person approves in production, so no pull request runs there.
  for (const name of ['test--pull-request', 'staging--deploy', 'production--pull-request']) {
    const { code, outputs, log } = await of(name);
    expect({ code, outputs }).toEqual({ code: 1, outputs: {} });
    expect(log).toMatch(/^::error file=mlops.yaml,title=Configuration::AWS_PULL_REQUEST_ROLE: got arn:aws/);
    expect(log).toContain(
      'expected the pull-request role of an environment of mlops.yaml that has one (staging), as npm run bootstrap',
    );
  }
});

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { sampleResult } from '../../pipeline/report/release-result.fixture.ts';
import { sampleReport } from '../../pipeline/report/report.fixture.ts';
import { ActFixture, type Finished, repositoryName } from './act.fixture.ts';
import type { Attestation } from './fixtures/services/attestations.ts';
import { goTool } from './tools.fixture.ts';

/**
 * What the workflows do with AWS: our actions are recorders here, which have tests of their own against emulators. This is
 * about who is asked for what, in which order, with whose role.
 */
jest.setTimeout(600_000);

interface Call {
  action: string;
  job: string;
  given: Record<string, string>;
  role?: string;
  region?: string;
}

let github: FakeGitHub;
let act: ActFixture;
let outputs: Record<string, Record<string, string>> = {};

const digest = `sha256:${'1'.repeat(64)}`;
const image = `111111111111.dkr.ecr.us-east-1.amazonaws.com/attrition/staging/candidate@${digest}`;

const head = 'a'.repeat(40);
const repository = {
  full_name: repositoryName,
  name: 'attrition',
  default_branch: 'main',
  visibility: 'private',
  owner: { login: 'octo' },
};
const role = (name: string) => `arn:aws:iam::111111111111:role/attrition--staging--${name}`;

beforeAll(async () => {
  github = await FakeGitHub.start({ repository: repositoryName });
  act = await ActFixture.create({
    act: await goTool('act'),
    token: 'token',
    env: { GITHUB_API_URL: github.url },
  });
  const actions = join(act.checkout, 'actions');
  for (const name of await readdir(actions)) {
    const file = join(actions, name, 'action.yml');
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) continue;
    await writeFile(file, text.replace(/^runs:[\s\S]*$/m, 'runs: { using: node24, main: recorder.js }\n'));
    await copyFile(join(import.meta.dirname, 'fixtures/recorder.js'), join(actions, name, 'recorder.js'));
  }
  const config = join(act.checkout, 'mlops.yaml');
  const environments = (approval: boolean) =>
    ['staging', 'production']
      .map(
        (name) =>
          `  ${name}: { account: "111111111111", region: us-east-1, approval: ${approval}, pull_request_role: true }\n`,
      )
      .join('');
  await writeFile(config, `${await readFile(config, 'utf8')}\nenvironments:\n${environments(true)}`);
  const sha = await act.commit('On AWS');
  await act.land(sha);
});
afterAll(async () => {
  await github?.stop();
  await act?.remove();
});
beforeEach(async () => {
  const store = act.env.FIXTURE_STORE ?? '';
  await mkdir(store, { recursive: true });
  // What run-pipeline leaves.
  await writeFile(join(store, 'report.json'), JSON.stringify(sampleReport()));
  outputs = {
    'push-model-image': { uri: image, digest },
    'run-pipeline': {
      run: '.mlops/runs/1/report.json',
      execution: '1',
      status: 'succeeded',
      fingerprint: 'f',
    },
    'gate-promotion': { outcome: 'promote', promoted: 'true', package: 'attrition/3' },
  };
});

async function run(
  workflow: string,
  name: string,
  payload: object,
  more: { inputs?: Record<string, string>; variables?: Record<string, string>; actor?: string } = {},
): Promise<Finished & { calls: Call[] }> {
  act.env.FIXTURE_OUTPUTS = JSON.stringify(outputs);
  await rm(join(act.env.FIXTURE_STORE ?? '', 'calls.jsonl'), { force: true });
  const sha = await act.git('rev-parse', 'main');
  github.moveBranch('main', sha);
  const finished = await act.run(workflow, {
    name,
    sha,
    ref: 'refs/heads/main',
    payload: { repository, ref: 'refs/heads/main', ...payload },
    ...more,
    variables: {
      AWS_PULL_REQUEST_ROLE: role('pull-request'),
      AWS_DEPLOY_ROLE: role('deploy'),
      ...more.variables,
    },
  });
  const calls = await readFile(join(act.env.FIXTURE_STORE ?? '', 'calls.jsonl'), 'utf8').catch(() => '');
  return {
    ...finished,
    calls: calls
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call),
  };
}

const push = (variables: Record<string, string> = {}) =>
  run('deploy.yml', 'push', { before: '0'.repeat(40) }, { variables });
/** What was called, and for which environment. The report of a run is posted beside its release, so it is left out. */
const names = (calls: Call[]) =>
  calls
    .filter((call) => !isReport(call))
    .map((call) => `${nameOf(call)} ${call.given?.environment ?? ''}`.trim());
const isReport = ({ action, given }: Call) => action === 'post-report' && given?.release === undefined;
const nameOf = ({ action, given }: Call) =>
  given?.machine === 'release' ? 'release' : given?.release === undefined ? action : 'post-release';
const reports = (calls: Call[]) => calls.filter(isReport).map(({ given }) => given?.environment);

test('a deployment takes environment after environment, each with its role', async () => {
  const { ok, calls } = await push();
  expect(ok).toBe(true);
  const one = (name: string) => [
    'configure-aws-credentials',
    `deploy-infrastructure ${name}`,
    `deploy-infrastructure ${name}`,
    `push-model-image ${name}`,
    `run-pipeline ${name}`,
    'configure-aws-credentials',
    'gate-promotion',
    `release ${name}`,
    `post-release ${name}`,
  ];
  expect(names(calls)).toEqual([...one('staging'), ...one('production')]);
  expect(reports(calls)).toEqual(['staging', 'production']);
  // What was promoted, by the environment's role, and only if it is still the champion.
  const releases = calls.filter(({ given }) => given?.machine === 'release');
  expect(releases.map(({ job, given }) => [job, given['if-champion'], given['role-to-assume']])).toEqual(
    ['staging', 'production'].map(() => ['aws', 'true', role('deploy')]),
  );
  expect(releases[0]?.given).toMatchObject({ backend: 'aws', package: 'attrition/3', rollback: 'false' });
  const [credentials, diff, deploy, pushed, pipeline, , gate] = calls;
  expect(credentials).toMatchObject({ role: role('deploy'), region: 'us-east-1' });
  expect([diff?.given.mode, deploy?.given.mode]).toEqual(['diff', 'deploy']);
  // Nothing was reviewed: built into the releases.
  expect(pushed?.given).toMatchObject({
    copy: 'false',
    repository: expect.stringMatching(/\/attrition\/staging\/release$/),
  });
  expect(pipeline?.given).toMatchObject({
    backend: 'aws',
    mode: 'promote',
    'role-to-assume': role('deploy'),
  });
  expect(gate?.given).toMatchObject({ promote: 'true' });
});

test('what is held asks its reviewers and ends there; once they approved it is promoted and Deploy goes on', async () => {
  outputs['gate-promotion'] = { outcome: 'hold', promoted: 'false' };
  github.addEnvironment('staging-approval', { reviewers: ['octocat'] });
  github.addEnvironment('production-approval');
  const held = await push();
  const gates = held.calls.filter(({ action }) => action === 'gate-promotion');
  expect(gates[0]).toMatchObject({ job: 'run', given: { promote: 'true', 'fail-on': 'reject,hold' } });
  expect(github.dispatches.splice(0)).toEqual([
    { workflow: 'approve.yml', ref: 'main', inputs: { run: held.id, environment: 'staging' } },
  ]);
  expect(held.log).toContain(`start the workflow Approve with run ${held.id} and environment production`);

  const sha = await act.git('rev-parse', 'main');
  const artifacts = [{ name: 'run-staging' }];
  github.addRun({
    id: Number(held.id),
    head: sha,
    event: 'push',
    path: '.github/workflows/deploy.yml',
    artifacts,
  });
  outputs['gate-promotion'] = { outcome: 'hold', promoted: 'true', package: 'attrition/4' };
  const inputs = { run: held.id, environment: 'staging' };
  const approve = () => run('approve.yml', 'workflow_dispatch', { inputs }, { inputs });
  // The job entered the environment, and nobody approved: not a credential is taken.
  const id = Number(held.id);
  for (const next of [id + 1, id + 2])
    github.addRun({ id: next, head: sha, path: '.github/workflows/approve.yml' });
  const unproved = await approve();
  expect(unproved.log).toContain('got no review of this run that approves the environment staging-approval');
  expect([unproved.ok, names(unproved.calls), github.dispatches]).toEqual([false, [], []]);

  github.addApproval(id + 2, { environment: 'staging-approval', login: 'octocat' });
  const approved = await approve();
  expect(approved.ok).toBe(true);
  expect(names(approved.calls)).toEqual([
    'configure-aws-credentials',
    'gate-promotion',
    'release staging',
    'post-release staging',
  ]);
  expect(reports(approved.calls)).toEqual(['staging']);
  expect(approved.calls[0]).toMatchObject({ role: role('deploy'), region: 'us-east-1' });
  expect(approved.calls[1]).toMatchObject({
    job: 'aws',
    given: { promote: 'approved', approver: 'octocat' },
  });
  const posts = approved.calls.filter(({ action }) => action === 'post-report');
  expect(posts.map(({ given }) => given.workflow)).toEqual(['Deploy', 'Deploy']);
  expect(github.dispatches.splice(0)).toEqual([
    { workflow: 'deploy.yml', ref: 'main', inputs: { after: 'staging' } },
  ]);

  outputs['gate-promotion'] = { outcome: 'promote', promoted: 'true' };
  const after = { inputs: { after: 'staging' } };
  const next = await run('deploy.yml', 'workflow_dispatch', after, {
    ...after,
    actor: 'github-actions[bot]',
  });
  expect(names(next.calls)).toContain('run-pipeline production');
  expect(names(next.calls)).not.toContain('run-pipeline staging');
});

test('the reviewed image is copied into every environment, wherever it was reviewed; another digest is run nowhere', async () => {
  const store = act.env.FIXTURE_STORE ?? '';
  const sha = await act.git('rev-parse', 'main');
  const report = sampleReport();
  const text = JSON.stringify({ ...report, candidate: report.candidate && { ...report.candidate, image } });
  await keptReview({ run: '77', merge: sha, report: text });
  github.addPullRequest({ number: 7, head, merged: sha });
  github.addRun({ id: 77, head, artifacts: [{ name: `reviewed-${sha}` }] });
  github.addCommit({ sha, tree: 'f'.repeat(40), parents: ['0'.repeat(40), head] });
  const pushes = async () =>
    (await push({ ATTESTATIONS: 'true' })).calls
      .filter(({ action }) => action === 'push-model-image')
      .map(({ given }) => [given.environment, given.copy, given.from, given.repository]);
  // The pull request ran in staging.
  expect(await pushes()).toEqual(['staging', 'production'].map((name) => [name, 'true', image, undefined]));

  // Another image than the attested one comes out: nothing is run with it.
  outputs['push-model-image'] = { uri: image, digest: `sha256:${'2'.repeat(64)}` };
  const { ok, calls } = await push({ ATTESTATIONS: 'true' });
  expect(ok).toBe(false);
  expect(names(calls)).not.toContain('run-pipeline staging');
  // The releases had one of the same content.
  outputs['push-model-image'] = { ...outputs['push-model-image'], pushed: 'false' };
  expect(names((await push({ ATTESTATIONS: 'true' })).calls)).toContain('run-pipeline production');

  await rm(join(store, 'attestations.jsonl'));
  const release = (name: string) => image.replace(/staging.*/, `${name}/release`);
  expect(await pushes()).toEqual(
    ['staging', 'production'].map((name) => [name, 'false', undefined, release(name)]),
  );
});

/** Puts into the services what a pull request's run leaves there, which aws-review.system.test.ts makes by the workflow. */
async function keptReview({ run, merge, report }: Record<'run' | 'merge' | 'report', string>): Promise<void> {
  const store = act.env.FIXTURE_STORE ?? '';
  const name = `reviewed-${merge}`;
  await mkdir(join(store, 'artifacts', run, name), { recursive: true });
  await mkdir(join(store, 'artifact-records', run), { recursive: true });
  await writeFile(join(store, 'artifacts', run, name, 'report.json'), report);
  const record = { id: 1, name, expires: Date.now() + 86_400_000 };
  await writeFile(join(store, 'artifact-records', run, `${name}.json`), JSON.stringify(record));
  const address = `https://github.com/${repositoryName}`;
  const attestation: Attestation = {
    repository: repositoryName,
    predicateType: 'https://slsa.dev/provenance/v1',
    subjects: [
      { name: 'report.json', digest: { sha256: createHash('sha256').update(report).digest('hex') } },
    ],
    certificate: {
      subjectAlternativeName: `${address}/.github/workflows/pull-request.yml@refs/pull/7/merge`,
      issuer: 'https://token.actions.githubusercontent.com',
      sourceRepositoryURI: address,
      sourceRepositoryOwnerURI: 'https://github.com/octo',
      sourceRepositoryDigest: merge,
      sourceRepositoryRef: 'refs/pull/7/merge',
      buildSignerDigest: merge,
      runnerEnvironment: 'github-hosted',
    },
  };
  await writeFile(join(store, 'attestations.jsonl'), `${JSON.stringify(attestation)}\n`);
}

test('a retrain is of one environment, and deploys nothing', async () => {
  const inputs = {
    reason: 'x',
    environment: 'production',
    mode: 'promote',
    data: 'model/data/attrition.csv',
  };
  const { ok, calls } = await run('retrain.yml', 'workflow_dispatch', { inputs }, { inputs });
  expect(ok).toBe(true);
  expect(names(calls)).toEqual([
    'configure-aws-credentials',
    'push-model-image production',
    'run-pipeline production',
    'configure-aws-credentials',
    'gate-promotion',
    'release production',
    'post-release production',
  ]);
  expect(reports(calls)).toEqual(['production']);
  expect(calls[2]?.given).toMatchObject({ data: 'model/data/attrition.csv', mode: 'promote', reason: 'x' });
});

test('a rollback passes its reviewers before it has a role, and tells the pull request that had promoted what it left', async () => {
  const sha = await act.git('rev-parse', 'main');
  github.addPullRequest({ number: 7, head, merged: sha });
  github.addEnvironment('production-approval', { reviewers: ['octocat'] });
  const store = act.env.FIXTURE_STORE ?? '';
  const left = { package: 'attrition/3', commit: sha };
  await writeFile(join(store, 'report.json'), JSON.stringify(sampleResult({ kind: 'rollback', left })));
  outputs['run-pipeline'] = { ...outputs['run-pipeline'], run: '.mlops/runs/1/result.json' };
  const inputs = { reason: 'complaints', environment: 'production', to: 'attrition/2', allow: 'true' };
  const start = () => run('rollback.yml', 'workflow_dispatch', { inputs }, { inputs });
  const unproved = await start();
  expect(unproved.log).toContain('expected one');
  expect([unproved.ok, unproved.calls]).toEqual([false, []]);

  const id = Number(unproved.id) + 1;
  github.addRun({ id, head: sha, event: 'workflow_dispatch', path: '.github/workflows/rollback.yml' });
  github.addApproval(id, { environment: 'production-approval', login: 'octocat' });
  const { ok, calls } = await start();
  expect(ok).toBe(true);
  expect(names(calls)).toEqual(['release production', 'post-release production']);
  expect(calls[0]).toMatchObject({
    job: 'aws',
    given: {
      backend: 'aws',
      rollback: 'true',
      package: 'attrition/2',
      allow: 'true',
      reason: 'complaints',
      approver: 'octocat',
      'if-champion': 'false',
      'role-to-assume': role('deploy'),
    },
  });
  expect(calls[1]?.given).toMatchObject({ 'pull-request': '7', target: 'both' });
  const nobodys = await run(
    'rollback.yml',
    'workflow_dispatch',
    { inputs: { reason: 'x' } },
    { inputs: { reason: 'x' } },
  );
  expect([nobodys.ok, nobodys.calls]).toEqual([false, []]);
  expect(nobodys.log).toContain('expected one of mlops.yaml: staging, production');
});

test("a pull request runs in the environment of its role, a fork's on the runner without it", async () => {
  const sha = await act.git('rev-parse', 'main');
  const proposal = (from: string) =>
    run('pull-request.yml', 'pull_request', {
      number: 8,
      pull_request: {
        number: 8,
        head: { sha, ref: 'x', repo: { full_name: from } },
        base: { sha, ref: 'main', repo: { full_name: repositoryName } },
      },
    });
  const own = await proposal(repositoryName);
  expect(names(own.calls)).toEqual([
    'configure-aws-credentials',
    'push-model-image staging',
    'run-pipeline staging',
    'gate-promotion',
  ]);
  expect(own.calls[0]).toMatchObject({ role: role('pull-request'), region: 'us-east-1' });
  expect(own.calls[2]?.given).toMatchObject({ backend: 'aws', mode: 'evaluate' });
  expect(own.calls[3]?.given.promote).toBe('false');

  const fork = await proposal('mallory/attrition');
  expect(names(fork.calls)).toEqual(['run-pipeline']);
  expect(fork.calls[0]?.given).toMatchObject({ backend: 'embedded', mode: 'evaluate' });
  expect(fork.calls[0]?.given).not.toHaveProperty('role-to-assume');
});

import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { parseReleaseResult } from '../../pipeline/report/parse-release-result.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import type { ReleaseResult } from '../../pipeline/report/release-result.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { ActFixture, type Finished, repositoryName } from './act.fixture.ts';
import { goTool } from './tools.fixture.ts';

/**
 * The workflows from event to report, on the real data, as one story: a pull request, its merge, retrains, an approval, a
 * fork. Each test goes on from what the one before it left.
 */
jest.setTimeout(600_000);

const token = `ghs_${'0123456789abcdefghijklmnopqrstuvwxyz'}`;
const logs: string[] = [];
let github: FakeGitHub;
let act: ActFixture;
/** The pull request that is merged. */
let proposed: { head: string; merge: string };
let reviewed: Finished;
/** The run of Deploy after the merge. */
let merged: Finished;

beforeAll(async () => {
  github = await FakeGitHub.start({ repository: repositoryName });
  act = await ActFixture.create({ act: await goTool('act'), token, env: { GITHUB_API_URL: github.url } });
});
afterAll(async () => {
  await github?.stop();
  await act?.remove();
});

/** The story's repository has attestations and publishes the pages of its releases. */
const variables = { ATTESTATIONS: 'true', RELEASE_PAGES: 'true' };
const repository = {
  full_name: repositoryName,
  name: 'attrition',
  default_branch: 'main',
  visibility: 'private',
  owner: { login: 'octo' },
};

async function run(workflow: string, event: Parameters<ActFixture['run']>[1]): Promise<Finished> {
  const finished = await act.run(workflow, { variables, ...event });
  logs.push(finished.log);
  return finished;
}

function pullRequest(
  number: number,
  { head, merge }: typeof proposed,
  from = repositoryName,
  ref = 'branch',
) {
  return run('pull-request.yml', {
    name: 'pull_request',
    sha: merge,
    ref: `refs/pull/${number}/merge`,
    payload: {
      action: 'opened',
      number,
      repository,
      pull_request: {
        number,
        head: { sha: head, ref, repo: { full_name: from } },
        base: { sha: '0'.repeat(40), ref: 'main', repo: { full_name: repositoryName } },
      },
    },
  });
}

async function push(sha: string, before: string): Promise<Finished> {
  github.moveBranch('main', sha);
  return await run('deploy.yml', {
    name: 'push',
    sha,
    ref: 'refs/heads/main',
    payload: { repository, before, after: sha, ref: 'refs/heads/main' },
  });
}

async function dispatch(inputs: Record<string, string>, workflow = 'retrain.yml'): Promise<Finished> {
  const sha = await act.git('rev-parse', 'main');
  github.moveBranch('main', sha);
  return await run(workflow, {
    name: 'workflow_dispatch',
    sha,
    ref: 'refs/heads/main',
    inputs,
    payload: { repository, ref: 'refs/heads/main', inputs },
  });
}

async function edit(change: (text: string) => string): Promise<void> {
  const file = join(act.checkout, 'mlops.yaml');
  const text = await readFile(file, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error('nothing was changed');
  await writeFile(file, changed);
}

/** Commits an edit of mlops.yaml to main. */
async function landed(change: (text: string) => string): Promise<void> {
  await act.git('checkout', '--quiet', 'main');
  await edit(change);
  const sha = await act.commit('Another gate');
  await act.land(sha);
  github.moveBranch('main', sha);
}

/** The newest status of a commit that a merge may require. */
const statusOf = (sha: string) => github.statuses.filter((status) => status.sha === sha).at(-1);

const reportOf = async (finished: Finished): Promise<Report> =>
  parseReport(await readFile(join(finished.artifacts, 'run/report.json'), 'utf8'));

const releaseOf = async (finished: Finished): Promise<ReleaseResult> =>
  parseReleaseResult(await readFile(join(finished.artifacts, 'release/result.json'), 'utf8'));

/** The release that readers of main's state see. */
async function pointer(): Promise<{ release: string; package: string }> {
  const state = await mkdtemp(join(act.folder, 'state-'));
  await act.unpackState(state);
  return JSON.parse(await readFile(join(state, 's3/mlops/attrition/pointers/attrition.json'), 'utf8'));
}

/** The package that is champion in the state that main's runs have kept. */
async function champion(): Promise<unknown> {
  const state = await mkdtemp(join(act.folder, 'state-'));
  await act.unpackState(state);
  const folder = join(state, 'ledger/attrition/champion/attrition/current');
  const versions = (await readdir(folder)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const item = JSON.parse(await readFile(join(folder, versions.at(-1) ?? ''), 'utf8')) as {
    package?: string;
  };
  return item.package;
}

/** Tells GitHub's API of a run that has ended, with the artifacts that it uploaded. */
async function register(finished: Finished, head: string, more: { path?: string } = {}): Promise<void> {
  github.addRun({ id: Number(finished.id), head, artifacts: await act.artifactsOf(finished), ...more });
}

test('a pull request: trained on the runner beside the base branch, and one comment', async () => {
  proposed = await act.propose(7, 'fewer-trials', () =>
    edit((text) => text.replace('max_jobs: 8', 'max_jobs: 3')),
  );
  github.addPullRequest({ number: 7, head: proposed.head, branch: 'fewer-trials' });
  reviewed = await pullRequest(7, proposed, repositoryName, 'fewer-trials');
  expect(reviewed.jobs).toEqual({
    'Evaluate on the runner': 'success',
    Attest: 'success',
    Report: 'success',
  });
  expect(reviewed.ok).toBe(true);

  const report = await reportOf(reviewed);
  expect(report.run).toMatchObject({ status: 'succeeded', mode: 'evaluate', commit: { sha: proposed.head } });
  expect(report.champion?.origin).toBe('baseline');
  expect(report.notes.join()).toContain('baseline main');
  const [comment, ...more] = github.comments(7);
  expect(more).toEqual([]);
  expect(comment?.body).toContain('ROC AUC');
  expect(comment?.body).toContain(`/${repositoryName}/actions/runs/${reviewed.id}`);
  expect(github.checks.map(({ head_sha }) => head_sha)).toEqual([proposed.head]);
  expect(reviewed.log).toMatch(/Summary - .*ROC AUC/s);
  expect(statusOf(proposed.head)).toMatchObject({ context: 'mlops / verdict', state: 'success' });
});

test('its merge promotes what was reviewed: nothing is trained again', async () => {
  const before = await act.git('rev-parse', 'main');
  await act.land(proposed.merge);
  github.addPullRequest({ number: 7, head: proposed.head, branch: 'fewer-trials', merged: proposed.merge });
  await register(reviewed, proposed.head);
  github.addCommit(await act.commitOf(proposed.merge));
  const deployed = await push(proposed.merge, before);
  expect(deployed.jobs).toMatchObject({ 'Promote on the runner': 'success', Report: 'success' });
  expect(deployed.ok).toBe(true);

  const report = await reportOf(deployed);
  const reused = report.steps.filter((step) => step.reused).map((step) => step.name);
  expect(reused).toEqual(expect.arrayContaining(['Prepare', 'Tune']));
  expect(report.run.fingerprint).toBe((await reportOf(reviewed)).run.fingerprint);
  expect(report.notes[0]).toBe(
    "What the pull request's run made was verified by its attestation and taken over. " +
      'Fingerprint, image and all metrics of the candidate equal those of the review.',
  );
  expect(report.run.promotion).toMatchObject({ promoted: true });
  expect(await champion()).toBe(report.run.promotion.package);
  expect(await readdir(deployed.artifacts)).toEqual(expect.arrayContaining(['model', 'run']));
  // The one of eight trials that was promoted, and what it says of the holdout.
  expect((await readdir(join(deployed.artifacts, 'model'), { recursive: true })).sort()).toEqual([
    'model.tar.gz',
    'predictions',
    'predictions/holdout.csv.out',
  ]);
  // One of the review, one of the deployment, one of the release.
  expect(github.comments(7)).toHaveLength(3);
  expect(github.comments(7)[1]?.body).toContain('champion');
  merged = deployed;
});

test('what was promoted is released: predictions and page as artifacts, the site, and a comment', async () => {
  expect(merged.jobs).toMatchObject({
    'Release the model/Release on the runner': 'success',
    'Release the model/GitHub Pages': 'success',
    'Release the model/Report the release': 'success',
  });
  const [parquet] = await readdir(join(merged.artifacts, 'predictions'));
  expect(parquet).toMatch(/\.parquet$/);
  const result = await releaseOf(merged);
  expect(result).toMatchObject({
    kind: 'release',
    status: 'succeeded',
    package: await champion(),
    previous: null,
    reason: 'merge of #7',
    predictions: { rows: 200 },
  });
  expect((await pointer()).release).toBe(result.release);
  const page = await readFile(join(merged.artifacts, 'release.html/release.html'), 'utf8');
  expect(page).toContain('200 predictions');
  const site = join(act.env.FIXTURE_STORE ?? '', 'pages');
  expect(await readdir(site)).toEqual(['index.html']);
  expect(await readFile(join(site, 'index.html'), 'utf8')).toBe(page);
  const body = github.comments(7)[2]?.body ?? '';
  expect(body).toContain('200 predictions');
  expect(body).toContain('https://octo.github.io/attrition/');
  // No row by its id: those of the sample are the numbers of employees.
  const ids = (await readFile(join(act.checkout, 'model/data/scoring.csv'), 'utf8')).split('\n');
  expect(ids.length).toBeGreaterThan(200);
  for (const text of [page, body]) expect(text).not.toMatch(/Private copy|row id/i);
});

test('a push that merged nothing is trained on main, and says so', async () => {
  const before = await act.git('rev-parse', 'main');
  await edit((text) => text.replace('max_jobs: 3', 'max_jobs: 2'));
  const sha = await act.commit('Without a pull request');
  await act.land(sha);
  github.addCommit(await act.commitOf(sha));
  const deployed = await push(sha, before);
  expect(deployed.ok).toBe(true);
  expect(deployed.log).toContain('merged no pull request');
  // The pull request's own look came with what its merge took over.
  expect(deployed.log).toContain('0 looks of pull requests are counted');
  const report = await reportOf(deployed);
  expect(report.steps.find(({ name }) => name === 'Tune')?.reused).toBe(false);
  expect(report.champion?.origin).toBe('champion');
  expect(report.run.promotion.promoted).toBe(true);
  expect(await releaseOf(deployed)).toMatchObject({
    package: report.run.promotion.package,
    previous: { package: (await releaseOf(merged)).package },
  });
});

test('a rollback brings the champion before back, and the same commit does not promote what it left', async () => {
  const sha = await act.git('rev-parse', 'main');
  const [before, left] = [(await releaseOf(merged)).package, await champion()];
  const elsewhere = await run('rollback.yml', {
    name: 'workflow_dispatch',
    sha,
    ref: 'refs/heads/feature',
    inputs: { reason: 'x' },
    payload: { repository, ref: 'refs/heads/feature', inputs: { reason: 'x' } },
  });
  expect(elsewhere.jobs).toEqual({ Build: 'failure' });
  // act may lose what a step wrote that ends at once.
  expect(elsewhere.log).toContain('Failure - Main Refuse another branch');

  // The commit of the push before, as of a pull request that was squashed.
  github.addPullRequest({ number: 6, head: 'c'.repeat(40), merged: sha });
  const back = await dispatch({ reason: 'wrong for night shifts' }, 'rollback.yml');
  expect(back.jobs).toMatchObject({
    'Ask the reviewers': 'success',
    'Release the model/Release on the runner': 'success',
    'Release the model/Report the release': 'success',
  });
  expect(back.ok).toBe(true);
  expect(await champion()).toBe(before);
  expect(await pointer()).toMatchObject({
    package: before,
    release: (await releaseOf(merged)).release,
  });
  expect(await releaseOf(back)).toMatchObject({
    kind: 'rollback',
    left: { package: left, commit: sha },
    actor: expect.stringContaining('by starting the workflow'),
  });
  // The predictions were there.
  expect(back.log).not.toContain('✓ Deliver');
  const [comment] = github.comments(6);
  expect(comment?.body).toContain('wrong for night shifts');
  expect(comment?.body).toContain('approved by');

  const again = await push(sha, sha);
  expect(again.jobs).toMatchObject({ 'Promote on the runner': 'failure' });
  expect(again.jobs).not.toHaveProperty('Release the model/Release on the runner');
  expect(again.log).toMatch(/was rolled back from on .*wrong for night shifts.*not promoted again by itself/);
  expect(await champion()).toBe(before);

  const further = await dispatch({ reason: 'still wrong' }, 'rollback.yml');
  expect(further.jobs).toMatchObject({
    'Release the model/Release on the runner': 'failure',
    'Release the model/Report the release': 'success',
  });
  expect(further.log).toContain('expected one to go back to');
  expect(await champion()).toBe(before);
  // What the champion was made from is on main again.
  await landed((text) => text.replace('max_jobs: 2', 'max_jobs: 3'));
});

test('a retrain whose verdict is no opens an issue, the next one that is well closes it', async () => {
  const was = await champion();
  const strict = 'gate.thresholds.roc_auc.min=0.999';
  const loose = await dispatch({ reason: 'another gate', set: strict });
  expect(loose.jobs).toEqual({ Build: 'failure' });
  expect(loose.log).toContain('expected settings of budget');

  await landed((text) => text.replace('roc_auc: { min: 0.75 }', 'roc_auc: { min: 0.999 }'));
  const refused = await dispatch({ reason: 'to see it fail' });
  expect(refused.ok).toBe(false);
  expect(refused.jobs).toMatchObject({ 'Train on the runner': 'failure', Report: 'success' });
  expect((await reportOf(refused)).verdict?.outcome).toBe('reject');
  expect(github.issues.map(({ state }) => state)).toEqual(['open']);
  expect(github.issues[0]?.body).toContain('to see it fail');
  expect(await champion()).toBe(was);

  await landed((text) => text.replace('roc_auc: { min: 0.999 }', 'roc_auc: { min: 0.75 }'));
  const well = await run('retrain.yml', {
    name: 'repository_dispatch',
    sha: await act.git('rev-parse', 'main'),
    ref: 'refs/heads/main',
    payload: {
      action: 'data-landed',
      repository,
      client_payload: { set: 'gate.enforce=false', reason: 'new rows' },
    },
  });
  expect(well.ok).toBe(true);
  const report = await reportOf(well);
  expect(report.run).toMatchObject({ mode: 'promote', trigger: 'data', reason: 'new rows' });
  // Who may only send an event cannot switch the gate off.
  expect(report.verdict?.enforced).toBe(true);
  expect(github.issues.map(({ state }) => state)).toEqual(['closed']);
});

test('what the gate holds is promoted by its approval, and only a run of main can be approved', async () => {
  const was = await champion();
  await landed((text) =>
    text.replace('  primary: roc_auc', '  min_change: { absolute: 0.9 }\n  primary: roc_auc'),
  );
  const held = await dispatch({
    reason: 'other settings',
    set: 'tuning=off; training.hyperparameters.C=0.5',
  });
  expect((await reportOf(held)).verdict?.outcome).toBe('hold');
  expect(held.jobs).toMatchObject({ 'Ask for approval': 'success' });
  expect(held.log).toContain(`start the workflow Approve with run ${held.id}`);
  expect(await champion()).toBe(was);
  expect(github.issues.filter(({ state }) => state === 'open')).toHaveLength(1);

  const head = await act.git('rev-parse', 'main');
  const artifacts = [{ name: 'run' }];
  github.addRun({ id: 5, head, artifacts });
  const foreign = await dispatch({ run: '5' }, 'approve.yml');
  expect(foreign.jobs).toEqual({ Build: 'failure' });
  expect(foreign.log).toContain('expected one of .github/workflows/deploy.yml');

  await register(held, head, { path: '.github/workflows/retrain.yml' });
  const approved = await dispatch({ run: held.id }, 'approve.yml');
  expect(approved.jobs).toEqual({
    Build: 'success',
    'Ask the reviewers': 'success',
    'Promote on the runner': 'success',
    'Publish the state/Publish': 'success',
    Report: 'success',
    'Release the model/Release on the runner': 'success',
    'Release the model/GitHub Pages': 'success',
    'Release the model/Report the release': 'success',
  });
  const { package: approvedPackage } = (await reportOf(held)).run.promotion;
  expect(await champion()).toBe(approvedPackage);
  expect(approvedPackage).not.toBe(was);
  // The issue of the retrain is closed.
  expect(github.issues.filter(({ state }) => state === 'open')).toEqual([]);

  // What was compared with another champion cannot be promoted any more.
  const late = await dispatch({ reason: 'again', set: 'tuning=off; training.hyperparameters.C=0.4' });
  github.addRun({ id: Number(late.id), head, path: '.github/workflows/retrain.yml', artifacts });
  await landed((text) => text.replace('  min_change: { absolute: 0.9 }\n', ''));
  const outdated = await dispatch({ run: late.id }, 'approve.yml');
  expect(outdated.jobs).toEqual({ Build: 'failure' });
  expect(outdated.log).toContain('what it held is out of date');
  expect(await champion()).toBe(approvedPackage);
});

test("a fork's pull request: its run posts nothing, its report is checked and posted by main's code", async () => {
  const mallory = 'mallory/attrition';
  const fork = await act.propose(8, 'from-fork', () =>
    edit((text) => text.replace('max_jobs: 3', 'max_jobs: 4')),
  );
  github.addPullRequest({ number: 8, head: fork.head, branch: 'from-fork', from: mallory });
  const finished = await pullRequest(8, fork, mallory, 'from-fork');
  expect(finished.jobs).toEqual({ 'Evaluate on the runner': 'success' });
  expect(github.comments(8)).toEqual([]);

  await act.git('checkout', '--quiet', 'main');
  const follow = async () =>
    await run('pull-request-report.yml', {
      name: 'workflow_run',
      sha: await act.git('rev-parse', 'main'),
      ref: 'refs/heads/main',
      payload: {
        action: 'completed',
        repository,
        workflow_run: {
          id: Number(finished.id),
          event: 'pull_request',
          conclusion: 'success',
          head_sha: fork.head,
          head_branch: 'from-fork',
          head_repository: { full_name: mallory, owner: { login: 'mallory' } },
          html_url: `https://github.com/${repositoryName}/actions/runs/${finished.id}`,
        },
      },
    });
  const posted = await follow();
  expect(posted.jobs).toMatchObject({
    "Check the fork's report": 'success',
    Report: 'success',
    Status: 'success',
  });
  expect(statusOf(fork.head)).toMatchObject({
    state: 'success',
    description: expect.stringContaining('unverified'),
  });
  const [comment] = github.comments(8);
  expect(comment?.body).toContain('ROC AUC');
  expect(comment?.body).toContain("Made by the fork's own run");

  // The same comment, from an artifact that is no report.
  await writeFile(
    join(finished.artifacts, 'run/report.json'),
    '{"version":1,"project":"![x](https://evil.example/x)"}',
  );
  const refused = await follow();
  expect(refused.jobs).toMatchObject({ "Check the fork's report": 'failure', Status: 'success' });
  expect(statusOf(fork.head)?.state).toBe('failure');
  const [after, ...more] = github.comments(8);
  expect(more).toEqual([]);
  expect(after?.body).not.toContain('evil.example');
  expect(after?.body).toContain('died or was cancelled before it wrote a report');
});

test('a pull request with a broken mlops.yaml gets a comment that says where', async () => {
  await act.git('checkout', '--quiet', 'main');
  const broken = await act.propose(9, 'broken', () =>
    edit((text) => text.replace('primary: roc_auc', 'primary: roc_uac')),
  );
  github.addPullRequest({ number: 9, head: broken.head, branch: 'broken' });
  const finished = await pullRequest(9, broken, repositoryName, 'broken');
  expect(finished.jobs).toEqual({ 'Evaluate on the runner': 'failure', Report: 'failure' });
  expect(github.comments(9)[0]?.body).toContain('Failed in Configuration');
  expect(statusOf(broken.head)).toMatchObject({ state: 'failure' });
  const check = github.checks.find(({ head_sha }) => head_sha === broken.head);
  expect(check?.annotations).toEqual([
    expect.objectContaining({ path: 'mlops.yaml', message: expect.stringContaining('got "roc_uac"') }),
  ]);
});

test('a model that decayed: Monitor looks at what main keeps, opens an issue and starts Retrain, once', async () => {
  const flipped = (text: string) =>
    text.replace(/,(Yes|No)$/gm, (_, label) => (label === 'Yes' ? ',No' : ',Yes'));
  await act.git('checkout', '--quiet', 'main');
  const truth = join(act.checkout, 'model/data/scoring-truth.csv');
  await writeFile(truth, flipped(await readFile(truth, 'utf8')));
  // A row more than the champion was trained on: the same rows would make the same model.
  const rows = join(act.checkout, 'model/data/attrition.csv');
  const text = (await readFile(rows, 'utf8')).trimEnd();
  const last = text.slice(text.lastIndexOf('\n') + 1);
  await writeFile(rows, `${text}\n${last.replace(',2068,', ',99999,')}\n`);
  await landed(
    (yaml) =>
      `${yaml.replace(/mean_labels_between_false_alarms: \d+/, 'mean_labels_between_false_alarms: 100')}\ntriggers: { decay: true }\n`,
  );
  const before = await champion();
  const open = github.issues.length;
  const at = new Date(Date.now() + 40 * 86_400_000).toISOString();
  const looked = await dispatch({ at }, 'monitor.yml');
  expect(looked.jobs).toEqual({
    Build: 'success',
    'Look on the runner': 'success',
    Report: 'success',
    'Start Retrain': 'success',
  });
  const [issue, ...more] = github.issues.slice(open);
  expect(more).toEqual([]);
  expect(issue).toMatchObject({ state: 'open', title: expect.stringMatching(/^attrition: Decayed/) });
  expect(issue?.body).toContain('What to do next');
  expect(await readFile(join(looked.artifacts, 'monitor.html/monitor.html'), 'utf8')).toContain('Decayed');
  expect(github.dispatches.slice(-1)).toEqual([
    {
      workflow: 'retrain.yml',
      ref: 'main',
      inputs: { reason: expect.stringContaining(String(before)), mode: 'promote', decay: 'true' },
    },
  ]);
  // Nothing of main's state has changed, so the next look finds the same: only the issue remembers.
  expect(await champion()).toBe(before);
  const again = await dispatch({ at }, 'monitor.yml');
  expect(again.jobs).toEqual({ Build: 'success', 'Look on the runner': 'success', Report: 'success' });
  expect(github.issues.slice(open).map(({ state }) => state)).toEqual(['open']);
});

test('no log, comment or summary of all that holds a token, a key or a signed address', async () => {
  expect(logs.length).toBeGreaterThan(9);
  const posted = JSON.stringify(github.state);
  for (const text of [...logs, posted]) {
    expect(text).not.toContain(token);
    expect(
      /AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|X-Amz-Signature|BEGIN [A-Z ]*PRIVATE KEY|x-access-token:/.exec(text),
    ).toBeNull();
  }
});

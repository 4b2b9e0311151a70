import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { smallConfig, smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { ActFixture, type Finished, repositoryName } from './act.fixture.ts';
import { goTool } from './tools.fixture.ts';

/**
 * A pull request on AWS and its merge as one story. The account is a stand-in (fixtures/account.ts): our actions' bundles on
 * the backend of this machine.
 */
jest.setTimeout(600_000);

interface Call {
  action: string;
  given: Record<string, string>;
}

const project = smallProject();
const role = (name: string) => `arn:aws:iam::111111111111:role/small--staging--${name}`;
const variables = {
  AWS_PULL_REQUEST_ROLE: role('pull-request'),
  AWS_DEPLOY_ROLE: role('deploy'),
  ATTESTATIONS: 'true',
};
const repository = {
  full_name: repositoryName,
  name: 'attrition',
  default_branch: 'main',
  visibility: 'private',
  owner: { login: 'octo' },
};
let github: FakeGitHub;
let act: ActFixture;
let store = '';
let proposed: { head: string; merge: string };
let reviewed: Report;

beforeAll(async () => {
  github = await FakeGitHub.start({ repository: repositoryName });
  act = await ActFixture.create({
    act: await goTool('act'),
    token: 'token',
    env: { GITHUB_API_URL: github.url },
    prepare: async (checkout, standIns) => {
      await rm(join(checkout, 'model'), { recursive: true });
      for (const name of ['model', 'data.csv'])
        await cp(project.path(name), join(checkout, name), { recursive: true });
      const environment = '{ account: "111111111111", region: us-east-1 }';
      await writeFile(
        join(checkout, 'mlops.yaml'),
        `${smallConfig}environments: { staging: ${environment} }\n`,
      );
      const replaced = {
        'deploy-infrastructure': join(import.meta.dirname, 'fixtures/recorder.js'),
        'push-model-image': join(standIns, 'account.mjs'),
        'run-pipeline': join(standIns, 'account.mjs'),
        'gate-promotion': join(standIns, 'account.mjs'),
      };
      for (const [name, program] of Object.entries(replaced)) {
        const action = join(checkout, 'actions', name);
        const text = await readFile(join(action, 'action.yml'), 'utf8');
        await writeFile(
          join(action, 'action.yml'),
          text.replace(/^runs:[\s\S]*$/m, 'runs: { using: node24, main: replaced.mjs }\n'),
        );
        await copyFile(program, join(action, 'replaced.mjs'));
      }
    },
  });
  act.env.FIXTURE_OUTPUTS = '{}';
  store = act.env.FIXTURE_STORE ?? '';
});
afterAll(async () => {
  await github?.stop();
  await act?.remove();
});

async function run(...args: Parameters<ActFixture['run']>): Promise<Finished & { calls: Call[] }> {
  const file = join(store, 'calls.jsonl');
  await rm(file, { force: true });
  const finished = await act.run(...args);
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  return { ...finished, calls: lines.map((line) => JSON.parse(line) as Call) };
}

const pullRequest = (number: number, { head, merge }: typeof proposed) =>
  run('pull-request.yml', {
    name: 'pull_request',
    sha: merge,
    ref: `refs/pull/${number}/merge`,
    variables,
    payload: {
      action: 'opened',
      number,
      repository,
      pull_request: {
        number,
        head: { sha: head, ref: 'weight', repo: { full_name: repositoryName } },
        base: { sha: '0'.repeat(40), ref: 'main', repo: { full_name: repositoryName } },
      },
    },
  });

const push = (sha: string, before: string, more: Record<string, string> = {}) =>
  run('deploy.yml', {
    name: 'push',
    sha,
    ref: 'refs/heads/main',
    variables: { ...variables, ...more },
    payload: { repository, before, after: sha, ref: 'refs/heads/main' },
  });

const reportOf = async ({ artifacts }: Finished, name: string): Promise<Report> =>
  parseReport(await readFile(join(artifacts, name, 'report.json'), 'utf8'));
const made = ({ steps }: Report) =>
  steps.filter(({ name, reused }) => ['Prepare', 'Train'].includes(name) && !reused).map(({ name }) => name);
const digestOf = ({ candidate }: Report) => candidate?.image.split('@')[1];

/** A branch that makes the model another one, evaluated as pull request `number` and told to GitHub's API. */
async function propose(number: number, weight: string): Promise<void> {
  await act.git('checkout', '--quiet', 'main');
  proposed = await act.propose(number, `weight-${weight}`, async () => {
    const file = join(act.checkout, 'mlops.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/weight: [\d.]+/, `weight: ${weight}`));
  });
  github.addPullRequest({ number, head: proposed.head, branch: `weight-${weight}` });
  const finished = await pullRequest(number, proposed);
  expect(finished.jobs).toEqual({
    Build: 'success',
    'Evaluate on AWS': 'success',
    Attest: 'success',
    Report: 'success',
  });
  reviewed = await reportOf(finished, `reviewed-${proposed.merge}`);
  github.addRun({ id: Number(finished.id), head: proposed.head, artifacts: await act.artifactsOf(finished) });
  github.addCommit(await act.commitOf(proposed.merge));
}

async function merge(number: number, sha: string, more: Record<string, string> = {}) {
  const before = await act.git('rev-parse', 'main');
  await act.land(sha);
  github.addPullRequest({ number, head: proposed.head, merged: sha });
  github.addCommit(await act.commitOf(sha));
  github.moveBranch('main', sha);
  const deployed = await push(sha, before, more);
  expect({ ok: deployed.ok, jobs: deployed.jobs }).toMatchObject({ ok: true });
  const pushed = deployed.calls.find(({ action }) => action === 'push-model-image');
  return {
    report: await reportOf(deployed, 'run-staging'),
    copied: pushed?.given.copy,
    from: pushed?.given.from,
  };
}

test('a pull request trains on AWS and keeps what its merge promotes, attested', async () => {
  await propose(7, '0.9');
  expect(reviewed.run).toMatchObject({ mode: 'evaluate', status: 'succeeded' });
  expect(made(reviewed)).toEqual(['Prepare', 'Train']);
  expect(github.comments(7)).toHaveLength(1);
});

test('its merge promotes the reviewed fingerprint and digest, and no job runs again', async () => {
  const { report, copied, from } = await merge(7, proposed.merge);
  expect([copied, from]).toEqual(['true', reviewed.candidate?.image]);
  expect(report.run.fingerprint).toBe(reviewed.run.fingerprint);
  expect(digestOf(report)).toBe(digestOf(reviewed));
  expect(made(report)).toEqual([]);
  expect(report.run.promotion.promoted).toBe(true);
  expect(report.notes[0]).toBe(
    "What the pull request's run made was verified by its attestation and taken over. " +
      'Fingerprint, image and all metrics of the candidate equal those of the review.',
  );
});

test('a squash is the same files: what was reviewed is promoted too', async () => {
  await propose(8, '0.8');
  await act.git('checkout', '--quiet', '-B', 'squash', 'main');
  await act.git('merge', '--quiet', '--squash', proposed.head);
  const { report, copied } = await merge(8, await act.commit('Squashed'));
  expect([copied, report.run.fingerprint, made(report)]).toEqual(['true', reviewed.run.fingerprint, []]);
});

test('a merge onto another base than was reviewed takes nothing over, and the report says why', async () => {
  await propose(9, '0.7');
  await act.git('checkout', '--quiet', '-B', 'moved', 'main');
  await writeFile(join(act.checkout, 'another'), 'file');
  const moved = await act.commit('Another merge came first');
  await act.git('merge', '--quiet', '--no-ff', '--message', 'Merge', proposed.head);
  await act.git('branch', '--quiet', '--force', 'main', moved);
  const { report, copied } = await merge(9, await act.git('rev-parse', 'HEAD'));
  expect(copied).toBe('false');
  expect(report.notes[0]).toContain("Nothing of the pull request's run was taken over: ");
  expect(report.notes[0]).toContain('was reviewed on another base');
});

test('without attestations nothing is taken over, and the report compares with the review', async () => {
  await propose(10, '0.6');
  const { report, copied } = await merge(10, proposed.merge, { ATTESTATIONS: '' });
  expect(copied).toBe('false');
  expect(report.notes[0]).toBe(
    "Nothing of the pull request's run was taken over: this repository has no attestations. " +
      'Fingerprint, image and all metrics of the candidate equal those of the review.',
  );
});

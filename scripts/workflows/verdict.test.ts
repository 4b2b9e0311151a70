import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import {
  failedRun,
  heldRun,
  rejectedRun,
  sampleReport,
  unenforcedRun,
} from '../../pipeline/report/report.fixture.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { Steps } from './run-tool.fixture.ts';
import { statusContext, statusOf } from './verdict-status.ts';
import { play, ran, type Workflow, workflows } from './workflow.fixture.ts';

/* The status that a merge may require: who sets it, when, and that a fork cannot make it pass by itself. */

const sha = 'a'.repeat(40);
const queued = 'b'.repeat(40);
let steps: Steps;
let github: FakeGitHub;

beforeEach(async () => {
  steps = await Steps.start();
  ({ github } = steps);
});
afterEach(async () => await steps.stop());

const file = (name: string): Workflow => workflows()[name] ?? { on: {}, jobs: {} };
const newest = (of = sha) =>
  github.statuses.filter((status) => status.sha === of && status.context === statusContext).at(-1);

const textOf = (report: Report | string | null) =>
  report === null || typeof report === 'string' ? report : JSON.stringify(report);

/** A POST with a token. The status of the answer. */
async function post(path: string, body: object, token = 'token'): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const url = `${github.url}/repos/octo/attrition${path}`;
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

/** Sets the status as the tool does. */
async function judge(report: Report | null, { fork = false } = {}): Promise<void> {
  const status = { context: statusContext, ...statusOf(textOf(report), { fork }) };
  expect(await post(`/statuses/${sha}`, status)).toBe(201);
}

test.each<[string, Report | string | null, string, RegExp]>([
  ['a yes', sampleReport(), 'success', /^Promote: /],
  ['a hold, which a person approves after the merge', heldRun(), 'success', /^Hold: /],
  ['a no', rejectedRun(), 'failure', /^Reject: /],
  ['a no that mlops.yaml does not enforce', unenforcedRun(), 'success', /^Reject \(not enforced\): /],
  ['a run that failed', failedRun(), 'failure', /^Failed in /],
  ['a run that left no report', null, 'failure', /^The run left no report/],
  ['a report that is none', '{"version": 1}', 'failure', /^The run left no report/],
])('the status of %s', (_, report, state, description) => {
  const status = statusOf(textOf(report), { fork: false });
  expect(status).toEqual({ state, description: expect.stringMatching(description) });
  expect(status.description.length).toBeLessThanOrEqual(140);
});

test("of a fork it says that nothing was verified, and a fork's no is red", async () => {
  const REPORT = join(steps.folder, 'report.json');
  const judged = async (report: Report) => {
    await writeFile(REPORT, JSON.stringify(report));
    return await steps.tool('verdict-status', {
      SHA: sha,
      REPORT,
      RUN_URL: 'https://x.example',
      FORK: 'true',
    });
  };
  expect(await judged(sampleReport())).toMatchObject({
    code: 0,
    log: expect.stringContaining(statusContext),
  });
  expect(newest()).toMatchObject({
    state: 'success',
    description: expect.stringMatching(/^By the fork's own run, unverified: Promote: /),
    target_url: 'https://x.example',
  });
  await judged(rejectedRun());
  expect(newest()?.state).toBe('failure');
});

/** The script of the only step of a job of pull-request-status.yml. */
const scriptOf = (job: string): string => file('pull-request-status.yml').jobs[job]?.steps?.[0]?.run ?? '';
const pending = (env: Record<string, string> = {}) =>
  steps.script(scriptOf('pending'), {
    TOKEN: 'token',
    SHA: sha,
    SINCE: new Date(Date.now() - 1000).toISOString(),
    DRAFT: 'false',
    ...env,
  });

test('a new head waits for its verdict; one that came first stays', async () => {
  expect(await pending()).toMatchObject({ code: 0 });
  expect(newest()).toMatchObject({
    state: 'pending',
    description: expect.stringContaining('which a maintainer may have to allow'),
  });
  await judge(sampleReport());
  expect((await pending()).log).toContain('The verdict came first');
  expect(newest()?.state).toBe('success');
  // Another base: the verdict is of before.
  await pending({ SINCE: new Date(Date.now() + 60_000).toISOString(), DRAFT: 'true' });
  expect(newest()).toMatchObject({ state: 'pending', description: expect.stringContaining('draft') });
});

test('a script that GitHub refuses fails, and says nothing of the token', async () => {
  github.addToken('weak', { login: 'github-actions[bot]', permissions: { statuses: 'read' } });
  const { code, log } = await pending({ TOKEN: 'weak' });
  expect(code).toBe(1);
  expect(log).not.toContain('weak');
});

/**
 * Whether GitHub lets a commit be merged that requires the name: "If a check and a commit status have the same name, both
 * must pass when that name is required", and one that is not there has not passed
 * (https://docs.github.com/pull-requests/how-tos/merge-and-close-pull-requests/troubleshooting-required-status-checks).
 */
function mayMerge(): boolean {
  const check = github.checks
    .filter(({ name, head_sha }) => name === statusContext && head_sha === sha)
    .at(-1);
  const found = [check?.conclusion, newest()?.state].filter((state) => state !== undefined);
  return found.length > 0 && found.every((state) => state === 'success');
}

test("a fork's own job of the same name does not make it pass", async () => {
  await pending();
  // What GitHub does for a job of that name, whatever workflow of the fork it stands in.
  const check = { name: statusContext, head_sha: sha, status: 'completed', conclusion: 'success' };
  expect(await post('/check-runs', check)).toBe(201);
  expect(mayMerge()).toBe(false);
  // The fork's token.
  github.addToken('fork', {
    login: 'github-actions[bot]',
    permissions: { contents: 'read', statuses: 'read' },
  });
  expect(await post(`/statuses/${sha}`, { context: statusContext, state: 'success' }, 'fork')).toBe(403);
  expect(mayMerge()).toBe(false);
  await judge(rejectedRun(), { fork: true });
  expect(mayMerge()).toBe(false);
  await judge(sampleReport(), { fork: true });
  expect(mayMerge()).toBe(true);
});

test('a commit of a merge queue has the status of its pull request', async () => {
  github.addPullRequest({ number: 7, head: sha });
  const carry = (ref = `refs/heads/gh-readonly-queue/main/pr-7-${'c'.repeat(40)}`) =>
    steps.script(scriptOf('queued'), { TOKEN: 'token', REF: ref, SHA: queued });
  await carry();
  expect(newest(queued)).toMatchObject({
    state: 'failure',
    description: expect.stringContaining('#7 is none'),
  });
  await judge(rejectedRun());
  await carry();
  expect(newest(queued)?.state).toBe('failure');
  await judge(heldRun());
  await carry();
  expect(newest(queued)?.state).toBe('success');
  expect(await carry('refs/heads/x')).toMatchObject({
    code: 1,
    log: expect.stringContaining('got refs/heads/x'),
  });
});

const own = 'octo/attrition';
const proposal = (event: object, from = own, vars: object = {}) => ({
  github: {
    event_name: 'pull_request',
    repository: own,
    event: {
      action: 'synchronize',
      repository: { visibility: 'private' },
      pull_request: { number: 7, draft: false, head: { repo: { full_name: from } } },
      ...event,
    },
  },
  vars,
  inputs: {},
});
const draft = { pull_request: { draft: true, head: { repo: { full_name: own } } } };
const aws = { AWS_PULL_REQUEST_ROLE: 'role' };

test.each<[string, ReturnType<typeof proposal>, string[]]>([
  ['a push', proposal({}), ['embedded', 'report']],
  ['a push, on AWS', proposal({}, own, aws), ['build', 'aws', 'report']],
  ["a fork's push", proposal({}, 'mallory/attrition'), ['embedded']],
  ["a fork's push, on AWS", proposal({}, 'mallory/attrition', aws), ['embedded']],
  ['a draft', proposal(draft), []],
  ['a draft, on AWS', proposal(draft, own, aws), []],
  ['a draft that is ready', proposal({ action: 'ready_for_review' }), ['embedded', 'report']],
  ['a new title', proposal({ action: 'edited', changes: { title: { from: 'x' } } }), []],
  [
    'another base',
    proposal({ action: 'edited', changes: { base: { ref: { from: 'x' } } } }),
    ['embedded', 'report'],
  ],
])('what evaluates %s of a pull request', (_, contexts, expected) => {
  const outcomes = play(file('pull-request.yml'), contexts, () => ({ outputs: { sha256: 'x' } }));
  expect(ran(outcomes)).toEqual(expected);
});

test('a job that has no verdict to show leaves the status as it is, and red is red', () => {
  const { report } = file('pull-request.yml').jobs;
  const names = report?.steps?.map(({ run, uses }) => run ?? uses ?? '') ?? [];
  const [status, gate] = ['verdict-status.js', './actions/gate-promotion'].map((text) =>
    names.findIndex((name) => name.includes(text)),
  );
  // Before the gate, whose no would end the job.
  expect(status).toBeLessThan(gate ?? 0);
  expect(report?.steps?.[status ?? 0]?.if).toBe('!cancelled()');
});

const followed = (conclusion: string, from = 'mallory/attrition') => ({
  github: {
    repository: own,
    run_id: 1,
    event: { workflow_run: { event: 'pull_request', conclusion, head_repository: { full_name: from } } },
  },
  vars: {},
});

test.each([
  ['success', ['build', 'accept', 'report', 'status']],
  ['failure', ['build', 'accept', 'report', 'status']],
  ['timed_out', ['build', 'accept', 'report', 'status']],
  ['startup_failure', ['build', 'accept', 'report', 'status']],
  ['action_required', []],
  ['skipped', []],
  ['cancelled', []],
])("a fork's run that ended with %s is followed by %j", (conclusion, expected) => {
  const work = () => ({ outputs: { 'pull-request': '8', sha, sha256: 'x' } });
  expect(ran(play(file('pull-request-report.yml'), followed(conclusion), work))).toEqual(expected);
  expect(ran(play(file('pull-request-report.yml'), followed(conclusion, own), work))).toEqual([]);
});

test("a fork's report that is none still sets the status", () => {
  const outcomes = play(file('pull-request-report.yml'), followed('success'), (job) =>
    job === 'accept'
      ? { result: 'failure', outputs: { 'pull-request': '8', sha } }
      : { outputs: { sha256: 'x' } },
  );
  expect(ran(outcomes)).toContain('status');
});

test.each([
  ['pull_request_target', { action: 'opened' }, ['pending']],
  ['pull_request_target', { action: 'edited', changes: { title: {} } }, []],
  ['pull_request_target', { action: 'edited', changes: { base: { ref: {} } } }, ['pending']],
  ['merge_group', { action: 'checks_requested' }, ['queued']],
])('on %s %j the status is set by %j', (event_name, event, expected) => {
  expect(ran(play(file('pull-request-status.yml'), { github: { event_name, event } }))).toEqual(expected);
});

test('the status has one name everywhere', () => {
  const scripts = ['pending', 'queued'].map(scriptOf).join('\n');
  const named = [...scripts.matchAll(/context(?: ==|:) "([^"]+)"/g)].map(([, name]) => name);
  expect(named).toEqual(Array(4).fill(statusContext));
});

import { readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GitHubSettings } from '../doctor/github/github-settings.fixture.ts';
import { Workspace } from './cli.fixture.ts';
import { agreed } from './doctor-github.ts';

const token = 'github_pat_0123456789abcdef';
let github: GitHubSettings;
let workspace: Workspace;

beforeEach(async () => {
  github = await GitHubSettings.start();
  workspace = Workspace.sample();
  const file = workspace.path('mlops.yaml');
  const environments =
    'environments: { production: { account: "111111111111", region: us-east-1, approval: true } }\n';
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(/^environments:[\s\S]*?(?=^\S|$(?![\s\S]))/m, '') + environments,
  );
  Object.assign(workspace.environment, { GITHUB_API_URL: github.url, GITHUB_TOKEN: token });
});
afterEach(() => github.stop());

const doctor = (...args: string[]) => workspace.mlops('doctor', '--repository', github.repository, ...args);

test('doctor --github changes nothing', async () => {
  const { code, stdout, stderr } = await doctor('--github');
  expect(stderr).toBe('');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ok +Repository +octo\/attrition: public, default branch main$/m);
  expect(stdout).toMatch(/^problem +Branch .*`npm run protect` shows what would change/m);
  expect(github.writes).toEqual([]);
});

test('--fix prints every change in words and as the call it is before it makes any, then checks again', async () => {
  const plan = await doctor('--fix', '--dry-run', '--reviewers', 'octocat');
  expect(plan.stdout).toContain(
    'Create the ruleset mlops for the default branch: a pull request with one approval, the check mlops / verdict on the latest main, no force push, no deletion.',
  );
  expect(plan.stdout).toMatch(/^ {3}POST \/repos\/octo\/attrition\/rulesets \{"name":"mlops"/m);
  expect(plan.stdout).toContain('Have octocat approve jobs in the environment production-approval');
  expect([plan.code, github.writes]).toEqual([1, []]);

  const done = await doctor('--fix', '--yes', '--reviewers', 'octocat');
  const [planned = '', made = ''] = done.stdout.split(/(?=^done )/m);
  const numbered = [...planned.matchAll(/^\d+\. (.+)\.$/gm)].map(([, does]) => does);
  expect(numbered).toHaveLength(github.writes.length);
  expect([...done.stdout.matchAll(/^done {5}(.+)$/gm)].map(([, does]) => does)).toEqual(numbered);
  expect(made).not.toBe('');
  expect(done.stdout).toMatch(/^ok +Environment production-approval +only main; approved by octocat$/m);
  expect(done.code).toBe(0);
  for (const { stdout, stderr } of [plan, done]) expect(stdout + stderr).not.toContain(token);

  const again = await doctor('--fix', '--yes', '--reviewers', 'octocat', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, changes: [] });
});

test('--fix asks, and does nothing where nobody can answer', async () => {
  const { code, stderr } = await doctor('--fix');
  expect([code, github.writes]).toEqual([2, []]);
  expect(stderr).toContain(
    '--fix: got no terminal to ask on, expected --yes (change it) or --dry-run (only show it)',
  );
});

test.each([
  ['y\n', true],
  ['Yes\n', true],
  ['\n', false],
  ['n\n', false],
])('the answer %j: %s', async (answer, expected) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end(answer);
  expect(await agreed(input, new PassThrough())).toBe(expected);
});

test('--fix without a token names the permissions that it needs', async () => {
  delete workspace.environment.GITHUB_TOKEN;
  const { code, stderr } = await doctor('--fix', '--yes');
  expect([code, github.requests]).toEqual([2, []]);
  expect(stderr).toContain('Actions, Administration, Environments and Variables: write');
});

test('--json holds what was done on standard output, and the words on standard error', async () => {
  github.organizationDecides = true;
  github.token.default_workflow_permissions = 'write';
  const { stdout, stderr } = await doctor('--fix', '--yes', '--json');
  const { ok, checks, changes } = JSON.parse(stdout);
  expect(ok).toBe(false);
  expect(checks[0]).toEqual({ name: 'Repository', outcome: 'ok', detail: expect.any(String), mend: null });
  expect(changes).toContainEqual({
    does: expect.stringContaining('token of workflows'),
    call: 'PUT /repos/octo/attrition/actions/permissions/workflow',
    body: { default_workflow_permissions: 'read', can_approve_pull_request_reviews: false },
    refused: expect.stringContaining('409'),
  });
  expect(changes).toContainEqual(
    expect.objectContaining({ call: 'POST /repos/octo/attrition/rulesets', refused: null }),
  );
  expect(stderr).toMatch(/^refused {2}Let the token/m);
});

test('npm run protect is doctor --github --fix', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(scripts.protect).toBe('node pipeline/cli/mlops.ts doctor --github --fix');
});

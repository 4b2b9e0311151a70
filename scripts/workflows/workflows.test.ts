import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Job, nearForks, read, type Step, workflows } from './workflow.fixture.ts';

const files = Object.entries(workflows());
const jobs = files.flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]): [string, Job] => [`${file}: ${name}`, job]),
);
const composites = globSync('.github/actions/*/action.yml').map((file): [string, Step[]] => [
  file,
  (parse(readFileSync(file, 'utf8')) as { runs: { steps: Step[] } }).runs.steps,
]);
const steps: [string, Step[]][] = [
  ...jobs.map(([name, job]): [string, Step[]] => [name, job.steps ?? []]),
  ...composites,
];

test.each(files)('%s: no job that a fork comes near holds a credential or a write token', (_, workflow) => {
  expect(nearForks(workflow)).toEqual([]);
});

const job = (lines: string) => `jobs:\n  a:\n    permissions: { contents: read }\n${lines}`;
test.each([
  ['on: pull_request_target\njobs: {}', 'runs on pull_request_target'],
  [
    `on: { pull_request: }\n${job('')}`.replace('read', 'write'),
    'job a runs for forks and holds contents: write',
  ],
  ['on: { pull_request: }\njobs: { a: {} }', 'job a runs for forks and holds everything: write'],
  [
    `on: { pull_request: }\n${job("    steps: [{ run: x, env: { A: '$<< secrets.A >>' } }]")}`,
    'job a runs for forks and holds a secret',
  ],
  [
    `on: { pull_request: }\njobs: { a: { if: "x || github.event.pull_request.head.repo.full_name == github.repository", permissions: { id-token: write } } }`,
    'job a runs for forks and holds id-token: write',
  ],
  [
    `on: { workflow_run: }\n${job('    steps: [{ uses: actions/checkout@1, with: { ref: x } }]')}`,
    'job a checks out what the event names',
  ],
  [
    'on: { workflow_run: }\njobs: { a: { permissions: { pull-requests: write }, steps: [{ uses: x, with: { run-id: 1 } }] } }',
    "job a reads the fork's run and holds pull-requests: write",
  ],
])('what is wrong near a fork is found out, %#', (text, problem) => {
  const workflow = read(text);
  expect(
    nearForks(typeof workflow.on === 'string' ? { ...workflow, on: { [workflow.on]: null } } : workflow),
  ).toContain(problem);
});

test('a workflow has no permission, a job those that it names, and an end', () => {
  for (const [, workflow] of files) expect(workflow.permissions).toEqual({});
  for (const [name, job] of jobs) {
    expect({ name, permissions: job.permissions }).toEqual({ name, permissions: expect.any(Object) });
    // The jobs of a reusable workflow have their own.
    if (!job.uses)
      expect({ name, minutes: job['timeout-minutes'] }).toEqual({ name, minutes: expect.any(Number) });
  }
});

test("this repository's own actions are there", () => {
  const own = [...steps.flatMap(([, those]) => those), ...jobs.map(([, job]) => job)]
    .map(({ uses = '' }) => uses)
    .filter((uses) => uses.startsWith('./'));
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((uses) => !existsSync(uses.endsWith('.yml') ? uses : join(uses, 'action.yml')))).toEqual(
    [],
  );
});

test("others' actions are pinned by commit, with the version in words", () => {
  const pin = /^(\.\/[\w./-]+|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
  const uses = globSync('.github/{workflows,actions/*}/*.yml').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, used]) => used),
  );
  expect(uses.length).toBeGreaterThan(30);
  expect(uses.filter((used) => !pin.test(used ?? ''))).toEqual([]);
  // One version of each.
  const versions = new Set(
    uses
      .filter((used) => !used?.startsWith('./'))
      .map((used) => used?.replace(/^([^/]+\/[^/@]+)\S*@/, '$1@')),
  );
  const names = [...versions].map((used) => used?.split('@')[0]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test.each(steps)('%s: no script is put together from text, no checkout leaves its token', (_, those) => {
  expect(those.map(({ run }) => run ?? '').filter((run) => run.includes('${{'))).toEqual([]);
  for (const { uses, with: given } of those)
    if (uses?.startsWith('actions/checkout@')) expect(given).toMatchObject({ 'persist-credentials': false });
});

test('nothing is installed or built beside a credential or a write token', () => {
  const powerful = jobs.filter(([, { permissions = {} }]) => Object.values(permissions).includes('write'));
  expect(powerful.length).toBeGreaterThan(5);
  for (const [name, job] of powerful) {
    const text = (job.steps ?? []).map(({ uses, run }) => `${uses ?? ''} ${run ?? ''}`).join('\n');
    expect({ name, found: /\b(npm|npx|pip|uv|setup-node|build-bundles|cache)\b/.exec(text)?.[0] }).toEqual({
      name,
      found: undefined,
    });
    // What they run of ours comes from the build job, its digest checked.
    if (text.includes('./actions/')) expect(text).toContain('./.github/actions/use-bundles');
  }
});

test('runs of main wait for each other, those of a pull request are ended by a newer push', () => {
  const { 'deploy.yml': deploy, 'retrain.yml': retrain, 'pull-request.yml': pullRequest } = workflows();
  expect(deploy?.concurrency).toEqual({ group: 'main', 'cancel-in-progress': false });
  expect(retrain?.concurrency).toEqual(deploy?.concurrency);
  expect(pullRequest?.concurrency).toMatchObject({ 'cancel-in-progress': true });
});

test('only runs of main keep a state, and the job that may write contents for it runs nothing of the repository', () => {
  const using = (text: string) =>
    files.filter(([, { jobs }]) => JSON.stringify(jobs).includes(text)).map(([file]) => file);
  const ofMain = using('./.github/actions/save-state');
  expect(ofMain).not.toContain('pull-request.yml');
  expect(using('./.github/workflows/publish-state.yml')).toEqual(ofMain);
  const { publish, ...more } = workflows()['publish-state.yml']?.jobs ?? {};
  expect(more).toEqual({});
  const used = (publish?.steps ?? []).map(({ uses = '' }) => uses.replace(/@.*/, ''));
  expect(used).toEqual(['actions/download-artifact', 'actions/attest', '']);
  // The state is no cache, which would die after a week.
  const cached = steps
    .flatMap(([, those]) => those)
    .filter(({ uses = '' }) => uses.startsWith('actions/cache'))
    .map(({ with: given }) => given?.path);
  expect(cached).toEqual(['.mlops/environments']);
});

test('a job reads and writes caches only if it says so, and none does whose content later runs beside a credential', () => {
  const cacheActions = composites
    .filter(([, those]) => those.some(({ uses = '' }) => uses.startsWith('actions/cache')))
    .map(([file]) => `./${file.replace('/action.yml', '')}`);
  expect(cacheActions).toEqual(['./.github/actions/restore-state']);
  for (const [file, workflow] of files) {
    if (file === 'ci.yml') continue;
    expect({ file, mode: workflow['cache-mode'] }).toEqual({ file, mode: 'none' });
    for (const [name, { steps: those = [], permissions = {}, ...job }] of Object.entries(workflow.jobs)) {
      const uses = those.map((step) => step.uses ?? '');
      const may = job['cache-mode'] !== undefined;
      // The only caches are Python environments, which run where the model does.
      expect({ name, may }).toEqual({ name, may: uses.some((each) => cacheActions.includes(each)) && may });
      if (may) expect(Object.values(permissions)).not.toContain('write');
    }
  }
  // setup-node caches npm's packages if it is asked to, or if package.json names a package manager.
  const nodes = steps.filter(([name]) => !name.startsWith('ci.yml')).flatMap(([, those]) => those);
  const asked = nodes.filter(({ uses = '' }) => uses.startsWith('actions/setup-node'));
  expect(asked.map(({ with: given }) => given)).toEqual([
    { 'node-version': 24, 'package-manager-cache': false },
  ]);
  // Nothing of CI runs elsewhere.
  const ci = workflows()['ci.yml'];
  for (const { permissions } of Object.values(ci?.jobs ?? {}))
    expect(permissions).toEqual({ contents: 'read' });
  expect(JSON.stringify(ci)).not.toContain('upload-artifact');
});

test("a cache's key is of tracked files, hashed before anything is restored", () => {
  const [, restore = []] = composites.find(([file]) => file.includes('restore-state')) ?? [];
  const cache = restore.findIndex(({ uses = '' }) => uses.startsWith('actions/cache'));
  const key = String(restore[cache]?.with?.key);
  expect(key).not.toContain('hashFiles');
  expect(key).toContain('steps.python.outputs.requirements');
  expect(restore.slice(0, cache).map(({ run }) => run)).toEqual([expect.stringContaining('git ls-files')]);
});

test('what a merge takes over is verified by the pull request, its merge commit, its workflow and the kind of runner', () => {
  const verifications = steps
    .flatMap(([, those]) => those.map(({ run = '' }) => run))
    .flatMap((run) => [...run.matchAll(/gh attestation verify(?:.*\\\n)*.*/g)].map(([found]) => found));
  expect(verifications).toHaveLength(2);
  for (const found of verifications)
    for (const flag of ['--repo', '--source-ref', '--cert-identity', '--deny-self-hosted-runners'])
      expect(found).toContain(flag);
  expect(verifications.filter((found) => found.includes('--source-digest "$MERGE"'))).toHaveLength(1);
});

test('the schedule spends nothing in a new copy', () => {
  const { build } = workflows()['retrain.yml']?.jobs ?? {};
  expect(build?.if).toContain("vars.RETRAIN_ON_SCHEDULE == 'true'");
});

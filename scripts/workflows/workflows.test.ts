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

test('only runs of main save the state', () => {
  const saves = files.filter(([, { jobs }]) => JSON.stringify(jobs).includes('./.github/actions/save-state'));
  expect(saves.map(([file]) => file).sort()).toEqual(['deploy.yml', 'retrain.yml']);
  const saved = [...jobs.map(([, { steps = [] }]) => steps), ...composites.map(([, those]) => those)]
    .flat()
    .filter(({ uses = '' }) => /^actions\/cache(\/save)?@/.test(uses))
    .map(({ with: given }) => String(given?.path).trim().split('\n'));
  expect(saved).toHaveLength(3);
  expect(saved.filter((paths) => paths.some((path) => path.includes('ledger')))).toHaveLength(1);
});

test('the schedule spends nothing in a new copy', () => {
  const { build } = workflows()['retrain.yml']?.jobs ?? {};
  expect(build?.if).toContain("vars.RETRAIN_ON_SCHEDULE == 'true'");
});

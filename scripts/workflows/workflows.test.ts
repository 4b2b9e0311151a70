import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { interpolate, runs } from './expression.fixture.ts';
import {
  type Job,
  nearForks,
  type Outcome,
  play,
  ran,
  read,
  type Step,
  type Workflow,
  workflows,
} from './workflow.fixture.ts';

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
  [
    `on: pull_request_target\n${job('    steps: [{ uses: actions/checkout@1 }]')}`,
    'job a uses an action beside a token',
  ],
  [
    `on: pull_request_target\n${job('')}`.replace('contents: read', 'contents: write'),
    'job a runs for forks and holds contents: write',
  ],
  [
    `on: pull_request_target\n${job("    steps: [{ run: x, env: { A: '$<< github.event.pull_request.title >>' } }]")}`,
    'job a reads event.pull_request.title, which the author chose',
  ],
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
  expect(cacheActions).toEqual(['./.github/actions/restore-environments']);
  const caching: string[] = [];
  for (const [file, workflow] of files) {
    if (file === 'ci.yml') continue;
    expect({ file, mode: workflow['cache-mode'] }).toEqual({ file, mode: 'none' });
    for (const [name, { steps: those = [], permissions = {}, ...job }] of Object.entries(workflow.jobs)) {
      const uses = those.map((step) => step.uses ?? '');
      const may = job['cache-mode'] !== undefined;
      // The only caches are Python environments, which run where the model does.
      expect({ name, may }).toEqual({ name, may: uses.some((each) => cacheActions.includes(each)) });
      if (may) {
        caching.push(`${file}: ${name}`);
        expect(Object.values(permissions)).not.toContain('write');
      }
    }
  }
  // A pull request's jobs have none: an earlier commit of it could have written what its attested run, which a merge takes
  // over, then restores. These run on the default branch only, whose caches no other branch writes.
  expect(caching).toEqual([
    'deploy.yml: embedded',
    'monitor.yml: embedded',
    'release-model.yml: embedded',
    'retrain.yml: embedded',
  ]);
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
  const [, restore = []] = composites.find(([file]) => file.includes('restore-environments')) ?? [];
  const cache = restore.findIndex(({ uses = '' }) => uses.startsWith('actions/cache'));
  const key = String(restore[cache]?.with?.key);
  expect(key).not.toContain('hashFiles');
  expect(key).toContain('steps.python.outputs.requirements');
  expect(restore.slice(0, cache).map(({ run }) => run)).toEqual([expect.stringContaining('git ls-files')]);
  // What the state brings has requirements too.
  for (const [name, { steps: those = [] }] of jobs) {
    const used = those.map(({ uses = '' }) => uses.replace('./.github/actions/', ''));
    const [environments, state] = ['restore-environments', 'restore-state'].map((each) => used.indexOf(each));
    if (environments !== -1) expect({ name, next: state }).toEqual({ name, next: (environments ?? 0) + 1 });
  }
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

const own = { default_branch: 'main', visibility: 'private' };
const main = (event_name: string, more: { vars?: object; event?: object; ref_name?: string } = {}) => ({
  github: {
    event_name,
    ref_name: more.ref_name ?? 'main',
    repository: 'octo/attrition',
    event: { repository: own, ...more.event },
  },
  inputs: {},
  vars: more.vars ?? {},
});
const file = (name: string): Workflow => workflows()[name] ?? { on: {}, jobs: {} };
const aws = { vars: { AWS_PULL_REQUEST_ROLE: 'role' } };

test.each([
  ['retrain.yml', 'RETRAIN_ON_SCHEDULE'],
  ['monitor.yml', 'MONITOR_ON_SCHEDULE'],
])('the schedule of %s spends nothing in a new copy', (name, variable) => {
  const scheduled = (vars: object) => ran(play(file(name), main('schedule', { vars })));
  expect(scheduled({})).toEqual([]);
  expect(scheduled({ [variable]: 'true' })).toContain('embedded');
});

test.each<[string, object, Partial<Outcome>, string, string[]]>([
  ['a look asks for a run', {}, {}, 'true', ['build', 'embedded', 'report', 'retrain']],
  ['a look asks for none', {}, {}, 'false', ['build', 'embedded', 'report']],
  ['a look failed', {}, { result: 'failure' }, 'false', ['build', 'embedded', 'report']],
  ['a look was cancelled', {}, { result: 'cancelled' }, '', ['build', 'embedded']],
  // The deployed machine starts its own run.
  ['the last look on AWS asks for a run', aws, {}, 'true', ['build', 'aws', 'aws-report']],
  ['the last look on AWS cannot be read', aws, { result: 'failure' }, '', ['build', 'aws', 'aws-report']],
])('Monitor where %s', (_, more, look, retrain, expected) => {
  const outcomes = play(file('monitor.yml'), main('workflow_dispatch', more), (name) => {
    if (name === 'embedded' || name === 'aws') return look;
    return name === 'report' || name === 'aws-report' ? { outputs: { retrain } } : {};
  });
  expect(ran(outcomes)).toEqual(expected);
});

test('Monitor only reads: no state is kept, one job may write issues and another start a workflow', () => {
  const { jobs: those } = file('monitor.yml');
  expect(JSON.stringify(those)).not.toMatch(/save-state|publish-state/);
  const writing = Object.entries(those).flatMap(([name, { permissions = {} }]) =>
    Object.entries(permissions)
      .filter(([, how]) => how === 'write')
      .map(([what]) => `${name}: ${what}`),
  );
  expect(writing).toEqual(['report: issues', 'retrain: actions', 'aws: id-token', 'aws-report: issues']);
  const credentials = those.aws?.steps?.find(({ uses = '' }) => uses.startsWith('aws-actions/'))?.with;
  const [statement, ...more] = JSON.parse(String(credentials?.['inline-session-policy'])).Statement;
  expect(more).toEqual([]);
  expect(statement.Action.filter((action: string) => !/:(Get|Query$|Decrypt$)/.test(action))).toEqual([]);
});

const build = (environments: string, current = 'true') => ({
  outputs: { current, environments, sha256: 'x' },
});

test.each<[string, object, object, string[]]>([
  ['a push', {}, build(''), ['build', 'reviewed', 'embedded', 'report']],
  ['a push, on AWS', aws, build('[{}]'), ['build', 'reviewed', 'aws']],
  ['no environment comes after', aws, build('[]'), ['build', 'reviewed']],
  ['main has moved on', {}, build('', 'false'), ['build']],
  ['main has moved on, on AWS', aws, build('[{}]', 'false'), ['build']],
  ['main cannot be asked', {}, { result: 'failure' }, ['build']],
])('Deploy where %s', (_, more, built, expected) => {
  const outcomes = play(file('deploy.yml'), main('push', more), (name) => (name === 'build' ? built : {}));
  expect(ran(outcomes)).toEqual(expected);
});

test.each([
  ['deploy.yml', 'hold', 'false', true],
  ['deploy.yml', 'promote', 'true', false],
  ['deploy.yml', 'hold', 'true', false],
  ['retrain.yml', 'hold', 'false', true],
  ['retrain.yml', 'reject', 'false', false],
])('%s asks for approval of a %s that is promoted: %s, %s', (name, outcome, promoted, asks) => {
  const outputs = { outcome, promoted, current: 'true', mode: 'promote' };
  // The gate's step fails the job on a hold where that is asked of it.
  for (const result of ['success', 'failure'] as const) {
    const outcomes = play(file(name), main('workflow_dispatch'), (job) =>
      job === 'embedded' ? { result, outputs } : { outputs },
    );
    expect(outcomes.approval?.result).toBe(asks ? 'success' : 'skipped');
  }
});

test.each([
  ['deploy.yml', { promoted: 'true', releases: 'true', saved: 'success' }, true],
  ['retrain.yml', { promoted: 'true', releases: 'true', saved: 'success' }, true],
  ['approve.yml', { promoted: 'true', releases: 'true', saved: 'success' }, true],
  ['deploy.yml', { promoted: 'false', releases: 'true', saved: 'success' }, false],
  ['deploy.yml', { promoted: 'true', releases: 'false', saved: 'success' }, false],
  // A promotion that main did not keep is none.
  ['deploy.yml', { promoted: 'true', releases: 'true', saved: 'failure' }, false],
  ['retrain.yml', { promoted: 'true', releases: 'true', saved: 'skipped' }, false],
])(
  '%s releases what it promoted and kept, if there is something to release: %j, %s',
  (name, found, releases) => {
    const outputs = { current: 'true', mode: 'promote', ...found };
    for (const result of ['success', 'failure'] as const) {
      const outcomes = play(file(name), main('workflow_dispatch'), (job) =>
        job === 'embedded' ? { result, outputs } : { outputs },
      );
      // A report that could not be kept fails the job after the promotion.
      expect(outcomes.release?.result).toBe(releases ? 'success' : 'skipped');
    }
  },
);

test('on AWS an environment is released before the next one, and a failed release stops there', () => {
  const promoted = { outputs: { promoted: 'true' } };
  const released = (inputs: object, run: object) =>
    play(file('deploy-environment.yml'), { ...main('push', aws), inputs }, (job) =>
      job === 'run' ? run : {},
    ).release?.result;
  expect(released({ releases: true }, promoted)).toBe('success');
  expect(released({ releases: false }, promoted)).toBe('skipped');
  expect(released({ releases: true }, { outputs: { promoted: 'false' } })).toBe('skipped');
  const next = (release: string) =>
    play(file('approve.yml'), main('workflow_dispatch', aws), (job) =>
      job === 'release'
        ? { result: release as 'success' }
        : { outputs: { promoted: 'true', next: 'production', releases: 'true' } },
    ).continue?.result;
  expect([next('success'), next('failure')]).toEqual(['success', 'skipped']);
});

test('a page is published only where the variable asks for it, and by a job that holds nothing else', () => {
  const { pages, embedded, aws: onAws, report } = file('release-model.yml').jobs;
  expect(pages?.steps?.map(({ uses }) => uses?.replace(/@.*/, ''))).toEqual(['actions/deploy-pages']);
  expect(pages?.permissions).toEqual({ pages: 'write', 'id-token': 'write' });
  for (const job of [embedded, onAws, report]) expect(job?.permissions).not.toHaveProperty('pages');
  const site = (vars: object) =>
    play(file('release-model.yml'), { ...main('push', { vars }), inputs: { environment: '' } }, () => ({
      outputs: { saved: 'success', site: 'success' },
    })).pages?.result;
  expect([site({}), site({ RELEASE_PAGES: 'true' })]).toEqual(['skipped', 'success']);
  // The page for everybody and the result alone: neither the folder of a run nor its private page.
  const kept = [embedded, onAws]
    .flatMap((job) => job?.steps ?? [])
    .filter(({ uses = '' }) => uses.startsWith('actions/upload-artifact@'))
    .map(({ if: condition = '', with: given }) => ({ condition, path: String(given?.path) }));
  expect(kept.map(({ path }) => path).filter((path) => /[*]|private|runs/.test(path))).toEqual([]);
  for (const { condition, path } of kept.filter(({ path }) => path.includes('predictions')))
    expect({ path, condition }).toMatchObject({
      condition: expect.stringContaining("rows.outputs.allowed == 'true'"),
    });
});

test('who may roll back is found out before there is a credential or a state', () => {
  const { build: first, ask, rollback } = file('rollback.yml').jobs;
  expect(Object.values({ ...first?.permissions, ...ask?.permissions })).not.toContain('write');
  expect([ask?.needs, rollback?.needs]).toEqual(['build', ['build', 'ask']]);
  expect(rollback?.with?.approver).toBe(`\${{ needs.ask.outputs.approver }}`);
  const outcomes = play(file('rollback.yml'), main('workflow_dispatch'), (job) =>
    job === 'ask' ? { result: 'failure' } : {},
  );
  expect(ran(outcomes)).not.toContain('rollback');
});

test('a candidate that only was evaluated is not put up for approval', () => {
  const outputs = { outcome: 'hold', promoted: 'false', mode: 'evaluate' };
  expect(ran(play(file('retrain.yml'), main('workflow_dispatch'), () => ({ outputs })))).not.toContain(
    'approval',
  );
});

test.each(['deploy.yml', 'retrain.yml', 'approve.yml', 'rollback.yml', 'monitor.yml'])(
  '%s refuses another branch before it does anything',
  (name) => {
    const { jobs } = file(name);
    // The only job that waits for no other.
    expect(
      Object.entries(jobs)
        .filter(([, { needs }]) => needs === undefined)
        .map(([job]) => job),
    ).toEqual(['build']);
    const [first] = jobs.build?.steps ?? [];
    expect(first?.run).toContain('exit 1');
    const refuses = (ref_name: string, event: string) =>
      runs(first?.if, { contexts: main(event, { ref_name }) });
    expect([refuses('feature', 'workflow_dispatch'), refuses('main', 'workflow_dispatch')]).toEqual([
      true,
      false,
    ]);
    // These run on the default branch by nature.
    expect(['schedule', 'repository_dispatch', 'push'].map((event) => refuses('main', event))).toEqual([
      false,
      false,
      false,
    ]);
  },
);

test('an approval passes the environment that has the reviewers, and nothing is promoted beside it', () => {
  const promoting = files.flatMap(([name, { jobs }]) =>
    Object.entries(jobs)
      .filter(([, { steps = [] }]) => steps.some(({ with: given }) => given?.promote === 'approved'))
      .map(([job, { environment, needs }]) => ({ name, job, environment, needs })),
  );
  const value = (path: string) => `\${{ ${path} }}`;
  const asked = value('needs.build.outputs.approval');
  expect(promoting).toEqual([
    { name: 'approve.yml', job: 'embedded', environment: undefined, needs: ['build', 'ask'] },
    { name: 'approve.yml', job: 'aws', environment: asked, needs: 'build' },
  ]);
  const { ask, aws: onAws, embedded } = file('approve.yml').jobs;
  expect(ask?.environment).toBe(asked);
  // Who approved is found out before there is a credential or a state, and is what the promotion records.
  for (const steps of [ask?.steps, onAws?.steps].map((each) => each ?? [])) {
    const text = steps.map(({ run = '', uses = '' }) => run + uses);
    const finds = text.findIndex((each) => each.includes('approver.js'));
    expect(finds).toBeGreaterThan(0);
    expect(text.slice(0, finds).join()).not.toMatch(/credentials|restore-state|gate-promotion/);
  }
  const records = [embedded, onAws].map(
    (job) => job?.steps?.find(({ uses }) => uses === './actions/gate-promotion')?.with,
  );
  expect(records.map((given) => given?.approver)).toEqual([
    value('needs.ask.outputs.approver'),
    value('steps.approver.outputs.approver'),
  ]);
});

test('what an approval needs is kept as long as a reviewer may take, which is 30 days', () => {
  const kept = ['deploy.yml', 'deploy-environment.yml', 'retrain.yml'].flatMap((name) =>
    Object.values(file(name).jobs)
      .flatMap(({ steps = [] }) => steps)
      .filter(
        ({ uses = '', with: given }) =>
          uses.startsWith('actions/upload-artifact@') && /^run/.test(String(given?.name)),
      )
      .map(({ with: given }) => given?.['retention-days']),
  );
  expect(kept).toEqual([30, 30, 30]);
  const bundles = file('approve.yml').jobs.build?.steps?.find(({ uses }) => uses?.endsWith('build-bundles'));
  expect(bundles?.with).toEqual({ 'retention-days': 30 });
});

test('a dry run writes neither an issue nor the state', () => {
  const dry = {
    ...main('workflow_dispatch'),
    inputs: { 'dry-run': true },
    needs: { build: { outputs: {} } },
  };
  const { report, aws: onAws, embedded } = file('retrain.yml').jobs;
  const targetOf = (job: Job | undefined) =>
    job?.steps?.find(({ uses }) => uses === './actions/post-report')?.with?.target;
  const { report: look, 'aws-report': lastLook } = file('monitor.yml').jobs;
  const targets = [targetOf(report), onAws?.with?.target, targetOf(look), targetOf(lastLook)];
  expect(targets.map((text) => interpolate(String(text), { contexts: dry }))).toEqual(
    targets.map(() => 'summary'),
  );
  const save = embedded?.steps?.find(({ uses = '' }) => uses.includes('save-state'));
  const contexts = { ...dry, steps: { run: { outputs: { status: 'succeeded' } } } };
  expect(runs(save?.if, { contexts })).toBe(false);
  expect(runs(save?.if, { contexts: { ...contexts, inputs: {} } })).toBe(true);
});

test('the baseline of a deployment is what main was at, however it was merged', () => {
  const run = file('deploy.yml').jobs.embedded?.steps?.find(({ uses }) => uses === './actions/run-pipeline');
  const baseline = (event: object) =>
    interpolate(String(run?.with?.baseline), { contexts: main('push', { event }) });
  expect(baseline({ before: 'c'.repeat(40), forced: false })).toBe('c'.repeat(40));
  expect(baseline({ before: '0'.repeat(40) })).toBe('');
  expect(baseline({ before: 'c'.repeat(40), forced: true })).toBe('');
  expect(baseline({})).toBe('');
});

test.each([
  ['https://github.com', false],
  ['https://acme.ghe.com', false],
  ['https://github.example.com', true],
])('the server %s is refused at once: %s', (server_url, refused) => {
  const [, [first]] = composites.find(([name]) => name.includes('build-bundles')) ?? ['', []];
  expect(runs(first?.if, { contexts: { github: { server_url } } })).toBe(refused);
  expect(first?.run).toContain('GitHub Enterprise Server');
  // Every workflow that runs our code gets it there.
  for (const [name, { jobs }] of files) {
    const text = JSON.stringify(jobs);
    if (text.includes('use-bundles'))
      expect([name, text]).toEqual([name, expect.stringMatching(/build-bundles|inputs\.bundles/)]);
  }
});

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { FileLedger } from '../backends/embedded/state/file-ledger.ts';
import type { Check } from '../doctor/check.ts';
import { ModelLedger } from '../model-ledger.ts';
import type { ModelPackage } from '../ports.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/** Two packages, of which the first is the champion. */
const workspace = smallProject();

beforeAll(async () => {
  const first = await workspace.mlops('run', '--mode', 'promote');
  const second = await workspace.mlops('run', ...behave({ weight: -1 }));
  expect([first.code, second.code]).toEqual([0, 0]);
}, 60_000);

async function examine(from: Workspace, ...args: string[]) {
  const { code, stdout, stderr } = await from.mlops('doctor', '--json', ...args);
  expect(stderr).not.toMatch(stackTrace);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  const check = (name: string) => checks.find((found) => found.name === name);
  return { code, ok, checks, check };
}

const ledgerOf = (from: Workspace) =>
  new ModelLedger(new FileLedger(from.path('.mlops/ledger/small')), 'small');
const statusOf = async (from: Workspace, name: string) =>
  (await ledgerOf(from).get<ModelPackage>('package', name))?.value.status;

async function setStatus(from: Workspace, name: string, status: ModelPackage['status']): Promise<void> {
  const found = await ledgerOf(from).get<ModelPackage>('package', name);
  if (found) await ledgerOf(from).put('package', name, { ...found.value, status });
}

/** All files under a folder of the state, the environments aside. */
const filesOf = (from: Workspace, ...inside: string[]) =>
  readdirSync(from.path('.mlops', ...inside), { recursive: true, encoding: 'utf8' }).sort();

test('all that a run needs, one line each', async () => {
  const { code, stdout } = await workspace.mlops('doctor');
  expect(code).toBe(0);
  const lines = stdout.split('\n\n')[0]?.split('\n') ?? [];
  const names = lines.map((line) => /^(?:ok|warning|problem) +(\S+) {2}/.exec(line)?.[1]);
  const machine = ['Node', 'Python', 'git', 'Disk', 'Docker'];
  const project = ['mlops.yaml', 'Data', 'Model', 'Environments'];
  expect(names).toEqual([
    ...machine,
    ...project,
    'Keys',
    'Ledger',
    'Lease',
    'Champion',
    'Artifacts',
    'Approval',
    'Release',
    'Leftovers',
  ]);

  const { ok, check } = await examine(workspace);
  expect(ok).toBe(true);
  expect(check('Node')?.detail).toBe(process.versions.node);
  expect(check('Python')?.detail).toMatch(/^3\.\d+\.\d+/);
  expect(check('Data')?.detail).toBe('data.csv: valid; 400 rows, 5 columns');
  expect(check('Environments')).toMatchObject({ outcome: 'ok', detail: 'installed in .mlops/environments' });
  expect(check('Champion')).toMatchObject({ outcome: 'ok', detail: expect.stringMatching(/^small\/1: /) });
  expect(check('Leftovers')).toMatchObject({ outcome: 'ok', detail: 'none' });
});

test('before the first run', async () => {
  const fresh = smallProject();
  const { code, check } = await examine(fresh);
  expect(code).toBe(0);
  expect(check('Ledger')?.detail).toBe('no runs yet');
  expect(check('Champion')?.detail).toBe('none yet: the first promoted run becomes the champion');
  expect(check('git')).toMatchObject({ outcome: 'warning', mend: expect.stringContaining('git init') });

  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: fresh.folder,
    });
  git('init', '-q', '-b', 'trunk');
  git('add', 'data.csv');
  git('commit', '-q', '-m', 'data');
  const commit = git('rev-parse', '--short=7', 'HEAD').toString().trim();
  expect((await examine(fresh)).check('git')).toMatchObject({
    outcome: 'ok',
    detail: `${commit} on trunk, uncommitted changes`,
  });
});

test('packages that are not installed yet are no problem', async () => {
  const copy = workspace.copy();
  writeFileSync(copy.path('model/requirements.txt'), `# ${Math.random()}\n`);
  const { code, check } = await examine(copy);
  expect(code).toBe(0);
  expect(check('Environments')?.detail).toBe('not installed yet (model): the next run installs them, once');
});

test('a bad mlops.yaml is bad input, and what depends on it is not looked at', async () => {
  const copy = workspace.copy();
  appendFileSync(copy.path('mlops.yaml'), 'gaet: {}\nbudgt: {}\n');
  const { code, checks, check } = await examine(copy);
  expect(code).toBe(2);
  expect(check('mlops.yaml')).toMatchObject({
    outcome: 'problem',
    detail: expect.stringMatching(/^2 problems: mlops\.yaml: gaet: unknown key/),
    mend: expect.stringContaining('mlops validate'),
  });
  expect(checks.at(-1)?.name).toBe('mlops.yaml');
});

type Damage = [
  what: string,
  damage: (copy: Workspace) => void,
  name: string,
  outcome: string,
  detail: RegExp,
];

const edit = (path: string, text: string) => (copy: Workspace) => writeFileSync(copy.path(path), text);
const remove = (path: string) => (copy: Workspace) => rmSync(copy.path(path), { recursive: true });
const onlyIn = (copy: Workspace, folder: string) => join(folder, readdirSync(copy.path(folder))[0] ?? '');
const scripts = '[project]\nname = "small"\n[project.scripts]\n';

const damages: Damage[] = [
  ['no data', remove('data.csv'), 'Data', 'problem', /^1 problem: got "data\.csv", where nothing was found/],
  ['no model', remove('model'), 'Model', 'problem', /model: got no folder, expected one/],
  [
    'no pyproject.toml',
    remove('model/pyproject.toml'),
    'Model',
    'problem',
    /model: got a folder without train and serve; expected them under \[project\.scripts\]/,
  ],
  [
    'no serve',
    edit('model/pyproject.toml', `${scripts}train = "small.programs:train"\n`),
    'Model',
    'problem',
    /names no serve/,
  ],
  [
    'no requirements.txt, and packages to install',
    (copy) => {
      remove('model/requirements.txt')(copy);
      const text = copy.read('model/pyproject.toml');
      writeFileSync(
        copy.path('model/pyproject.toml'),
        text.replace('[project]', '[project]\ndependencies = ["numpy"]'),
      );
    },
    'Model',
    'warning',
    /model has no requirements\.txt, so a run installs the newest packages that its pyproject\.toml allows/,
  ],
  [
    'no hashes',
    edit('model/requirements.txt', 'numpy==2.0\n'),
    'Model',
    'warning',
    /model\/requirements\.txt has no hashes, so another machine may get other packages/,
  ],
  [
    'packages without hashes',
    edit('model/requirements.txt', '# a lock\nnumpy==2.0 \\\n  --hash=sha256:00ff\nscipy==1.0  # why\n'),
    'Model',
    'problem',
    /1 package without a hash \(scipy\)/,
  ],
  ['no Dockerfile', remove('model/Dockerfile'), 'Model', 'warning', /no Dockerfile/],
  [
    'a torn item of the ledger',
    (copy) => writeFileSync(copy.path(onlyIn(copy, '.mlops/ledger/small/run/small'), '2.json'), '{"exec'),
    'Ledger',
    'problem',
    /1 file cannot be read: \.mlops\/ledger\/small\/run\/small\/.*2\.json/,
  ],
  [
    'a champion that is not registered',
    remove('.mlops/ledger/small/package/small'),
    'Champion',
    'problem',
    /^small\/1: not in the registry/,
  ],
  [
    'a champion without artifact',
    remove('.mlops/s3/mlops/small/models'),
    'Champion',
    'problem',
    /^small\/1: its artifact \(s3:.*model\.tar\.gz\) is gone/,
  ],
  [
    'a champion without image',
    remove('.mlops/images'),
    'Champion',
    'problem',
    /its image model@sha256:.* is missing/,
  ],
  [
    'a champion whose image was edited',
    (copy) => {
      for (const image of readdirSync(copy.path('.mlops/images')))
        appendFileSync(copy.path('.mlops/images', image, 'requirements.txt'), '\n');
    },
    'Champion',
    'problem',
    /files have changed since they were stored/,
  ],
];

describe('told with how to fix it', () => {
  test('on one line', async () => {
    const copy = workspace.copy();
    rmSync(copy.path('data.csv'));
    const { code, stdout } = await copy.mlops('doctor');
    expect(code).toBe(1);
    expect(stdout).toContain(
      'problem  Data          1 problem: got "data.csv", where nothing was found; expected a file, or a folder with files. ' +
        '`mlops validate` lists every problem and its place.\n',
    );
    expect(stdout).toMatch(/\n1 problem, \d warnings?\.\n$/);
  });

  test.each(damages)('%s', async (_what, damage, name, outcome, detail) => {
    const copy = workspace.copy();
    damage(copy);
    const { code, ok, check } = await examine(copy);
    expect([code, ok]).toEqual(outcome === 'problem' ? [1, false] : [0, true]);
    expect(check(name)).toEqual({
      name,
      outcome,
      detail: expect.stringMatching(detail),
      mend: expect.stringMatching(/\.$/),
    });
  });
});

describe('--repair', () => {
  test('lets the registry follow the ledger', async () => {
    const copy = workspace.copy();
    await setStatus(copy, 'small/1', 'PendingManualApproval');
    await setStatus(copy, 'small/2', 'Approved');
    const found = await examine(copy);
    expect(found.code).toBe(1);
    expect(found.check('Approval')?.detail).toBe(
      'small/1 is the champion, but PendingManualApproval in the registry; ' +
        'small/2 is Approved in the registry, but was never promoted',
    );
    expect(await statusOf(copy, 'small/2')).toBe('Approved');

    const repaired = await examine(copy, '--repair');
    expect([repaired.code, repaired.check('Approval')?.outcome]).toEqual([0, 'ok']);
    expect([await statusOf(copy, 'small/1'), await statusOf(copy, 'small/2')]).toEqual([
      'Approved',
      'PendingManualApproval',
    ]);
    expect((await examine(copy)).check('Approval')?.detail).toBe('the registry matches the ledger');
  });

  test('leaves former champions approved', async () => {
    const copy = workspace.copy();
    const { code } = await copy.mlops('run', '--mode', 'promote', ...behave({ weight: 0.8 }));
    expect(code).toBe(0);
    const { check } = await examine(copy, '--repair');
    expect(check('Approval')?.detail).toBe('the registry matches the ledger');
    expect([await statusOf(copy, 'small/1'), await statusOf(copy, 'small/3')]).toEqual([
      'Approved',
      'Approved',
    ]);
  });

  test('sweeps what a killed run left, and leaves a running one alone', async () => {
    const copy = workspace.copy();
    const run = copy.start('run', ...behave({ train: 'slow' }));
    // Its program has begun and writes no more.
    const begun = (name: string) => {
      const folder = copy.path('.mlops/jobs/training-job', name);
      const told = (file: string) =>
        existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
      return told('describe.json').includes('InProgress') && told('log.txt').includes('weight');
    };
    try {
      await run.until(() => readdirSync(copy.path('.mlops/jobs/training-job')).some(begun));
      const jobs = filesOf(copy, 'jobs');
      const during = await examine(copy, '--repair');
      expect(during.check('Leftovers')?.detail).toMatch(/^not checked: a run is in progress \(\d{8}T/);
      expect(filesOf(copy, 'jobs')).toEqual(jobs);
    } finally {
      run.process.kill('SIGKILL');
      await run.finished;
    }
    const old = new Date(Date.now() - 7_200_000);
    const left = [
      's3/mlops/small/a.csv.1.draft',
      'ledger/small/run/small/x/1.json.1.draft',
      'images/.new-1/Dockerfile',
    ];
    for (const path of left) {
      mkdirSync(copy.path('.mlops', path, '..'), { recursive: true });
      writeFileSync(copy.path('.mlops', path), 'half');
      utimesSync(copy.path('.mlops', path), old, old);
    }
    utimesSync(copy.path('.mlops/images/.new-1'), old, old);
    writeFileSync(copy.path('.mlops/s3/mlops/small/b.csv.2.draft'), 'perhaps being written');

    const found = await examine(copy);
    expect([found.code, found.check('Leftovers')?.outcome]).toEqual([0, 'warning']);
    expect(found.check('Leftovers')?.detail).toMatch(
      /^1 killed run \(\d{8}T\S+\), 1 job or model, 3 half-written files$/,
    );
    const swept = await examine(copy, '--repair');
    expect(swept.check('Leftovers')).toMatchObject({
      outcome: 'ok',
      detail: expect.stringMatching(/^cleaned up: 1 /),
    });
    expect((await examine(copy)).check('Leftovers')?.detail).toBe('none');
    for (const path of left) expect(existsSync(copy.path('.mlops', path))).toBe(false);
    expect(existsSync(copy.path('.mlops/s3/mlops/small/b.csv.2.draft'))).toBe(true);
    const statuses = readdirSync(copy.path('.mlops/jobs/training-job')).map(
      (name) => JSON.parse(copy.read('.mlops/jobs/training-job', name, 'describe.json')).TrainingJobStatus,
    );
    expect(statuses.sort()).toEqual(['Completed', 'Completed', 'Stopped']);

    const next = await copy.mlops('run', '--mode', 'promote', '--json');
    expect([next.code, JSON.parse(next.stdout).verdict.outcome]).toEqual([0, 'promote']);
  });
});

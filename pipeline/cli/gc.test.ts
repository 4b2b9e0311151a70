import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ownerOf } from '../backends/embedded/owner.ts';
import { FileLedger } from '../backends/embedded/state/file-ledger.ts';
import type { Check } from '../doctor/check.ts';
import { ModelLedger } from '../model-ledger.ts';
import type { ModelPackage } from '../ports.ts';
import { repository } from '../repository.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * What `mlops gc` may remove, and above all what it may not.
 */

/** small/1 was the champion, small/2 is it now, small/3 was rejected; then a failed run, and one with another preparation. */
const workspace = smallProject();
const again = behave({ weight: 2 });
const runs = [
  ['--mode', 'promote'],
  ['--mode', 'promote', ...again],
  behave({ weight: -1 }),
  behave({ train: 'fail' }),
  [...again, '--set', 'data.holdout=0.3'],
];

beforeAll(async () => {
  for (const args of runs) await workspace.mlops('run', ...args);
});

/** Every file below the state folder, without those behind links. */
function filesOf(from: Workspace, folder = from.path('.mlops')): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesOf(from, path) : [path];
  });
}

const bytesOf = (from: Workspace) => filesOf(from).reduce((sum, path) => sum + lstatSync(path).size, 0);
const runsOf = async (from: Workspace): Promise<{ execution: string; package: string | null }[]> =>
  JSON.parse((await from.mlops('history', '--json')).stdout).runs;

async function collect(from: Workspace, ...args: string[]) {
  const { code, stdout, stderr } = await from.mlops('gc', '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as {
    freed_bytes: number;
    runs: { kept: number; removed: number };
    removed: { kind: string; path: string; bytes: number }[];
  };
}

async function expectSound(from: Workspace): Promise<void> {
  const { stdout, stderr } = await from.mlops('doctor', '--json');
  expect(stderr).not.toMatch(stackTrace);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const own = ['Keys', 'Ledger', 'Lease', 'Champion', 'Artifacts', 'Approval', 'Release', 'Leftovers'];
  expect(checks.filter(({ name, outcome }) => own.includes(name) && outcome !== 'ok')).toEqual([]);
}

test('new runs stay: nothing goes by itself', async () => {
  const before = filesOf(workspace);
  const found = await workspace.mlops('gc');
  expect([found.code, found.stdout]).toEqual([0, 'Nothing to remove: 5 runs kept.\n']);
  expect(filesOf(workspace)).toEqual(before);
});

test('--dry-run says what would go, to the byte, and removes nothing', async () => {
  const copy = workspace.copy();
  const [before, bytes] = [filesOf(copy), bytesOf(copy)];
  const told = await copy.mlops('gc', '--dry-run', '--age', '0', '--count', '0');
  expect(told.stdout).toMatch(/^Would free [\d.]+ [kM]B: 3 runs to remove, 2 runs kept\.$/m);
  const planned = await collect(copy, '--dry-run', '--age', '0', '--count', '0');
  expect(filesOf(copy)).toEqual(before);
  const done = await collect(copy, '--age', '0', '--count', '0');
  expect(done.removed.map(({ path }) => path).sort()).toEqual(planned.removed.map(({ path }) => path).sort());
  expect(bytes - bytesOf(copy)).toBe(planned.freed_bytes);
  expect(existsSync(copy.path('.mlops/trash'))).toBe(false);
  expect((await copy.mlops('gc', '--age', '0', '--count', '0')).stdout).toBe(
    'Nothing to remove: 2 runs kept.\n',
  );
});

describe('with nothing kept for its age or number', () => {
  const copy = workspace.copy.bind(workspace);

  test('champions, the runs that made them and every package stay whole, and looks still count', async () => {
    const own = copy();
    const ledger = new ModelLedger(new FileLedger(own.path('.mlops/ledger/small')), 'small');
    const packages = await ledger.list<ModelPackage>('package');
    expect(packages.map(({ id }) => id)).toEqual(['small/1', 'small/2', 'small/3', 'small/4']);
    await collect(own, '--age', '0', '--count', '0');
    expect(await ledger.list<ModelPackage>('package')).toEqual(packages);
    for (const { value } of packages)
      for (const uri of [
        value.artifact,
        value.config,
        value.code,
        value.preparation.settings,
        value.preparation.manifest,
        value.preparation.manifest.replace('manifest/manifest.json', 'trained/rows.bin'),
      ])
        expect([uri, existsSync(own.path('.mlops/s3', uri.replace('s3://', '')))]).toEqual([uri, true]);
    expect((await runsOf(own)).map((run) => run.package)).toEqual(['small/2', 'small/1']);
    await expectSound(own);

    // The rejected model trained again is the same package, and no new look.
    const rejected = await own.mlops('run', '--json', ...behave({ weight: -1 }));
    const { verdict, package: name } = JSON.parse(rejected.stdout);
    expect([rejected.code, verdict.outcome, name]).toEqual([0, 'reject', 'small/3']);
    // As many looks as where nothing was removed.
    const other = behave({ weight: -2 });
    const [here, there] = [
      await own.mlops('run', '--json', ...other),
      await copy().mlops('run', '--json', ...other),
    ];
    const uses = ({ stdout }: { stdout: string }) => JSON.parse(stdout).verdict.holdout_uses;
    expect(uses(here)).toBeGreaterThan(verdict.holdout_uses);
    expect(uses(here)).toBe(uses(there));
    const better = await own.mlops('run', '--mode', 'promote', '--json', ...behave({ weight: 3 }));
    expect([better.code, JSON.parse(better.stdout).promoted]).toEqual([0, true]);
    await expectSound(own);
  });

  test('--count keeps the newest of each model, with all that their reports need', async () => {
    const own = copy();
    const before = await runsOf(own);
    const { runs: counted } = await collect(own, '--age', '0', '--count', '2');
    expect(counted).toEqual({ kept: 4, removed: 1 });
    const kept = await runsOf(own);
    expect(kept).toEqual([before[0], before[1], before[3], before[4]]);
    for (const { execution } of kept) expect((await own.mlops('report', execution)).code).toBe(0);
    expect((await own.mlops('report', before[2]?.execution ?? '')).code).not.toBe(0);
    expect(existsSync(own.path('.mlops/runs', before[2]?.execution ?? ''))).toBe(false);
    await expectSound(own);
  });

  test("what is in the storage but no run's stays, and so does what a job's link leads to", async () => {
    const own = copy();
    mkdirSync(own.path('elsewhere'));
    writeFileSync(own.path('elsewhere/file'), 'mine');
    const [job = ''] = readdirSync(own.path('.mlops/jobs/training-job'));
    const links = [
      own.path('.mlops/jobs/training-job', job, 'ml/link'),
      own.path('.mlops/s3/mlops/small/models/small/link'),
    ];
    for (const link of links) symlinkSync(own.path('elsewhere'), link);
    mkdirSync(own.path('.mlops/s3/mine'), { recursive: true });
    writeFileSync(own.path('.mlops/s3/mine/data.csv'), 'mine');
    await collect(own, '--age', '0', '--count', '0');
    expect(existsSync(own.path('.mlops/s3/mine/data.csv'))).toBe(true);
    expect(own.read('elsewhere/file')).toBe('mine');
  });
});

test('a damaged record stops it: what that names would be lost', async () => {
  const copy = workspace.copy();
  const [file = ''] = filesOf(copy).filter((path) => path.includes('/ledger/small/package/small/small%2F3/'));
  writeFileSync(file, '{"half":');
  const before = filesOf(copy);
  const found = await copy.mlops('gc', '--age', '0', '--count', '0');
  expect([found.code, found.stderr]).toEqual([1, expect.stringContaining(file)]);
  expect(found.stderr).not.toMatch(stackTrace);
  expect(filesOf(copy)).toEqual(before);
});

describe('while a run is in progress', () => {
  test('it removes nothing and says whose', async () => {
    const copy = workspace.copy();
    const run = copy.start('run', ...behave({ train: 'slow' }));
    await run.until(() => run.stderr.includes('Train ...'));
    const before = filesOf(copy);
    const found = await copy.mlops('gc', '--age', '0', '--count', '0');
    expect([found.code, found.stderr]).toEqual([1, expect.stringMatching(/a run is in progress \(\d{8}T/)]);
    expect(filesOf(copy).length).toBeGreaterThanOrEqual(before.length);
    run.process.kill('SIGKILL');
    await run.finished;
    expect(await copy.leftProcesses()).toEqual([]);
    await collect(copy, '--age', '0', '--count', '0');
  });

  test('a run that starts meanwhile waits for its end', async () => {
    const copy = workspace.copy();
    writeFileSync(copy.path('.mlops/clearing'), ownerOf(process.pid));
    const other = await copy.mlops('gc', '--age', '0');
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('another `mlops gc` is in progress'),
    ]);
    const run = copy.start('run', ...again);
    await run.until(() => run.stderr.includes('Waiting until `mlops gc` has ended'));
    rmSync(copy.path('.mlops/clearing'));
    expect((await run.finished).code).toBe(0);
    expect(readdirSync(copy.path('.mlops/in-use'))).toEqual([]);
  });

  test('a killed gc stops neither runs nor the next gc, which removes what it had set apart', async () => {
    const copy = workspace.copy();
    const [boot = '', pid = ''] = ownerOf(process.pid).split('/');
    writeFileSync(copy.path('.mlops/clearing'), `${boot}/${pid}/1`);
    mkdirSync(copy.path('.mlops/trash'));
    writeFileSync(copy.path('.mlops/trash/half'), '');
    expect((await copy.mlops('run', ...again)).code).toBe(0);
    await collect(copy, '--age', '0', '--count', '0');
    expect(existsSync(copy.path('.mlops/trash'))).toBe(false);
  });
});

test.each([4, 9, 14, 30])(
  'killed before its change number %i: what is left is sound, and the next gc ends it',
  async (write) => {
    const copy = workspace.copy();
    const reached = copy.path('reached');
    const module = join(repository, 'scripts/soak/stop-at.ts');
    const environment = {
      SOAK_POINT: JSON.stringify({ write }),
      SOAK_REACHED: reached,
      SOAK_HOME: copy.path('.mlops'),
    };
    const killed = copy.startWith(module, environment, 'gc', '--age', '0', '--count', '0');
    await killed.until(() => existsSync(reached));
    killed.process.kill('SIGKILL');
    await killed.finished;
    await expectSound(copy);
    expect((await runsOf(copy)).map((run) => run.package)).toEqual(
      expect.arrayContaining(['small/2', 'small/1']),
    );
    await collect(copy, '--age', '0', '--count', '0');
    await expectSound(copy);
    expect((await runsOf(copy)).map((run) => run.package)).toEqual(['small/2', 'small/1']);
  },
);

test('environments go if no job has used them for so long, those in use and those of a link stay', async () => {
  const copy = workspace.copy();
  expect((await collect(copy, '--age', '0')).removed.filter(({ kind }) => kind === 'environments')).toEqual(
    [],
  );
  rmSync(copy.path('.mlops/environments'));
  mkdirSync(copy.path('.mlops/environments'));
  const make = (key: string, days: number) => {
    const folder = copy.path('.mlops/environments', `${key}-1`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'python'), 'x');
    const pointer = copy.path('.mlops/environments', `${key}.json`);
    writeFileSync(pointer, '{}');
    const then = new Date(Date.now() - days * 86_400_000);
    for (const path of [folder, pointer]) utimesSync(path, then, then);
  };
  make('a'.repeat(24), 40);
  make('b'.repeat(24), 3);
  const { removed } = await collect(copy);
  expect(removed.map(({ path }) => path).sort()).toEqual([
    `.mlops/environments/${'a'.repeat(24)}-1`,
    `.mlops/environments/${'a'.repeat(24)}.json`,
  ]);
  expect(readdirSync(copy.path('.mlops/environments')).sort()).toEqual([
    `${'b'.repeat(24)}-1`,
    `${'b'.repeat(24)}.json`,
  ]);
});

test('a run keeps its model once, and no file of trials that were not chosen', async () => {
  const copy = workspace.copy();
  const tuning =
    'tuning={strategy: random, objective: {metric: quality, goal: maximize}, max_jobs: 3, parallel_jobs: 2, ranges: {weight: {min: 1, max: 2}}}';
  const before = new Set(filesOf(copy));
  expect((await copy.mlops('run', '--set', tuning)).code).toBe(0);
  const models = filesOf(copy).filter((path) => !before.has(path) && /model\.(tar\.gz|json)$/.test(path));
  expect(models.filter((path) => !path.includes('/describe'))).toEqual([
    expect.stringMatching(/\/s3\/mlops\/small\/models\/.*\/model\.tar\.gz$/),
  ]);
});

test.each([
  ['--age', 'old'],
  ['--count', '-1'],
])('%s %s is told, exit 2', async (option, value) => {
  const found = await workspace.mlops('gc', option, value);
  expect([found.code, found.stderr]).toEqual([2, expect.stringContaining('Expected')]);
});

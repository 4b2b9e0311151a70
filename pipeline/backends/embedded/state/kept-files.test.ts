import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { create, extract } from 'tar';
import { behave, smallProject } from '../../../cli/small-project.fixture.ts';
import { releasableProject } from '../../../cli/small-release.fixture.ts';
import { FileLedger } from './file-ledger.ts';
import { keptFiles } from './kept-files.ts';

let home = '';
let ledger: FileLedger;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlops-kept-'));
  ledger = new FileLedger(join(home, 'ledger/p'));
});
afterEach(() => rm(home, { recursive: true }));

async function write(path: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), path);
}

/** A run that made package N, compared with the package before it. */
async function run(n: number): Promise<void> {
  const hash = n.toString(16).padStart(64, '0');
  const artifact = `s3://b/models/m/${hash}/job-${n}/output/model.tar.gz`;
  await write(artifact.replace('s3://', 's3/'));
  await write(`s3/b/models/m/${hash}/trial-${n}/output/model.tar.gz`);
  await write(`s3/b/scores/m/${hash}/holdout.csv.out`);
  await write(`jobs/training-job/job-${n}/describe.json`);
  await write(`jobs/training-job/job-${n}/ml/model/x`);
  await write(`images/${hash}/train`);
  const output = `s3://b/scores/m/${hash}/`;
  await ledger.put('scores/m', hash, { output });
  await ledger.put('package/m', `m/${n}`, { artifact, image: `model@sha256:${hash}`, execution: `run-${n}` });
  await ledger.put('model/m', hash, { artifact, job: `job-${n}` });
  await ledger.put(`look-${hash}/m`, hash, {});
  await ledger.put('run/m', `run-${n}`, {
    started_at: new Date(n * 1000).toISOString(),
    state: {
      models: `s3://b/models/m/${hash}/`,
      output,
      package: `m/${n}`,
      champion: `m/${n - 1}`,
      job: `job-${n}`,
    },
    fingerprint: hash,
  });
}
const of = (files: string[], n: number) =>
  files.filter((path) => path.includes(n.toString(16).padStart(64, '0')) || path.includes(`-${n}/`));

test('the champion and what made it are kept however old, other runs only if they are the last', async () => {
  for (let n = 1; n <= 40; n++) await run(n);
  await ledger.put('champion/m', 'current', { package: 'm/2', execution: 'run-2' });
  const files = await keptFiles(home);
  const hash = '2'.padStart(64, '0');
  const all = (n: string, own: string) => [
    `images/${own}/train`,
    `jobs/training-job/job-${n}/describe.json`,
    `ledger/p/look-${own}/m/${own}/1.json`,
    `ledger/p/model/m/${own}/1.json`,
    `ledger/p/run/m/run-${n}/1.json`,
    `ledger/p/scores/m/${own}/1.json`,
    `s3/b/models/m/${own}/job-${n}/output/model.tar.gz`,
    `s3/b/scores/m/${own}/holdout.csv.out`,
  ];
  expect(of(files, 2)).toEqual(all('2', hash));
  expect(of(files, 40)).toEqual(all('40', (40).toString(16).padStart(64, '0')));
  expect(files).toContain('ledger/p/champion/m/current/1.json');
  // Of run 5, which is neither, only that it looked at a holdout.
  const own = '5'.padStart(64, '0');
  expect(of(files, 5)).toEqual([`ledger/p/look-${own}/m/${own}/1.json`]);
  // The first of the last 30.
  expect(of(files, 11)).toEqual(all('11', (11).toString(16).padStart(64, '0')));
  // It does not grow with further runs, but for their looks.
  for (let n = 41; n <= 50; n++) await run(n);
  const isLook = (path: string) => path.includes('/look-');
  const later = await keptFiles(home);
  expect(later.filter((path) => !isLook(path))).toHaveLength(files.filter((path) => !isLook(path)).length);
  expect(later.filter(isLook)).toHaveLength(50);
});

test('every version of the holdout is kept with its rows, and a look keeps neither its run nor its verdict', async () => {
  for (let n = 1; n <= 40; n++) {
    const [rows, verdict] = [`s3://b/p/holdouts/m/${n}.json`, `s3://b/p/runs/m/run-${n}/verdict.json`];
    for (const uri of [rows, verdict]) await write(uri.replace('s3://', 's3/'));
    await ledger.put('holdout/m', String(n), { rows });
    await ledger.put(`look-${n}/m`, 'a', { uses: n, verdict, execution: `run-${n}` });
    const state = { gate: { verdict } };
    await ledger.put('run/m', `run-${n}`, { started_at: new Date(n * 1000).toISOString(), state });
  }
  const files = await keptFiles(home);
  expect(files.filter((path) => path.includes('/holdouts/'))).toHaveLength(40);
  expect(files.filter((path) => path.includes('/look-'))).toHaveLength(40);
  expect(files.filter((path) => path.endsWith('/verdict.json'))).toHaveLength(30);
});

test('what gate.reuse: sealed withholds is not kept, and is once its candidate is promoted', async () => {
  const project = smallProject();
  const run = (...options: string[]) =>
    project.mlops('run', '--json', '--set', 'gate.reuse=sealed', ...options);
  const scoresIn = (files: string[]) =>
    files.filter((path) => /\/(scores|sealed)\//.test(path)).map((path) => path.split('/')[3]);
  await run();
  const files = await keptFiles(project.path('.mlops'));
  expect(scoresIn(files)).toEqual([]);
  expect(files.filter((path) => path.endsWith('/verdict.json'))).toHaveLength(1);
  await run('--mode', 'promote');
  expect(scoresIn(await keptFiles(project.path('.mlops'))).sort()).toEqual(['scores', 'small']);
});

test('a newer version of an item is kept under its number, so that no writer takes it again', async () => {
  for (const champion of ['m/1', 'm/2', 'm/3'])
    await ledger.put('champion/m', 'current', { package: champion, execution: 'none' });
  expect(await keptFiles(home)).toEqual(['ledger/p/champion/m/current/3.json']);
});

test('with the kept files alone the same run makes nothing again, and the next is compared with the champion', async () => {
  const project = smallProject();
  const trained = async (...options: string[]) =>
    JSON.parse((await project.mlops('run', '--json', '--mode', 'promote', ...options)).stdout) as {
      reused: boolean;
      verdict: { outcome: string; holdout_uses: number };
      package: string;
      report: { json: string };
    };
  const first = await trained();
  const folder = project.path('.mlops');
  const archive = project.path('state.tar.gz');
  await create({ file: archive, cwd: folder }, await keptFiles(folder));
  for (const part of ['images', 'jobs', 'ledger', 's3', 'runs'])
    await rm(join(folder, part), { recursive: true });
  await extract({ file: archive, cwd: folder });
  const again = await trained();
  const steps = (
    JSON.parse(await readFile(again.report.json, 'utf8')) as { steps: { name: string; reused: boolean }[] }
  ).steps;
  expect(again.package).toBe(first.package);
  expect(steps.filter(({ name }) => ['Prepare', 'Train'].includes(name)).map(({ reused }) => reused)).toEqual(
    [true, true],
  );
  const next = await trained('--set', 'training.hyperparameters.weight=2');
  const report = JSON.parse(await readFile(next.report.json, 'utf8')) as { champion: { package: string } };
  expect(report.champion.package).toBe(first.package);
});

test('with the kept files alone a release predicts nothing again, and a rollback finds the champion before', async () => {
  const project = releasableProject();
  const asked = async (...args: string[]) => JSON.parse((await project.mlops(...args, '--json')).stdout);
  const first = await asked('run', '--mode', 'promote');
  const second = await asked('run', '--mode', 'promote', ...behave({ weight: 1.5 }));
  expect([first.promoted, second.promoted]).toEqual([true, true]);
  const folder = project.path('.mlops');
  const archive = project.path('state.tar.gz');
  await create({ file: archive, cwd: folder }, await keptFiles(folder));
  for (const part of ['images', 'jobs', 'ledger', 's3', 'runs'])
    await rm(join(folder, part), { recursive: true });
  await extract({ file: archive, cwd: folder });
  expect(await asked('release')).toMatchObject({
    moved: false,
    release: second.release.release,
    reused: [second.release.release],
  });
  const back = await asked('rollback', '--reason', 'complaints');
  expect(back).toMatchObject({
    package: first.package,
    release: first.release.release,
    reused: [first.release.release],
    moved: true,
  });
  const { stdout } = await project.mlops('history');
  expect(stdout).toMatch(/rolled back[\s\S]*released[\s\S]*promoted/);
});

test('of old champions and releases only that they were is kept, so the state does not grow by their models', async () => {
  for (let n = 1; n <= 40; n++) {
    await run(n);
    await ledger.put('champion-change/m', String(n).padStart(8, '0'), {
      package: `m/${n}`,
      previous: `m/${n - 1}`,
      execution: `run-${n}`,
      kind: 'promotion',
    });
    const output = `s3://mlops/p/predictions/model=m/release=release-${n}/`;
    await write(`${output.replace('s3://', 's3/')}part-00000.parquet`);
    await ledger.put('delivered/m', `key-${n}`, { release: `release-${n}`, output });
    await ledger.put('release/m', `release-${n}`, {
      started_at: new Date(n * 1000).toISOString(),
      state: { delivered: { output } },
    });
    await write('s3/mlops/p/pointers/m.json');
    await write(`s3/mlops/p/trials/m/${n}.parquet`);
  }
  await ledger.put('champion/m', 'current', { package: 'm/40', execution: 'run-40' });
  await ledger.put('pointer/m', 'current', { release: 'release-40', previous: { release: 'release-39' } });
  // Runs of which only the champions' are recent enough.
  for (let n = 41; n <= 80; n++) await run(n);
  const files = await keptFiles(home);
  const packages = files.filter((path) => path.includes('/package/')).map((path) => path.split('/')[4]);
  expect(packages.filter((name) => Number(name?.slice(4)) <= 40).length).toBeLessThanOrEqual(7);
  expect(packages).toEqual(expect.arrayContaining(['m%2F36', 'm%2F40']));
  expect(files.filter((path) => path.includes('/champion-change/'))).toHaveLength(40);
  expect(files.filter((path) => path.includes('/release/'))).toHaveLength(30);
  expect(
    files.filter((path) => /predictions.*\.parquet$/.test(path)).map((path) => /release-\d+/.exec(path)?.[0]),
  ).toEqual(['release-39', 'release-40']);
  expect(files.filter((path) => path.includes('/delivered/'))).toHaveLength(2);
  expect(files).toContain('s3/mlops/p/pointers/m.json');
  // What runs recorded is what a query asks for, and what guides later runs.
  expect(files.filter((path) => path.includes('/trials/'))).toHaveLength(40);
});

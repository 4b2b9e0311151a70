#!/usr/bin/env node
/**
 * Measures a batch as `mlops release` runs it on this machine, with the sample's own model: lay out, predict, deliver; beside
 * the same model called in one Python process on a data frame, which reads the same rows and writes Parquet.
 *
 *     node bench/batch.ts [--rows N] [--rounds N] [--json]
 *
 * Seconds are those that pass, since a batch is several processes: measure where nothing else works on the machine.
 */
import { execFile, spawn } from 'node:child_process';
import { createWriteStream, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { extract } from 'tar';
import { copySample } from '../fixtures/sample.fixture.ts';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import { type Measure, median, report } from './table.ts';

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const jobs = ['Lay out rows', 'Predict', 'Deliver'];

const folder = await mkdtemp(join(tmpdir(), 'bench-batch-'));
const environments = join(root, '.mlops/environments');
const environment = (of: string) =>
  ensureEnvironment({
    requirements: join(root, of, 'requirements.txt'),
    root: environments,
    name: of,
    onProgress: console.error,
  });
const [model, frames] = [await environment('fixtures/sample/model'), await environment('pipeline/prepare')];

interface Batch {
  seconds: Map<string, number>;
  /** Peak of the batch's processes together; 0 where nobody looked. */
  peak_mb: number;
}

try {
  copySample(folder);
  await mkdir(join(folder, '.mlops'));
  await symlink(environments, join(folder, '.mlops/environments'));
  await scoring('all.csv', rows);
  await scoring('few.csv', Math.ceil(rows / 4));
  await mlops(['run', '--mode', 'promote', '--no-release', '--set', 'tuning=off', '--json']);
  const artifact = join(folder, 'artifact');
  await mkdir(artifact);
  const [packed = ''] = globSync(join(folder, '.mlops/s3/mlops/**/model.tar.gz'));
  await extract({ file: packed, cwd: artifact });

  const all: Map<string, number>[] = [];
  const alone: { seconds: number; peak_mb: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    all.push((await batch('all.csv', round)).seconds);
    alone.push(await frame(artifact));
  }
  // In runs of their own, since looking takes time.
  const [peak, fewPeak] = [
    (await batch('all.csv', rounds, { looks: true })).peak_mb,
    (await batch('few.csv', rounds, { looks: true })).peak_mb,
  ];
  const of = (name: string) => median(all.map((seconds) => seconds.get(name) ?? Number.NaN));
  const together = median(all.map((seconds) => jobs.reduce((sum, job) => sum + (seconds.get(job) ?? 0), 0)));
  const frameSeconds = median(alone.map(({ seconds }) => seconds));
  const measures: Measure[] = [
    { name: 'rows', value: rows, unit: '' },
    { name: 'load of the machine', value: loadavg()[0] ?? Number.NaN, unit: '' },
    ...jobs.map((name): Measure => ({ name, value: of(name), unit: 's' })),
    { name: 'the batch', value: together, unit: 's' },
    { name: 'one process on a data frame', value: frameSeconds, unit: 's' },
    { name: 'the batch, to one process', value: together / frameSeconds, unit: 'x', most: 1.5 },
    { name: 'memory of the batch', value: peak, unit: 'MB' },
    {
      name: 'memory, to that of a quarter of the rows',
      value: peak / fewPeak,
      unit: 'x',
      most: 1.6,
    },
    { name: 'memory of one process', value: median(alone.map(({ peak_mb }) => peak_mb)), unit: 'MB' },
  ];
  if (options.json) console.log(JSON.stringify(measures));
  else report(measures);
} finally {
  await rm(folder, { recursive: true });
}

/** The sample's rows to predict, over and over, each with an id of its own. */
async function scoring(name: string, count: number): Promise<void> {
  const file = join(folder, 'model/data/scoring.csv');
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const at = header.split(',').indexOf('EmployeeNumber');
  const parts = lines.map((line) => line.split(','));
  const text = function* () {
    yield `${header}\n`;
    for (let row = 0; row < count; row++)
      yield `${(parts[row % parts.length] ?? []).with(at, `e${row}`).join(',')}\n`;
  };
  await pipeline(Readable.from(text()), createWriteStream(join(folder, name)));
}

/** A release of rows that no release has predicted: the threshold of groups is a part of what predictions are made from. */
async function batch(file: string, round: number, { looks } = { looks: false }): Promise<Batch> {
  const settings = [`data.scoring=${file}`, `report.min_group=${10 + round}`].flatMap((set) => [
    '--set',
    set,
  ]);
  const { said, peak_mb } = await mlops(['release', ...settings, '--json'], { looks });
  const { status, steps } = said as { status: string; steps: { name: string; seconds: number }[] };
  if (status !== 'succeeded') throw new Error(JSON.stringify(said));
  const seconds = new Map(steps.map((step) => [step.name, step.seconds]));
  return { seconds, peak_mb };
}

/** Runs the command line; the peak is of all its processes, looked at twice a second. */
async function mlops(
  args: readonly string[],
  { looks } = { looks: false },
): Promise<{ said: unknown; peak_mb: number }> {
  const child = spawn(process.execPath, [join(root, 'pipeline/cli/mlops.ts'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, megabytesOf(child.pid ?? 0));
  };
  const watch = looks ? setInterval(look, 500) : undefined;
  await new Promise((ended) => child.once('close', ended));
  clearInterval(watch);
  return { said: JSON.parse(text), peak_mb: peak };
}

/** The private and shared memory of a process and its descendants, which share pages: each is counted by its share. */
function megabytesOf(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  const isOwn = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === root || isOwn(parents.get(pid)));
  let kilobytes = 0;
  for (const pid of parents.keys())
    if (isOwn(pid))
      try {
        const share = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
        kilobytes += Number(share?.[1] ?? 0);
      } catch {
        // It has ended.
      }
  return kilobytes / 1024;
}

/** The same model in one process: packages of the model, and of prepare those that read and write data. */
async function frame(artifact: string): Promise<{ seconds: number; peak_mb: number }> {
  const [packages = ''] = globSync(join(frames.python, '../../lib/python3*/site-packages'));
  const { stdout } = await promisify(execFile)(
    model.python,
    [
      join(import.meta.dirname, 'batch/frame.py'),
      artifact,
      join(folder, 'all.csv'),
      'EmployeeNumber',
      join(folder, 'frame.parquet'),
    ],
    {
      env: {
        ...process.env,
        OMP_NUM_THREADS: '1',
        PYTHONPATH: join(folder, 'model/src'),
        BENCH_PACKAGES: packages,
      },
    },
  );
  return JSON.parse(stdout);
}

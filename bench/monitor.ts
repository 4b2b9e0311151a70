#!/usr/bin/env node
/**
 * Measures the job that counts production for monitoring: a year of daily releases at once, beside DuckDB's own counts by day
 * and bin over the same files; a quarter of the rows; and a look at one new day, alone and with labels for a month of days.
 * The files take 110 bytes a row.
 *
 *     node bench/monitor.ts [--rounds N] [--rows N] [--days N] [--columns N] [--json]
 *
 * The bounds are on seconds of the processor, since other work on the machine changes the seconds that pass, and on memory.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import type { Summary } from '../pipeline/monitor/window.ts';
import type { SummariseSettings } from '../pipeline/steps/monitor/summarise.ts';
import { type Measure, median, report } from './table.ts';

const root = join(import.meta.dirname, '..');

interface Used {
  cpu: number;
  seconds: number;
  peak_mb: number;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '365' },
    columns: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const days = Number(options.days);

const { python } = await ensureEnvironment({
  requirements: join(root, 'pipeline/prepare/requirements.txt'),
  root: join(root, '.mlops/environments'),
  name: 'numpy and pandas',
  onProgress: console.error,
});
const folder = await mkdtemp(join(tmpdir(), 'bench-monitor-'));
const own = { ...process.env, PYTHONPATH: join(root, 'pipeline/prepare/src') };
const start = 'import sys; from mlops_prepare.main import main; sys.exit(main())';
const run = promisify(execFile);

try {
  await make(join(folder, 'all'), rows);
  const all = await job('all', { from: 'all' });
  const last = `release=r${String(days - 1).padStart(4, '0')}`;
  const day = await job('day', { from: 'all', releases: [last] });
  const open = (await readdir(join(folder, 'all/predictions'))).sort().slice(-31, -1);
  const labels = await job('labels', { from: 'all', releases: [last], open });
  const grouped = [process.execPath, '--no-warnings', join(import.meta.dirname, 'monitor/group-by.ts')];
  const used = new Map<string, Used[]>();
  const add = async (name: string, made: Promise<Used>) =>
    void used.set(name, [...(used.get(name) ?? []), await made]);
  for (let round = 0; round < Number(options.rounds); round++) {
    await add('a year', measured([python, '-c', start], all));
    await add('DuckDB', measured([...grouped, join(folder, 'all')], all));
    await add('a day', measured([python, '-c', start], day));
    await add('a day with labels', measured([python, '-c', start], labels));
  }
  const counted = (await summary(all)).windows.reduce((sum, window) => sum + window.rows, 0);
  if (counted !== rows) throw new Error(`counted ${counted} rows, expected ${rows}`);
  const { truth } = await summary(labels);
  await rm(join(folder, 'all'), { recursive: true });
  await make(join(folder, 'few'), Math.ceil(rows / 4));
  const few = await job('quarter', { from: 'few' });
  for (let round = 0; round < Number(options.rounds); round++)
    await add('a quarter', measured([python, '-c', start], few));

  const of = (name: string, key: keyof Used) => median(used.get(name)?.map((one) => one[key]) ?? []);
  const measures: Measure[] = [
    { name: 'predictions', value: rows, unit: '' },
    { name: 'days', value: days, unit: '' },
    { name: 'columns', value: Number(options.columns), unit: '' },
    { name: 'a year', value: of('a year', 'cpu'), unit: 's of the processor' },
    { name: 'a year, with waiting', value: of('a year', 'seconds'), unit: 's' },
    { name: 'DuckDB', value: of('DuckDB', 'cpu'), unit: 's of the processor' },
    { name: 'DuckDB, with waiting', value: of('DuckDB', 'seconds'), unit: 's' },
    { name: 'a year, to DuckDB', value: of('a year', 'cpu') / of('DuckDB', 'cpu'), unit: 'x', most: 2 },
    { name: 'memory of a year', value: of('a year', 'peak_mb'), unit: 'MB' },
    {
      name: 'memory of a year, to that of a quarter of the rows',
      value: of('a year', 'peak_mb') / of('a quarter', 'peak_mb'),
      ...{ unit: 'x', most: 1.5 },
    },
    // Most of it is the start of Python.
    { name: 'a day', value: of('a day', 'cpu'), unit: 's of the processor', most: 1.5 },
    { name: 'labels of 30 days', value: truth.matched, unit: '' },
    { name: 'a day with them', value: of('a day with labels', 'cpu'), unit: 's of the processor' },
    { name: 'memory of a day with them', value: of('a day with labels', 'peak_mb'), unit: 'MB' },
  ];
  if (options.json) console.log(JSON.stringify(measures));
  else report(measures);
} finally {
  await rm(folder, { recursive: true });
}

/** What releases leave, one a day. */
async function make(to: string, count: number): Promise<void> {
  const script = join(import.meta.dirname, 'monitor/make.py');
  await run(python, [script, to, String(count), String(days), options.columns], { env: own });
}

/** A job's folder, laid out as /opt/ml, that reads some releases (default: all) and joins labels to others. */
async function job(
  name: string,
  { from, releases, open }: { from: string; releases?: string[]; open?: string[] },
): Promise<string> {
  const input = join(folder, `job-${name}`, 'processing/input');
  const made = join(folder, from);
  await mkdir(join(input, 'monitor'), { recursive: true });
  const settings = JSON.parse(
    await readFile(join(made, 'monitor/monitor.json'), 'utf8'),
  ) as SummariseSettings;
  await writeFile(
    join(input, 'monitor/reference.json'),
    await readFile(join(made, 'monitor/reference.json')),
  );
  const link = async (kind: string, to: string, names: readonly string[]) => {
    const file = 'part-00000.parquet';
    for (const release of names) {
      await mkdir(join(input, to, release), { recursive: true });
      await symlink(join(made, kind, release, file), join(input, to, release, file));
    }
  };
  for (const kind of ['predictions', 'inputs'])
    await link(kind, kind, releases ?? (await readdir(join(made, kind))));
  if (open !== undefined) {
    await link('predictions', 'open', open);
    const csv = { delimiter: 'auto', encoding: 'utf-8', decimal: '.' };
    settings.truth = { source: 'truth.csv', row_id: 'id', target: 'y', csv };
    await mkdir(join(input, 'truth'));
    const lines = Readable.from(truthOf(open), { objectMode: true });
    await pipeline(lines, createWriteStream(join(input, 'truth/truth.csv')));
  }
  await writeFile(join(input, 'monitor/monitor.json'), JSON.stringify(settings));
  return join(folder, `job-${name}`);
}

/** A label for each prediction of the releases. */
function* truthOf(releases: readonly string[]): Generator<string> {
  yield 'id,y\n';
  for (const release of releases) {
    const day = Number(release.slice(-4));
    const count = Math.floor((rows * (day + 1)) / days) - Math.floor((rows * day) / days);
    for (let at = 0; at < count; at++) yield `e${day}-${at},${at % 7 === 0 ? 'Yes' : 'No'}\n`;
  }
}

async function measured(command: readonly string[], base: string): Promise<Used> {
  const measure = join(import.meta.dirname, 'data/measure.py');
  const { stdout } = await run(python, [measure, ...command], { env: { ...own, SAGEMAKER_BASE_DIR: base } });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Used;
}

async function summary(base: string): Promise<Summary> {
  return JSON.parse(await readFile(join(base, 'processing/output/summary/summary.json'), 'utf8'));
}

#!/usr/bin/env node
/**
 * Compares `mlops validate` with pandas' read_csv, and the prepare job with plain pandas that does the same, on a CSV file
 * of 1,000,000 rows. Each is a process of its own; they take turns, and medians count.
 *
 *     node bench/data.ts [--rounds N] [--rows N] [--json]
 *
 * The bounds are on seconds of the processor, since other work on the machine changes the seconds that pass.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import { Random } from '../pipeline/statistics/random.ts';
import { type Measure, median, report } from './table.ts';

const root = join(import.meta.dirname, '..');
const scripts = join(import.meta.dirname, 'data');

interface Used {
  seconds: number;
  /** Seconds of the processor. */
  cpu: number;
  peak_mb: number;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);

const { python } = await ensureEnvironment({
  requirements: join(root, 'pipeline/prepare/requirements.txt'),
  root: join(root, '.mlops/environments'),
  name: 'numpy and pandas',
  onProgress: console.error,
});
const folder = await mkdtemp(join(tmpdir(), 'bench-data-'));
try {
  const all = await project('all', rows);
  const few = await project('few', rows / 4);
  const used = new Map<string, Used[]>();
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, run] of [
      ['read_csv', () => call([join(scripts, 'read.py'), all.file])],
      ['validate', () => validate(all.config)],
      ['validate, a quarter of the rows', () => validate(few.config)],
      ['pandas prepares', () => measure([python, join(scripts, 'prepare.py'), all.file, join(folder, 'p')])],
      ['prepare', () => prepare(all)],
    ] as const)
      used.set(name, [...(used.get(name) ?? []), await run()]);
  const of = (name: string, key: keyof Used) => median(used.get(name)?.map((one) => one[key]) ?? []);
  const megabytes = (await stat(all.file)).size / 1e6;
  const measures: Measure[] = [
    { name: 'rows', value: rows, unit: '' },
    { name: 'file', value: megabytes, unit: 'MB' },
    ...[...used.keys()].flatMap((name) => [
      { name, value: of(name, 'cpu'), unit: 's of the processor' },
      { name: `${name}, with waiting`, value: of(name, 'seconds'), unit: 's' },
    ]),
    {
      name: 'validate to read_csv',
      value: of('validate', 'cpu') / of('read_csv', 'cpu'),
      unit: 'x',
      most: 0.6,
    },
    {
      name: 'prepare to pandas',
      value: of('prepare', 'cpu') / of('pandas prepares', 'cpu'),
      unit: 'x',
      most: 1.3,
    },
    { name: 'memory of validate', value: of('validate', 'peak_mb'), unit: 'MB' },
    {
      name: 'memory of validate to that of a quarter of the rows',
      value: of('validate', 'peak_mb') / of('validate, a quarter of the rows', 'peak_mb'),
      unit: 'x',
      most: 1.5,
    },
    { name: 'memory of prepare', value: of('prepare', 'peak_mb'), unit: 'MB' },
    { name: 'memory of pandas', value: of('pandas prepares', 'peak_mb'), unit: 'MB' },
  ];
  if (options.json) console.log(JSON.stringify(measures));
  else report(measures);
} finally {
  await rm(folder, { recursive: true });
}

interface Project {
  file: string;
  config: string;
}

/** A project with a file of numbers, categories, text in quotes, empty fields and codes. */
async function project(name: string, count: number): Promise<Project> {
  const place = join(folder, name);
  const file = join(place, 'data.csv');
  await mkdir(place);
  const random = new Random(1);
  const pick = (of: readonly string[]) => of[Math.floor(random.uniform() * of.length)] ?? '';
  const lines = function* () {
    yield 'id,age,income,score,visits,city,plan,note,zip,member,ratio,y\n';
    for (let row = 0; row < count; row++) {
      const age = 18 + Math.floor(random.uniform() * 60);
      const income = random.uniform() < 0.05 ? '' : (random.uniform() * 1e5).toFixed(2);
      const cells = [
        `c${row}`,
        age,
        income,
        (random.uniform() * 2 - 1).toFixed(6),
        Math.floor(random.uniform() * 500),
        pick(['Bern', 'Zürich', 'Genève', 'Ulm', 'Lyon']),
        pick(['free', 'basic', 'plus']),
        pick(['"called, left a message"', 'none', '"asked ""why"""', '']),
        pick(['07030', '10115', '02139']),
        pick(['true', 'false']),
        random.uniform().toPrecision(12),
        random.uniform() * 60 < age - 10 ? 'Yes' : 'No',
      ];
      yield `${cells.join(',')}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(file));
  const config = join(place, 'mlops.yaml');
  await writeFile(
    config,
    `project: bench\nproblem: binary\ndata: { source: data.csv, target: y, positive: "Yes", row_id: id }\nmodel: { context: ${join(root, 'model')} }\n`,
  );
  return { file, config };
}

async function call(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Used> {
  const { stdout } = await promisify(execFile)(python, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Used;
}

function measure(command: string[], env?: NodeJS.ProcessEnv): Promise<Used> {
  return call([join(scripts, 'measure.py'), ...command], env);
}

function validate(config: string): Promise<Used> {
  return measure([process.execPath, join(root, 'pipeline/cli/mlops.ts'), 'validate', '--config', config]);
}

/** The prepare job in a folder laid out as /opt/ml. */
async function prepare({ file }: Project): Promise<Used> {
  const base = join(folder, 'job');
  await rm(base, { recursive: true, force: true });
  const input = join(base, 'processing/input');
  for (const part of ['data', 'config']) await mkdir(join(input, part), { recursive: true });
  await symlink(file, join(input, 'data/data.csv'));
  const settings = {
    ...{ problem: 'binary', format: 'csv', source: 'data.csv', target: 'y', positive: 'Yes', row_id: 'id' },
    ...{ exclude: [], features_exclude: [], slices: [], holdout: 0.2, salt: 'bench' },
    ...{ content_type: 'text/csv', csv: { header: true, target: 'first' } },
  };
  await writeFile(join(input, 'config/prepare.json'), JSON.stringify(settings));
  const start = 'import sys; from mlops_prepare.main import main; sys.exit(main())';
  const env = { PYTHONPATH: join(root, 'pipeline/prepare/src'), SAGEMAKER_BASE_DIR: base };
  return await measure([python, '-c', start], env);
}

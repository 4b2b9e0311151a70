#!/usr/bin/env node
/**
 * Measures the two jobs of a release that prepare does: it lays rows out for the model, and delivers the model's answers as
 * predictions. The rows have the columns of the sample; the model is none, since its answers are written beforehand.
 *
 *     node bench/delivery.ts [--rounds N] [--rows N] [--json]
 *
 * The bounds are on seconds of the processor, since other work on the machine changes the seconds that pass, and on the
 * memory for all rows as a multiple of that for a quarter of them.
 */
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import { Random } from '../pipeline/statistics/random.ts';
import type { DeliverSettings, LaidOut, LayOutSettings } from '../pipeline/steps/release/delivery.ts';
import { type Measure, median, report } from './table.ts';

const root = join(import.meta.dirname, '..');
const sample = join(root, 'fixtures/sample/model/data');

interface Used {
  cpu: number;
  seconds: number;
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
const folder = await mkdtemp(join(tmpdir(), 'bench-delivery-'));
const settings = {
  ...{ problem: 'binary', format: 'csv', target: 'Attrition', positive: 'Yes', row_id: 'EmployeeNumber' },
  ...{
    exclude: ['EmployeeCount', 'Over18', 'StandardHours'],
    slices: ['Gender', 'MaritalStatus', 'Department'],
  },
  ...{ features_exclude: ['Gender', 'MaritalStatus', 'Age'], holdout: 0.2, salt: 'bench' },
  ...{ content_type: 'text/csv', csv: { header: true, target: 'first' }, source: 'attrition.csv' },
};
const layOut: LayOutSettings = { step: 'lay_out', source: 'scoring.csv', most_bad_rows: 0 };
const deliver: DeliverSettings = {
  ...{ step: 'deliver', model: 'attrition', release: 'r2', package: 'attrition-2', output: 'probability' },
  extra: [1, 2, 3].flatMap((at) => [`factor_${at}`, `contribution_${at}`]),
  ...{ predicted_at: '2026-03-01T12:00:00Z', threshold: null, sensitive: [], min_group: 10 },
};

try {
  const manifest = await train();
  const all = await release('all', rows, manifest);
  const few = await release('few', Math.ceil(rows / 4), manifest);
  const used = new Map<string, Used[]>();
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, base] of [
      ['lay out', all.lay],
      ['lay out, a quarter of the rows', few.lay],
      ['deliver', all.deliver],
      ['deliver, a quarter of the rows', few.deliver],
      ['deliver after a release', all.again],
      ['deliver after a release, a quarter of the rows', few.again],
    ] as const)
      used.set(name, [...(used.get(name) ?? []), await prepare(base)]);
  const of = (name: string, key: keyof Used) => median(used.get(name)?.map((one) => one[key]) ?? []);
  const jobs = ['lay out', 'deliver', 'deliver after a release'];
  const bounds = new Map([
    ['lay out', 8],
    ['deliver', 8],
    ['deliver after a release', 10],
  ]);
  const measures: Measure[] = [
    { name: 'rows', value: rows, unit: '' },
    ...jobs.flatMap((name): Measure[] => {
      const seconds = bounds.get(name);
      return [
        {
          ...{ name, value: of(name, 'cpu'), unit: 's of the processor' },
          ...(seconds !== undefined && { most: seconds * Math.max(1, rows / 1e6) }),
        },
        { name: `${name}, with waiting`, value: of(name, 'seconds'), unit: 's' },
        { name: `memory to ${name}`, value: of(name, 'peak_mb'), unit: 'MB' },
        {
          name: `memory to ${name}, to that of a quarter of the rows`,
          value: of(name, 'peak_mb') / of(`${name}, a quarter of the rows`, 'peak_mb'),
          ...{ unit: 'x', most: 1.6 },
        },
      ];
    }),
  ];
  if (options.json) console.log(JSON.stringify(measures));
  else report(measures);
} finally {
  await rm(folder, { recursive: true });
}

/** Prepares a package with the sample's columns; returns the path of its manifest. */
async function train(): Promise<string> {
  const base = await job('train', {});
  await symlink(join(sample, 'attrition.csv'), join(base, 'processing/input/data/attrition.csv'));
  await prepare(base);
  return join(base, 'processing/output/manifest/manifest.json');
}

/** The folders of the jobs of a release of so many rows, ready to run. */
async function release(name: string, count: number, manifest: string) {
  const lay = await job(`${name}-lay`, { release: layOut, manifest });
  await scoring(join(lay, 'processing/input/data/scoring.csv'), count);
  await prepare(lay);
  const first = await delivery(`${name}-deliver`, manifest, lay, null);
  await prepare(first);
  const again = await delivery(`${name}-again`, manifest, lay, join(first, 'processing/output/predictions'));
  return { lay, deliver: first, again };
}

/** A job's folder, laid out as /opt/ml. */
async function job(
  name: string,
  { release, manifest }: { release?: LayOutSettings | DeliverSettings; manifest?: string },
): Promise<string> {
  const input = join(folder, name, 'processing/input');
  for (const part of ['data', 'config', 'release', 'manifest'])
    await mkdir(join(input, part), { recursive: true });
  await writeFile(join(input, 'config/prepare.json'), JSON.stringify(settings));
  if (release !== undefined) await writeFile(join(input, 'release/release.json'), JSON.stringify(release));
  if (manifest !== undefined) await symlink(manifest, join(input, 'manifest/manifest.json'));
  return join(folder, name);
}

/** The sample's rows to predict, over and over, each with an id of its own. */
async function scoring(file: string, count: number): Promise<void> {
  const [header = '', ...lines] = (await readFile(join(sample, 'scoring.csv'), 'utf8')).trim().split('\n');
  const at = header.split(',').indexOf('EmployeeNumber');
  const parts = lines.map((line) => line.split(','));
  const text = function* () {
    yield `${header}\n`;
    for (let row = 0; row < count; row++) {
      const cells = parts[row % parts.length] ?? [];
      yield `${cells.with(at, `e${row}`).join(',')}\n`;
    }
  };
  await pipeline(Readable.from(text()), createWriteStream(file));
}

/** The job that delivers answers to rows that were laid out; `previous`: the predictions of the release before. */
async function delivery(
  name: string,
  manifest: string,
  lay: string,
  previous: string | null,
): Promise<string> {
  const base = await job(name, { release: deliver, manifest });
  const input = join(base, 'processing/input');
  const laid = join(lay, 'processing/output/rows');
  await cp(laid, join(input, 'rows'), { recursive: true });
  if (previous !== null) await symlink(previous, join(input, 'previous'));
  const { path, features } = JSON.parse(await readFile(join(laid, 'rows.json'), 'utf8')) as LaidOut;
  await mkdir(join(input, 'scores'));
  const random = new Random(previous === null ? 1 : 2);
  const answers = async function* () {
    for await (const line of createInterface({ input: createReadStream(join(laid, basename(path))) })) {
      const kept = line.split(',', 1 + settings.slices.length).join(',');
      const factors = [1, 2, 3].map(() => {
        const { name: factor } = features[Math.floor(random.uniform() * features.length)] ?? { name: '' };
        return `${factor},${random.uniform() - 0.5}`;
      });
      yield `${kept},${random.uniform()},${factors.join(',')}\n`;
    }
  };
  await pipeline(Readable.from(answers()), createWriteStream(join(input, 'scores', `${basename(path)}.out`)));
  return base;
}

/** Runs prepare in a folder that is laid out as /opt/ml. */
async function prepare(base: string): Promise<Used> {
  const measure = join(import.meta.dirname, 'data/measure.py');
  const start = 'import sys; from mlops_prepare.main import main; sys.exit(main())';
  const { stdout } = await promisify(execFile)(python, [measure, python, '-c', start], {
    env: {
      ...process.env,
      PYTHONPATH: join(root, 'pipeline/prepare/src'),
      SAGEMAKER_BASE_DIR: base,
    },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Used;
}

/**
 * npm run data-sets [-- NAME...]: runs the sample model on public data sets, as a newcomer would, and scikit-learn on the
 * same rows. Without names, writes the table of docs/data-sets.md; with names, prints their rows only.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import { formatInterval, formatValue } from '../pipeline/format.ts';
import type { Verdict } from '../pipeline/gate/verdict.ts';

const root = resolve(import.meta.dirname, '..');
const programs = join(root, 'scripts/data-sets');
/** The folder of the data sets and their runs, which is emptied first: a newcomer starts from nothing. */
const work = join(root, '.mlops/data-sets');
const page = join(root, 'docs/data-sets.md');
const marks = ['<!-- table: npm run data-sets -->', '<!-- end of table -->'] as const;

interface DataSet {
  name: string;
  about: string;
  lines: string[];
}

interface Reference {
  metric: keyof Verdict['metrics'];
  linear: number;
  boosting: number;
}

const { args: names } = new Command('npm run data-sets --')
  .description(
    'Runs the pipeline on public data sets with the sample model, and scikit-learn on the same rows; about five minutes.',
  )
  .argument('[names...]', 'only these, printed; without names all, and docs/data-sets.md gets the table')
  .parse();
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const python = await ensureEnvironment({
  requirements: join(programs, 'requirements.txt'),
  root: join(root, '.mlops/environments'),
  name: 'the data sets',
  onProgress: console.error,
});
await run(python.python, [join(programs, 'make.py'), work, '../../../model', ...names]);
const dataSets = JSON.parse(await readFile(join(work, 'data-sets.json'), 'utf8')) as DataSet[];

const rows: string[][] = [];
for (const dataSet of dataSets) {
  console.error(`${dataSet.name} ...`);
  rows.push(await rowOf(dataSet));
}
const head = [
  'data set',
  'lines beyond the four',
  'metric',
  'sample model',
  'linear',
  'boosting',
  'verdict',
  'time',
];
const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
console.log(table);
if (names.length === 0) await writeTable(table);

/** A row of the table: a first run's number and interval, and what scikit-learn reaches on its rows. */
async function rowOf({ name, about, lines }: DataSet): Promise<string[]> {
  const folder = join(work, name);
  const mlops = [
    join(root, 'pipeline/cli/mlops.ts'),
    'run',
    '--config',
    join(folder, 'mlops.yaml'),
    '--json',
  ];
  const started = performance.now();
  const { verdict } = JSON.parse(await run(process.execPath, mlops, work)) as { verdict: Verdict };
  const seconds = (performance.now() - started) / 1000;
  const [manifest = ''] = globSync(`${work}/.mlops/**/prepared/${name}/**/manifest/manifest.json`);
  const prepared = dirname(dirname(manifest));
  const reference = JSON.parse(
    await run(python.python, [join(programs, 'reference.py'), prepared]),
  ) as Reference;
  const { metric } = reference;
  const ours = verdict.metrics[metric];
  if (!ours) throw new Error(`${name}: the verdict has no ${metric}`);
  return [
    `**${name}**: ${about}`,
    lines.map((line) => `\`${line}\``).join('<br>') || 'none',
    metric,
    `${formatValue(ours.candidate)} ${formatInterval(ours.interval)}`,
    formatValue(reference.linear),
    formatValue(reference.boosting),
    verdict.outcome,
    `${seconds.toFixed(0)} s`,
  ];
}

/** Runs a program to its end and returns its standard output. @throws Error with its standard error if it fails */
async function run(program: string, args: string[], cwd = root): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${errors}${output}`);
  return output;
}

async function writeTable(rows: string): Promise<void> {
  const [first, last] = marks;
  const before = existsSync(page) ? await readFile(page, 'utf8') : `${first}\n${last}\n`;
  const [head = '', rest = ''] = before.split(first);
  const [, tail = ''] = rest.split(last);
  await writeFile(page, `${head}${first}\n\n${rows}\n\n${last}${tail}`);
}

#!/usr/bin/env node
/**
 * Compares the gate's speed with numpy, pandas and R's pROC: medians of processes of their own, which take turns.
 *
 *     node bench/gate.ts [--json] [--rounds N] [--quick]
 *
 * --quick leaves out the growth to 10,000,000 rows. numpy and pandas come with the prepare job's environment; R has to be
 * installed.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';
import { Random } from '../pipeline/statistics/random.ts';

const folder = join(import.meta.dirname, 'gate');
const root = join(import.meta.dirname, '..');

interface Measured {
  seconds: number[];
  peak_mb: number;
  version: string;
}

/** Runs one case in a process; null if the tool is not installed. */
type Tool = (name: string, argument: string) => Promise<Measured | null>;

interface Result {
  case: string;
  tool: string;
  /** Medians of the processes: of their first run, which a verdict's run is like, and of their later ones. */
  first_seconds: number;
  seconds: number;
  /** How many times as long as the gate. */
  first_ratio: number;
  ratio: number;
  peak_mb: number;
  version: string;
}

async function run(command: string, args: string[]): Promise<Measured | null> {
  try {
    return JSON.parse((await promisify(execFile)(command, args)).stdout) as Measured;
  } catch (error) {
    console.error(`${command}: left out (${(error as Error).message.split('\n').slice(0, 2).join(' ')})`);
    return null;
  }
}

const gate: Tool = (name, argument) => run(process.execPath, [join(folder, 'cases.ts'), name, argument]);
const pROC: Tool = (name, argument) => run('Rscript', [join(folder, 'cases.R'), name, argument]);

async function pythonTool(): Promise<Tool> {
  const { python } = await ensureEnvironment({
    requirements: join(root, 'pipeline/prepare/requirements.txt'),
    root: join(root, '.mlops/environments'),
    name: 'numpy and pandas',
    onProgress: console.error,
  });
  return (name, argument) => run(python, [join(folder, 'cases.py'), name, argument]);
}

/** The tools take turns, so that other work on the machine slows all of them alike. */
async function compare(
  name: string,
  argument: string,
  contenders: [tool: string, run: Tool, itsCase: string][],
  rounds: number,
): Promise<Result[]> {
  const measured = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [tool, runCase, itsCase] of contenders) {
      const result = await runCase(itsCase, argument);
      if (result !== null) measured.set(tool, [...(measured.get(tool) ?? []), result]);
    }
  }
  const first = (tool: string) => median(measured.get(tool)!.map(({ seconds }) => seconds[0]!));
  const later = (tool: string) => median(measured.get(tool)!.flatMap(({ seconds }) => seconds.slice(1)));
  return [...measured].map(([tool, results]) => ({
    case: name,
    tool,
    first_seconds: first(tool),
    seconds: later(tool),
    first_ratio: first(tool) / first('gate'),
    ratio: later(tool) / later('gate'),
    peak_mb: Math.max(...results.map((result) => result.peak_mb)),
    version: results[0]!.version,
  }));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

async function writeScores(file: string, rows: number): Promise<void> {
  const random = new Random(0);
  const out = createWriteStream(file);
  out.write('row_id,label,score\n');
  for (let row = 0; row < rows; row++)
    out.write(`${row},${row % 5 === 0 ? 1 : 0},${random.uniform() * random.uniform()}\n`);
  await new Promise((resolve) => out.end(resolve));
}

function print(results: Result[]): void {
  const cells = results.map((result) => [
    result.case,
    result.tool,
    `${result.first_seconds.toFixed(3)} s`,
    `${result.first_ratio.toFixed(2)} x`,
    `${result.seconds.toFixed(3)} s`,
    `${result.ratio.toFixed(2)} x`,
    `${result.peak_mb.toFixed(0)} MB`,
  ]);
  const rows = [['case', 'tool', 'first', 'gate = 1', 'later', 'gate = 1', 'peak'], ...cells];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    rounds: { type: 'string', default: '3' },
  },
});
const rounds = Number(values.rounds);
const numpy = await pythonTool();
const work = await mkdtemp(join(tmpdir(), 'gate-bench-'));
try {
  const file = join(work, 'scores.csv');
  await writeScores(file, 1_000_000);
  const results = [
    ...(await compare(
      'DeLong and its paired test, 1,000,000 rows',
      '1000000',
      [
        ['gate', gate, 'delong'],
        ['numpy', numpy, 'delong'],
        ['pROC', pROC, 'delong'],
      ],
      rounds,
    )),
    ...(await compare(
      '2,000 paired replicates, 10,000 rows',
      '10000',
      [
        ['gate', gate, 'bootstrap'],
        ['numpy', numpy, 'bootstrap'],
      ],
      rounds,
    )),
    ...(await compare(
      'reading 1,000,000 scores from CSV',
      file,
      [
        ['gate', gate, 'read'],
        ['pandas', numpy, 'read'],
        ['pandas, ids as text, checked', numpy, 'read_checked'],
      ],
      rounds,
    )),
  ];
  if (!values.quick) {
    for (const size of [10_000, 100_000, 10_000_000]) {
      const name = `DeLong and its paired test, ${size.toLocaleString('en-US')} rows`;
      results.push(
        ...(await compare(
          name,
          String(size),
          [
            ['gate', gate, 'delong'],
            ['numpy', numpy, 'delong'],
          ],
          1,
        )),
      );
    }
  }
  if (values.json) console.log(JSON.stringify({ rounds, results }, null, 2));
  else print(results);
} finally {
  await rm(work, { recursive: true });
}

#!/usr/bin/env node
/** npm run simulate: measures how often the gate or the monitor is right, and what guided tuning gains, where the truth is known. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { note, print } from '../pipeline/cli/print.ts';
import { formatCount, formatSeconds } from '../pipeline/format.ts';
import { tuningTables } from './simulate/guided-tables.ts';
import { type Interpreters, monitorTables } from './simulate/monitor/tables.ts';
import { isBeyond, type Measured, measure, shareOf, type Table, tableMarkdown } from './simulate/table.ts';
import { tables as gateTables } from './simulate/tables.ts';

interface Options extends Interpreters {
  runs?: number;
  seed: number;
  table: string[];
}

interface Subject {
  title: string;
  /** Simulations of each row unless said. */
  runs: number;
  tables: (interpreters: Interpreters) => readonly Table[];
  about: string;
}

const subjects = {
  gate: {
    title: 'How often the gate is right',
    runs: 4000,
    tables: () => gateTables,
    about: 'Scores are binormal unless a table says otherwise.',
  },
  monitor: {
    title: 'How often the monitor is right',
    runs: 1000,
    tables: monitorTables,
    about:
      'Models are binormal and calibrated with a ROC AUC of .85 and 20 % positive unless a table says otherwise.',
  },
  tuning: {
    title: 'What guided tuning gains',
    runs: 300,
    tables: () => tuningTables,
    about: 'Surfaces are quadratic in the scale of each range.',
  },
} satisfies Record<string, Subject>;

const wholeFrom = (least: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least)
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  return value;
};

const program = new Command('npm run simulate --')
  .description(
    'Measures how often the gate or the monitor is right, on simulated models of known quality, and what guided tuning gains: tables as Markdown on standard output, progress on standard error.',
  )
  .addArgument(new Argument('[what]', 'what is measured').choices(Object.keys(subjects)).default('gate'))
  .option(
    '--runs <n>',
    'simulations of each row (default: gate 4000, monitor 1000, tuning 300)',
    wholeFrom(1),
  )
  .option('--seed <n>', 'the same seed gives the same numbers', wholeFrom(0), 2026)
  .addOption(
    new Option('--table <name>', 'only this table; may be repeated')
      .default([])
      .argParser((name: string, all: string[]) => [...all, name]),
  )
  .option('--nannyml <python>', 'monitor: a Python interpreter with bench/monitor/requirements-nannyml.txt')
  .option('--evidently <python>', 'monitor: one with bench/monitor/requirements-evidently.txt')
  .addHelpText(
    'after',
    `
Tables of gate: ${namesOf(gateTables)}
Tables of monitor: ${namesOf(monitorTables({}))}
Tables of tuning: ${namesOf(tuningTables)}

With their usual number of simulations gate takes about twenty minutes and monitor ten; gate with --runs 200, one.
A share p is known to about 2 sqrt(p (1 - p) / runs). docs/gate-simulation.md, docs/monitor-simulation.md and
docs/tuning-simulation.md hold their output.

Exit code: 0 every limit holds, 1 a share is beyond its limit, 2 bad arguments.`,
  )
  .exitOverride();

try {
  program.parse();
  simulate(program.processedArgs[0], program.opts());
} catch (error) {
  if (!(error instanceof Error && 'exitCode' in error)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}

function namesOf(tables: readonly Table[]): string {
  return tables.map(({ name }) => name).join(', ');
}

function simulate(what: keyof typeof subjects, { seed, table: only, ...options }: Options): void {
  const subject: Subject = subjects[what];
  const { runs = subject.runs } = options;
  const tables = subject.tables(options);
  const unknown = only.find((name) => !tables.some((table) => table.name === name));
  if (unknown !== undefined)
    program.error(`error: ${what} has no table '${unknown}'. Expected one of ${namesOf(tables)}.`);
  const asked = tables.filter(({ name }) => only.length === 0 || only.includes(name));
  print(`# ${subject.title}\n`);
  print(
    `\`npm run simulate -- ${what}\` made this page with --runs ${runs} and --seed ${seed}. Of n simulations a share of 5 % is known to ±44/√n, two standard errors: ` +
      `±${(200 * Math.sqrt((0.05 * 0.95) / runs)).toFixed(1)} of ${formatCount(runs)}. ` +
      `${subject.about} A share beyond its limit is bold.`,
  );
  const beyond: string[] = [];
  const start = performance.now();
  for (const table of asked) {
    const rows = measure(table, { runs, seed }, (done, of) =>
      note(`${table.name}: row ${done} of ${of}, ${formatSeconds((performance.now() - start) / 1000)}`),
    );
    print(`\n${tableMarkdown(table, rows)}`);
    for (const { labels, measured } of rows)
      for (const share of measured)
        if (isBeyond(share)) beyond.push(`${table.title}, ${labels.join(', ')}: ${beyondText(share)}`);
  }
  if (beyond.length === 0) {
    print('\nEvery share is within its limit.');
    return;
  }
  print(`\nBeyond their limits:\n\n${beyond.map((line) => `- ${line}`).join('\n')}`);
  process.exitCode = 1;
}

function beyondText(measured: Measured): string {
  if (measured.as === 'mean') return shareOf(measured).toFixed(2);
  return `${(100 * shareOf(measured)).toFixed(2)} %`;
}

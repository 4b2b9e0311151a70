#!/usr/bin/env node
/** npm run simulate: measures how often the gate is right, on simulated models of known quality. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { note, print } from '../pipeline/cli/print.ts';
import { formatCount, formatSeconds } from '../pipeline/format.ts';
import { isBeyond, measure, shareOf, tableMarkdown } from './simulate/table.ts';
import { tables } from './simulate/tables.ts';

interface Options {
  runs: number;
  seed: number;
  table: string[];
}

const names = tables.map(({ name }) => name);

const wholeFrom = (least: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least)
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  return value;
};

const program = new Command('npm run simulate --')
  .description(
    'Measures how often the gate is right, on simulated models of known quality: tables as Markdown on standard output, progress on standard error.',
  )
  .option('--runs <n>', 'simulations of each row', wholeFrom(1), 4000)
  .option('--seed <n>', 'the same seed gives the same numbers', wholeFrom(0), 2026)
  .addOption(
    new Option('--table <name>', `only this table: ${names.join(', ')}; may be repeated`)
      .default([])
      .argParser((name: string, all: string[]) => {
        if (!names.includes(name)) throw new InvalidArgumentError(`Expected one of ${names.join(', ')}.`);
        return [...all, name];
      }),
  )
  .addHelpText(
    'after',
    `
With 4,000 runs it takes about twenty minutes; with --runs 200, one. A share p is known to about 2 sqrt(p (1 - p) / runs).
docs/gate-simulation.md is its output: npm run --silent simulate > docs/gate-simulation.md

Exit code: 0 every limit holds, 1 a share is beyond its limit, 2 bad arguments.`,
  )
  .exitOverride();

try {
  program.parse();
  simulate(program.opts());
} catch (error) {
  if (!(error instanceof Error && 'exitCode' in error)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}

function simulate({ runs, seed, table: only }: Options): void {
  const asked = tables.filter(({ name }) => only.length === 0 || only.includes(name));
  print('# How often the gate is right\n');
  print(
    `\`npm run simulate\` made this page with --runs ${runs} and --seed ${seed}. Of n simulations a share of 5 % is known to ±44/√n, two standard errors: ` +
      `±${(200 * Math.sqrt((0.05 * 0.95) / runs)).toFixed(1)} of ${formatCount(runs)}. ` +
      'Scores are binormal unless a table says otherwise. A share beyond its limit is bold.',
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
        if (isBeyond(share))
          beyond.push(`${table.title}, ${labels.join(', ')}: ${(100 * shareOf(share)).toFixed(2)} %`);
  }
  if (beyond.length === 0) {
    print('\nEvery share is within its limit.');
    return;
  }
  print(`\nBeyond their limits:\n\n${beyond.map((line) => `- ${line}`).join('\n')}`);
  process.exitCode = 1;
}

import { join, relative } from 'node:path';
import { Command } from 'commander';
import { EmbeddedBackend } from '../backends/embedded/embedded-backend.ts';
import { loadConfig } from '../config/load.ts';
import { renderTerminal } from '../report/terminal.ts';
import { reportOf } from '../run/report-of.ts';
import { writeReport } from '../run/write-report.ts';
import { type RunRecord, runKind } from '../steps/record.ts';
import { InputError, printJson } from './errors.ts';
import { home } from './home.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('Write the report of a recorded run again: HTML, Markdown and JSON.')
    .argument('<run>', 'its execution, or `last`')
    .option('--config <file>', 'the configuration, for the project', 'mlops.yaml')
    .option('--json', 'print the report value on standard output')
    .action(report);
}

async function report(name: string, options: { config: string; json?: boolean }): Promise<void> {
  const { config } = await loadConfig(options.config);
  const backend = new EmbeddedBackend({ home: home(), project: config.project, onSetup: console.error });
  const runs = await backend.context.ledger.list<RunRecord>(runKind);
  const run = name === 'last' ? runs.at(-1) : runs.find((item) => item.id === name);
  if (run === undefined)
    throw new InputError(`run ${name}: not in the ledger; \`mlops history\` lists the runs`);
  const value = await reportOf(run.value, backend);
  const files = await writeReport(value, join(home(), 'runs', run.id));
  if (options.json) return printJson(value);
  const color = process.stdout.isTTY === true;
  console.log(renderTerminal(value, { color, columns: process.stdout.columns || 100 }));
  console.log(`\nReport: ${relative(process.cwd(), files.html)}`);
}

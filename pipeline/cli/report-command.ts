import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import type { Backend } from '../backends/backend.ts';
import { EmbeddedBackend } from '../backends/embedded/embedded-backend.ts';
import { deploymentOf } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import { renderTerminal } from '../report/terminal.ts';
import { runsOf } from '../run/account/lineage.ts';
import { reportOf } from '../run/account/report-of.ts';
import { writeReport } from '../run/account/write-report.ts';
import { type RunRecord, runKind } from '../steps/train/record.ts';
import { printJson } from './errors.ts';
import { home } from './home.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('Write the report of a recorded run again: HTML, Markdown and JSON.')
    .argument('<run>', 'its execution, or `last`')
    .addOption(
      new Option('--backend <name>', 'where it ran').choices(['embedded', 'aws']).default('embedded'),
    )
    .option('--environment <name>', 'with --backend aws: which of environments in mlops.yaml')
    .option('--config <file>', 'the configuration, for the project', 'mlops.yaml')
    .option('--json', 'print the report value on standard output')
    .action(report);
}

interface ReportOptions {
  backend: Backend['name'];
  environment?: string;
  config: string;
  json?: boolean;
}

async function report(name: string, options: ReportOptions): Promise<void> {
  const { config } = await loadConfig(options.config);
  const backend = await openBackend(config, options);
  const { ledger } = backend.context;
  const run: RunRecord | undefined =
    name === 'last'
      ? (await runsOf(backend.context))[0]
      : (await ledger.get<RunRecord>(runKind, name))?.value;
  if (run === undefined)
    throw new InputError(`run ${name}: not in the ledger; \`mlops history\` lists the runs`);
  const value = await reportOf(run, backend);
  const files = await writeReport(value, join(home(), 'runs', run.execution));
  if (options.json) return printJson(value);
  const color = process.stdout.isTTY === true;
  console.log(renderTerminal(value, { color, columns: process.stdout.columns || 100 }));
  console.log(`\nReport: ${relative(process.cwd(), files.html)}`);
}

async function openBackend(config: Config, { backend, environment }: ReportOptions): Promise<Backend> {
  if (backend === 'embedded')
    return new EmbeddedBackend({ home: home(), project: config.project, onSetup: console.error });
  const deployment = deploymentOf(config, environment);
  const { openAwsBackend } = await import('../backends/aws/aws-backend.ts');
  return await openAwsBackend({ deployment, runId: null, onNote: console.error });
}

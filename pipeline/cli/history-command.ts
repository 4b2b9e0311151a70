import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { deploymentOf } from '../backends/aws/deployment-of.ts';
import type { Backend } from '../backends/backend.ts';
import { FileLedger } from '../backends/embedded/file-ledger.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { formatSeconds, formatTime } from '../format.ts';
import type { Ledger } from '../ports.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { type RunRecord, runKind } from '../steps/record.ts';
import { printJson } from './errors.ts';
import { home } from './home.ts';
import { table } from './table.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('The runs on this machine or of an environment on AWS, newest first, and the champion.')
    .addOption(new Option('--backend <name>', 'whose runs').choices(['embedded', 'aws']).default('embedded'))
    .option('--environment <name>', 'with --backend aws: which of environments in mlops.yaml')
    .option('--config <file>', 'the configuration, for the project', 'mlops.yaml')
    .option('--limit <n>', 'how many', countOf, 20)
    .option('--json', 'print one JSON object on standard output')
    .action(history);
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(text);
}

interface HistoryOptions {
  backend: Backend['name'];
  environment?: string;
  config: string;
  limit: number;
  json?: boolean;
}

async function history(options: HistoryOptions): Promise<void> {
  const { config } = await loadConfig(options.config);
  const ledger = await openLedger(config, options);
  const champion = (await ledger.get<Champion>(championKind, championId))?.value ?? null;
  const runs = (await ledger.list<RunRecord>(runKind))
    .map((item) => item.value)
    // By time: on AWS a run is named after what started it.
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at))
    .slice(0, options.limit);
  if (options.json) printJson({ project: config.project, champion, runs: runs.map(summaryOf) });
  else if (runs.length === 0) console.log('No runs yet: start one with `npm start`.');
  else {
    console.log(`Champion: ${champion?.package ?? 'none'}\n`);
    for (const line of table([header, ...runs.map(rowOf)])) console.log(line);
  }
}

async function openLedger(config: Config, { backend, environment }: HistoryOptions): Promise<Ledger> {
  if (backend === 'embedded') return new FileLedger(join(home(), 'ledger', config.project));
  const { openAwsBackend } = await import('../backends/aws/aws-backend.ts');
  const deployment = deploymentOf(config, environment);
  return (await openAwsBackend({ deployment, runId: null, onNote: console.error })).context.ledger;
}

const header = ['execution', 'started', 'took', 'outcome', 'package', ''];

function summaryOf({ execution, status, started_at, finished_at, state }: RunRecord) {
  return {
    execution,
    status,
    started_at,
    finished_at,
    mode: state.request.mode,
    trigger: state.request.trigger,
    fingerprint: state.plan?.fingerprint ?? null,
    outcome: state.gate?.outcome ?? null,
    reason: state.gate?.reason ?? state.error?.Cause ?? null,
    package: state.package?.name ?? null,
    champion: state.scoring?.champion.package ?? null,
    promoted: state.promotion?.promoted ?? false,
  };
}

function rowOf(run: RunRecord): string[] {
  const summary = summaryOf(run);
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return [
    run.execution,
    formatTime(run.started_at),
    formatSeconds(seconds),
    run.status === 'succeeded' ? (summary.outcome ?? '') : run.status,
    summary.package ?? '',
    summary.promoted ? 'promoted' : '',
  ];
}

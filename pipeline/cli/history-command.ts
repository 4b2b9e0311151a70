import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { FileLedger } from '../backends/embedded/file-ledger.ts';
import { loadConfig } from '../config/load.ts';
import { formatSeconds, formatTime } from '../format.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { type RunRecord, runKind } from '../steps/record.ts';
import { printJson } from './errors.ts';
import { home } from './home.ts';
import { table } from './table.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('The runs on this machine, newest first, and the champion.')
    .option('--config <file>', 'the configuration, for the project', 'mlops.yaml')
    .option('--limit <n>', 'how many', countOf, 20)
    .option('--json', 'print one JSON object on standard output')
    .action(history);
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(text);
}

async function history(options: { config: string; limit: number; json?: boolean }): Promise<void> {
  const { config } = await loadConfig(options.config);
  const ledger = new FileLedger(join(home(), 'ledger', config.project));
  const champion = (await ledger.get<Champion>(championKind, championId))?.value ?? null;
  const runs = (await ledger.list<RunRecord>(runKind))
    .map((item) => item.value)
    .reverse()
    .slice(0, options.limit);
  if (options.json) printJson({ project: config.project, champion, runs: runs.map(summaryOf) });
  else if (runs.length === 0) console.log('No runs yet: start one with `npm start`.');
  else {
    console.log(`Champion: ${champion?.package ?? 'none'}\n`);
    for (const line of table([header, ...runs.map(rowOf)])) console.log(line);
  }
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

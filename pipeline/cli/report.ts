import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { openBackend } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { publishable } from '../report/publishable.ts';
import { runsOf } from '../run/account/lineage.ts';
import { reportOf } from '../run/account/report-of.ts';
import { writeReport } from '../run/account/write-report.ts';
import { type RunRecord, runKind } from '../steps/train/run-record.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { note, printJson } from './print.ts';
import { printReport } from './print-report.ts';

interface ReportOptions {
  backend: Backend['name'];
  environment?: string;
  config: string;
  model?: string;
  json?: boolean;
}

/** `mlops report [RUN]`. */
export async function report(name: string, options: ReportOptions): Promise<void> {
  const { config } = await loadConfig(options.config, options);
  const backend = await openBackend(config, options, { home: home(), onNote: note });
  const { ledger } = backend.context;
  const run: RunRecord | undefined =
    name === 'last'
      ? (await runsOf(backend.context, sayLeftOut))[0]
      : (await ledger.get<RunRecord>(runKind, name))?.value;
  if (run === undefined && name === 'last')
    throw new InputError('no run yet: `mlops run` makes one, and its report');
  if (run === undefined)
    throw new InputError(`run ${name}: not in the ledger; \`mlops history\` lists the runs`);
  const value = await reportOf(run, backend);
  const files = await writeReport(value, join(home(), 'runs', run.execution));
  const told = publishable(value);
  if (options.json) printJson(told);
  else printReport(told, files);
}

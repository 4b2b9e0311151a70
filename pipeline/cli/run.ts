import { join } from 'node:path';
import { modelNames } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { publishable } from '../report/publishable.ts';
import { failureOf, isInputError } from '../run/account/failure.ts';
import { type ReportFiles, writeReport } from '../run/account/write-report.ts';
import type { RunOutcome } from '../run/start/run.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import { type RunOptions, startRun } from '../run/start/start-run.ts';
import { exitCodeOf, reportError } from './errors.ts';
import { home } from './home.ts';
import { note, print, printJson } from './print.ts';
import { printReport } from './print-report.ts';
import { Stopping } from './stopping.ts';

interface Options extends RunOptions {
  promote: boolean;
  reason?: string;
  failOn?: string;
  json?: boolean;
}

/** `mlops run`. */
export async function run(options: Options): Promise<void> {
  const failOn = outcomesOf(options.failOn);
  const progress = new RunProgress(process.stderr);
  const stopping = new Stopping(progress, options.backend === 'embedded');
  const trigger = { kind: 'manual', reason: options.reason ?? null, actor: null } as const;

  const runModel = async (model: string | undefined): Promise<Done> => {
    try {
      const outcome = await startRun(
        { ...options, model, trigger },
        {
          home: home(),
          runId: process.env.GITHUB_RUN_ID || null,
          signal: stopping.signal,
          onNote: (line) => progress.note(line),
          onProgress: (update) => {
            stopping.running = true;
            progress.update(update);
          },
        },
      );
      const files = await writeReport(outcome.report, join(home(), 'runs', outcome.execution));
      return { outcome: { ...outcome, report: publishable(outcome.report) }, files };
    } finally {
      progress.end();
    }
  };

  try {
    if (options.model === 'all') await runAll(options, runModel, failOn, stopping.signal);
    else {
      const done = await runModel(options.model);
      if (options.json) printJson(summaryOf(done));
      else printReport(done.outcome.report, done.files);
      process.exitCode = exitCode(done.outcome, failOn);
    }
  } finally {
    stopping.end();
  }
}

/** A run that has ended, successfully or not. */
interface Done {
  outcome: RunOutcome;
  files: ReportFiles;
}

/** Runs each model, one after the other. If one cannot run, the others still do. */
async function runAll(
  options: Options,
  runModel: (model: string | undefined) => Promise<Done>,
  failOn: string[],
  signal: AbortSignal,
): Promise<void> {
  const names = (await modelNames(options.config)) ?? [undefined];
  const summaries: object[] = [];
  const codes: number[] = [];
  for (const name of names) {
    if (signal.aborted) break;
    try {
      const done = await runModel(name);
      summaries.push(summaryOf(done));
      codes.push(exitCode(done.outcome, failOn));
      if (!options.json) printReport(done.outcome.report, done.files);
    } catch (error) {
      reportError(error, false);
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      summaries.push({ model: name ?? null, ok: false, error: { name: kind, message } });
      codes.push(exitCodeOf(error));
    }
    if (!options.json && name !== names.at(-1)) print();
  }
  if (options.json) printJson({ models: summaries });
  process.exitCode = [130, 1, 2, 3, 4].find((code) => codes.includes(code)) ?? 0;
}

function outcomesOf(failOn: string | undefined): string[] {
  const outcomes = (failOn ?? '').split(',').filter((outcome) => outcome !== '');
  const unknown = outcomes.find((outcome) => !['reject', 'hold'].includes(outcome));
  if (unknown !== undefined) {
    throw new InputError(`--fail-on: got ${JSON.stringify(unknown)}, expected reject, hold, or reject,hold`);
  }
  return outcomes;
}

/** The --json output of a run. A failure is also printed on standard error. */
function summaryOf({ outcome: { execution, record, report }, files }: Done): object {
  const { failure } = report;
  if (failure) note(`${failure.step} failed: ${failure.error}: ${failure.cause}`);
  return {
    model: report.model,
    execution,
    status: record.status,
    fingerprint: record.state.plan?.fingerprint ?? null,
    reused: report.steps.filter((step) => step.reused).map((step) => step.name),
    verdict: report.verdict,
    report: files,
    package: record.state.package?.name ?? null,
    promoted: report.run.promotion.promoted,
    steps: record.steps,
    cost: report.cost,
    ...(failure && { failure }),
  };
}

function exitCode({ record, report }: RunOutcome, failOn: string[]): number {
  if (record.status === 'cancelled') return 130;
  if (record.status === 'failed') return isInputError(failureOf(record)) ? 2 : 1;
  const outcome = report.verdict?.outcome;
  if (outcome === undefined || !failOn.includes(outcome)) return 0;
  return outcome === 'reject' ? 3 : 4;
}

import { join } from 'node:path';
import { modelNames } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { publishable } from '../report/publishable.ts';
import { failureOf, isInputError } from '../run/account/failure.ts';
import { type ReportFiles, writeReport } from '../run/account/write-report.ts';
import type { RunOutcome } from '../run/start/run.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import { type RunChoices, type RunOptions, type RunSurroundings, startRun } from '../run/start/start-run.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { exitCodeOf, reportError } from './errors.ts';
import { home } from './home.ts';
import { note, print, printJson } from './print.ts';
import { printReport } from './print-report.ts';
import {
  printRelease,
  type ReleaseDone,
  exitCode as releaseExitCode,
  releaseOnce,
  releaseSummary,
} from './release.ts';
import { Stopping } from './stopping.ts';

interface Options extends RunOptions {
  promote: boolean;
  release: boolean;
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

  const runModel = (model: string | undefined) => runOnce({ ...options, model, trigger }, stopping, progress);

  try {
    if (options.model === 'all') await runAll(options, runModel, failOn, stopping);
    else {
      const done = await runModel(options.model);
      if (!options.json) printReport(done.outcome.report, done.files);
      const released = await releaseAfter(done, options, stopping);
      if (options.json) printJson(summaryOf(done, released));
      process.exitCode = exitCode(done.outcome, failOn) || (released ? releaseExitCode(released.outcome) : 0);
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

/** Does one run and writes its report. */
async function runOnce(
  choices: RunChoices,
  stopping: Stopping,
  progress: RunProgress,
  hooks: Pick<RunSurroundings, 'onStaged' | 'onStart'> = {},
): Promise<Done> {
  try {
    const outcome = await startRun(choices, { ...stopping.surroundings(progress), ...hooks });
    const files = await writeReport(outcome.report, join(home(), 'runs', outcome.execution));
    return { outcome: { ...outcome, report: publishable(outcome.report) }, files };
  } finally {
    progress.end();
  }
}

/**
 * One run in mode promote for data that landed or decay that was found, and the release of what it promoted. Returns what
 * --json gives, and the exit code; without --json it prints both reports.
 */
export async function promoteUnasked(
  options: Omit<RunOptions, 'mode' | 'backend'> & { json?: boolean | undefined },
  trigger: RunChoices['trigger'],
  stopping: Stopping,
  hooks: Pick<RunSurroundings, 'onStaged' | 'onStart'>,
): Promise<{ summary: object; code: number }> {
  const choices = { ...options, backend: 'embedded', mode: 'promote', promote: true, trigger } as const;
  const done = await runOnce(choices, stopping, new RunProgress(process.stderr), hooks);
  if (!options.json) printReport(done.outcome.report, done.files);
  const released = await releaseAfter(done, { ...choices, release: true }, stopping);
  return {
    summary: summaryOf(done, released),
    code: exitCode(done.outcome, []) || (released ? releaseExitCode(released.outcome) : 0),
  };
}

/**
 * Releases the champion after a run that made or confirmed it, where there is something to predict or to serve. null: there
 * is nothing to release.
 */
async function releaseAfter(
  { outcome: { record, backend: opened } }: Done,
  {
    backend,
    environment,
    config,
    set,
    containers,
    promote,
    release,
    json,
  }: RunOptions & Pick<Options, 'promote' | 'release'> & { json?: boolean | undefined },
  stopping: Stopping,
): Promise<ReleaseDone | null> {
  const { request, package: registered } = record.state;
  const { data, inference } = request.config;
  const hasWork = data.scoring !== null || inference.mode !== 'batch';
  if (!release || !promote || request.mode !== 'promote' || !hasWork || registered === undefined) return null;
  if (record.status !== 'succeeded' || stopping.signal.aborted) return null;
  const champion = await opened.context.ledger.get<Champion>(championKind, championId);
  if (champion?.value.package !== registered.name) return null;
  if (!json) print();
  const done = await releaseOnce(
    {
      kind: 'release',
      package: registered.name,
      ifChampion: true,
      reason: request.trigger.reason,
      trigger: { kind: request.trigger.kind, actor: null },
      model: request.model,
      backend,
      environment,
      config,
      set: backend === 'embedded' ? set : [],
      containers,
    },
    stopping,
    { opened },
  );
  if (!json) printRelease(done);
  return done;
}

/** Runs each model, one after the other. If one cannot run, the others still do. */
async function runAll(
  options: Options,
  runModel: (model: string | undefined) => Promise<Done>,
  failOn: string[],
  stopping: Stopping,
): Promise<void> {
  const names = (await modelNames(options.config)) ?? [undefined];
  const summaries: object[] = [];
  const codes: number[] = [];
  for (const name of names) {
    if (stopping.signal.aborted) break;
    try {
      const done = await runModel(name);
      codes.push(exitCode(done.outcome, failOn));
      if (!options.json) printReport(done.outcome.report, done.files);
      const released = await releaseAfter(done, options, stopping);
      if (released) codes.push(releaseExitCode(released.outcome));
      summaries.push(summaryOf(done, released));
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
function summaryOf(
  { outcome: { execution, record, report }, files }: Done,
  released: ReleaseDone | null,
): object {
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
    release: released && releaseSummary(released),
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

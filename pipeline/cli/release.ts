import { join, relative } from 'node:path';
import { formatCountOf } from '../format.ts';
import type { ReleaseReport } from '../report/release-report.ts';
import { renderReleaseTerminal } from '../report/release-terminal.ts';
import { failureOf, isInputError } from '../run/account/failure.ts';
import { type ReleasePages, writeReleasePages } from '../run/account/write-release-pages.ts';
import { type ReleaseOptions, type ReleaseOutcome, startRelease } from '../run/start/release.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import type { ReleaseRecord } from '../steps/release/records.ts';
import { home } from './home.ts';
import { note, print, printJson, printStyled } from './print.ts';
import { Stopping } from './stopping.ts';

interface Options extends Omit<ReleaseOptions, 'kind' | 'package' | 'reason' | 'trigger'> {
  reason?: string;
  json?: boolean;
}

/** `mlops release [PACKAGE]`. */
export const release = (name: string | undefined, options: Options): Promise<void> =>
  conduct({ ...choices(options), kind: 'release', package: name ?? null }, options);

/** `mlops rollback`. */
export const rollback = (options: Options & { to?: string }): Promise<void> =>
  conduct({ ...choices(options), kind: 'rollback', package: options.to ?? null }, options);

const choices = ({ reason, ...options }: Options) => ({
  ...options,
  reason: reason ?? null,
  trigger: { kind: 'manual', actor: null } as const,
});

async function conduct(options: ReleaseOptions, { json }: Options): Promise<void> {
  const stopping = new Stopping(new RunProgress(process.stderr), options.backend === 'embedded');
  try {
    const done = await releaseOnce(options, stopping);
    if (json) printJson(releaseSummary(done));
    else printRelease(done);
    process.exitCode = exitCode(done.outcome);
  } finally {
    stopping.end();
  }
}

/** A release that has ended, and its pages if it has any. */
export interface ReleaseDone {
  outcome: ReleaseOutcome;
  pages: ReleasePages | null;
  report: ReleaseReport | null;
}

/** Releases and writes the pages. */
export async function releaseOnce(options: ReleaseOptions, stopping: Stopping): Promise<ReleaseDone> {
  const progress = new RunProgress(process.stderr);
  try {
    const outcome = await startRelease(options, {
      home: home(),
      runId: process.env.GITHUB_RUN_ID || null,
      signal: stopping.signal,
      onNote: (line) => progress.note(line),
      onProgress: (update) => {
        stopping.running = true;
        progress.update(update);
      },
    });
    const { page } = outcome.record.state;
    const folder = join(home(), 'runs', outcome.execution);
    const written = page && (await writeReleasePages(page, folder, outcome.backend.context.storage));
    return { outcome, pages: written?.files ?? null, report: written?.report ?? null };
  } finally {
    progress.end();
  }
}

/** The --json output of a release. */
export function releaseSummary({ outcome, pages }: ReleaseDone): object {
  const { record, config } = outcome;
  const { plan, delivered, pointed } = record.state;
  const failure = record.status === 'failed' ? failureOf(record) : null;
  if (failure) note(`${failure.step} failed: ${failure.error}: ${failure.cause}`);
  return {
    model: config.name,
    execution: outcome.execution,
    status: record.status,
    release: pointed?.release ?? null,
    moved: pointed?.moved ?? false,
    package: plan?.package ?? null,
    previous: pointed?.previous ?? null,
    reused: delivered !== undefined && delivered.release !== outcome.execution ? [delivered.release] : [],
    predictions: delivered ? { rows: delivered.rows, path: delivered.output } : null,
    page: pages?.html ?? null,
    steps: record.steps,
    ...(plan && plan.notes.length > 0 && { notes: plan.notes }),
    ...(failure && { failure }),
  };
}

/** Prints a release that has ended. */
export function printRelease({ outcome, pages, report }: ReleaseDone): void {
  const { record } = outcome;
  if (record.status === 'cancelled') print('Stopped. Readers see what they saw before.');
  else if (record.status === 'failed') printFailure(record);
  else if (pages === null || report === null) printWithoutPage(record);
  else printReleased(record, pages, report);
}

function printFailure(record: ReleaseRecord): void {
  const { step, error, cause, log, hint } = failureOf(record);
  print(`${step} failed: ${error}: ${cause}`);
  for (const line of log) print(`  | ${line}`);
  print(hint);
}

function printReleased({ state }: ReleaseRecord, pages: ReleasePages, report: ReleaseReport): void {
  const { pointed } = state;
  if (pointed?.moved === false) print(`${report.package} was released already.`);
  const places = {
    page: relative(process.cwd(), pages.html),
    private: relative(process.cwd(), pages.private),
  };
  const color = process.stdout.isTTY === true;
  printStyled(renderReleaseTerminal(report, places, { color, columns: process.stdout.columns || 100 }));
}

/** A release counts although its page could not be made. */
function printWithoutPage({ request, state }: ReleaseRecord): void {
  const { plan, delivered, pointed, page_error: pageError } = state;
  for (const line of plan?.notes ?? []) print(line);
  if (plan === undefined || delivered === undefined || pointed === undefined) return;
  const verb = request.kind === 'rollback' ? 'Rolled back to' : 'Released';
  print(pointed.moved ? `${verb} ${plan.package}.` : `${plan.package} was released already.`);
  print(`${formatCountOf(delivered.rows, 'prediction')} in ${delivered.output}`);
  if (pageError) print(`The page was not made: ${pageError.Error}: ${pageError.Cause}`);
}

export function exitCode({ record }: ReleaseOutcome): number {
  if (record.status === 'cancelled') return 130;
  if (record.status === 'succeeded') return 0;
  return isInputError(failureOf(record)) ? 2 : 1;
}

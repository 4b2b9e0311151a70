import { join, relative } from 'node:path';
import { InputError } from '../errors.ts';
import { privacyOf } from '../gate/privacy.ts';
import { publishableFailure } from '../report/publishable.ts';
import type { ReleaseReport } from '../report/release-report.ts';
import { renderReleaseTerminal } from '../report/release-terminal.ts';
import type { Failure } from '../report/report.ts';
import { failureOf, isInputError } from '../run/account/failure.ts';
import { placeOf } from '../run/account/place-of.ts';
import { releaseCostOf } from '../run/account/release-cost-of.ts';
import { type ReleasePages, writeReleasePages } from '../run/account/write-release-pages.ts';
import {
  type ReleaseOptions,
  type ReleaseOutcome,
  type ReleaseSurroundings,
  startRelease,
} from '../run/start/release.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import type { ReleaseState } from '../steps/release/state.ts';
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
export const rollback = async (options: Options & { to?: string }): Promise<void> => {
  if (options.reason?.trim() === '')
    throw new InputError('--reason: got nothing, expected why, for the record');
  await conduct({ ...choices(options), kind: 'rollback', package: options.to ?? null }, options);
};

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
  written: { files: ReleasePages; report: ReleaseReport } | null;
}

/** Releases and writes the pages. */
export async function releaseOnce(
  options: ReleaseOptions,
  stopping: Stopping,
  more: Pick<ReleaseSurroundings, 'onStaged' | 'opened'> = {},
): Promise<ReleaseDone> {
  const progress = new RunProgress(process.stderr);
  try {
    const outcome = await startRelease(options, { ...stopping.surroundings(progress), ...more });
    const { page } = outcome.record.state;
    const folder = join(home(), 'runs', outcome.execution);
    return {
      outcome,
      written: page ? await writeReleasePages(page, folder, outcome.backend.context.storage) : null,
    };
  } finally {
    progress.end();
  }
}

/** What everybody may see of a failure: logs of workflows may be public. */
const toldFailure = ({ record, config }: ReleaseOutcome): Failure =>
  publishableFailure(failureOf(record), privacyOf(config));

const costOf = ({ record, config, backend }: ReleaseOutcome) =>
  releaseCostOf(record, config, backend.context.region);

/** The --json output of a release. */
export function releaseSummary({ outcome, written }: ReleaseDone): object {
  const { record, config, backend } = outcome;
  const { plan, delivered, pointed } = record.state;
  const failure = record.status === 'failed' ? toldFailure(outcome) : null;
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
    predictions:
      delivered && plan?.mode === 'batch'
        ? { rows: delivered.rows, path: placeOf(delivered.output, backend, home()) }
        : null,
    endpoint: plan && !plan.skipped && plan.mode !== 'batch' ? plan.endpoint.name : null,
    page: written?.files.html ?? null,
    private: written?.files.private ?? null,
    cost: costOf(outcome),
    steps: record.steps,
    ...(plan && plan.notes.length > 0 && { notes: plan.notes }),
    ...(failure && { failure }),
  };
}

/** Prints a release that has ended. */
export function printRelease({ outcome, written }: ReleaseDone): void {
  const { status } = outcome.record;
  if (status === 'cancelled') print('Stopped. Readers see what they saw before.');
  else if (status === 'failed') printFailure(toldFailure(outcome), outcome.record.state);
  else printReleased(outcome, written);
  const { note: cost } = costOf(outcome);
  if (cost !== '') print(cost);
}

function printReleased({ record, backend }: ReleaseOutcome, written: ReleaseDone['written']): void {
  const { plan, pointed, page_error: pageError } = record.state;
  if (pointed && !pointed.moved)
    print(`${plan?.package} is released already; readers see what they saw before.`);
  if (pageError) print(`The page was not made: ${pageError.Error}: ${pageError.Cause}`);
  if (written === null) for (const line of plan?.notes ?? []) print(line);
  else
    printStyled(
      renderReleaseTerminal(
        written.report,
        { page: shown(written.files.html), private: shown(written.files.private) },
        { color: process.stdout.isTTY === true, columns: process.stdout.columns || 100 },
      ),
    );
  if (plan && !plan.skipped && plan.mode !== 'batch') print(howToAsk(plan.endpoint.name, backend.name));
}

/** Nothing answers on this machine by itself; on AWS the endpoint does. */
const howToAsk = (endpoint: string, backend: 'embedded' | 'aws'): string =>
  backend === 'embedded'
    ? '  ask it: npx mlops serve'
    : `  ask it: endpoint ${endpoint} (sagemaker-runtime, InvokeEndpoint)`;

const shown = (path: string): string => relative(process.cwd(), path);

function printFailure(
  { step, error, cause, log, hint }: Failure,
  { plan, went_back: wentBack }: ReleaseState,
): void {
  print(`${step} failed: ${error}: ${cause}`);
  for (const line of log) print(`  | ${line}`);
  if (wentBack)
    print(
      wentBack.to === 'deleted'
        ? `The endpoint ${plan?.endpoint.name}, which nobody had yet, was deleted.`
        : `The endpoint ${plan?.endpoint.name} is back on the config ${wentBack.to}.`,
    );
  print(hint);
}

export function exitCode({ record }: ReleaseOutcome): number {
  if (record.status === 'cancelled') return 130;
  if (record.status === 'succeeded') return 0;
  return isInputError(failureOf(record)) ? 2 : 1;
}

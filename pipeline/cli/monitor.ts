import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { modelNames } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { privacyOf } from '../gate/privacy.ts';
import type { Finding } from '../monitor/finding.ts';
import type { TruthSummary } from '../monitor/window.ts';
import { renderFinding } from '../report/finding-terminal.ts';
import { publishableFailure } from '../report/publishable.ts';
import { publishableFinding } from '../report/publishable-finding.ts';
import type { Failure } from '../report/report.ts';
import { isInputError, lookFailureOf } from '../run/account/failure.ts';
import { claimStarted, type MonitorOptions, type MonitorOutcome, startLook } from '../run/start/monitor.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import { readJson } from '../steps/context.ts';
import type { KeptHistory } from '../steps/monitor/records.ts';
import { exitCodeOf, reportError } from './errors.ts';
import { home } from './home.ts';
import { note, print, printJson, printStyled } from './print.ts';
import { Stopping } from './stopping.ts';

interface Options extends Omit<MonitorOptions, 'at' | 'reason' | 'trigger'> {
  at?: string;
  failOn?: string;
  reason?: string;
  json?: boolean;
}

/** `mlops monitor`. */
export async function monitor(options: Options): Promise<void> {
  const failOn = findingsOf(options.failOn);
  const stopping = new Stopping(new RunProgress(process.stderr), options.backend === 'embedded');
  try {
    if (options.model === 'all') await monitorAll(options, failOn, stopping);
    else {
      const done = await lookOnce(options, stopping);
      if (!options.json) printLook(done);
      const retrain = await retrainAfter(done, options, stopping);
      if (options.json) printJson(summaryOf(done, retrain));
      process.exitCode = codeOf(done, retrain, failOn);
    }
  } finally {
    stopping.end();
  }
}

/**
 * A look that has ended; `finding` as everybody may see it, null where it failed; `truth`: what became of all labels so far,
 * null where none were read.
 */
interface Done {
  outcome: MonitorOutcome;
  finding: Finding | null;
  truth: TruthSummary | null;
  page: string | null;
}

async function lookOnce(options: Options, stopping: Stopping): Promise<Done> {
  const { at = null, reason = null } = options;
  const progress = new RunProgress(process.stderr);
  try {
    const trigger = { kind: 'manual', actor: null } as const;
    const outcome = await startLook({ ...options, at, reason, trigger }, stopping.surroundings(progress));
    const { record, config, backend, execution } = outcome;
    const { judged, page } = record.state;
    const found =
      record.status === 'succeeded' && judged ? await readJson<Finding>(backend.context, judged.uri) : null;
    const history = found && judged ? await readJson<KeptHistory>(backend.context, judged.history.uri) : null;
    const folder = join(home(), 'runs', execution);
    const html = join(folder, 'page.html');
    if (page) {
      await mkdir(folder, { recursive: true });
      await writeFile(html, await backend.context.storage.read(page.uri));
    }
    return {
      outcome,
      finding: found && publishableFinding(found, privacyOf(config)),
      truth: history?.labels ?? null,
      page: page ? html : null,
    };
  } finally {
    progress.end();
  }
}

/** What became of a run that decay asked for. */
interface Retrained {
  started: boolean;
  why: string;
  run: object | null;
  code: number;
}

/**
 * Starts the run that decay asks for, where the look's record says so. On AWS the end of the look starts it, by an event.
 */
async function retrainAfter(
  { outcome }: Done,
  { json, config, model, set, backend }: Options,
  stopping: Stopping,
): Promise<Retrained> {
  const { record } = outcome;
  const { wanted, why, since } = record.retrain;
  const told = { started: false, why, run: null, code: 0 };
  if (record.status !== 'succeeded' || !wanted) return told;
  if (backend === 'aws') return { ...told, started: true, why: `${why} The end of this look starts it.` };
  if (stopping.signal.aborted) return told;
  if (!json) print(`\n${why}\n`);
  const { promoteUnasked } = await import('./run.ts');
  let claimed: Promise<void> = Promise.resolve();
  const reason = `decay of ${record.state.plan?.package} (look ${outcome.execution})`;
  const { summary, code } = await promoteUnasked(
    { config, model, set, json },
    { kind: 'decay', reason, actor: null, ...(since !== undefined && { since }) },
    stopping,
    {
      onStart: (run) => {
        claimed = claimStarted(outcome, run);
      },
    },
  );
  await claimed;
  return { started: true, why, run: summary, code };
}

/** The --json output of a look. A failure is also printed on standard error. */
function summaryOf({ outcome, finding, truth, page }: Done, retrain: Retrained): object {
  const { record, config, execution } = outcome;
  const failure = record.status === 'failed' ? toldFailure(outcome) : null;
  if (failure) note(`${failure.step} failed: ${failure.error}: ${failure.cause}`);
  return {
    model: config.name,
    execution,
    status: record.status,
    at: record.state.plan?.at ?? record.request.at,
    package: record.state.plan?.package ?? null,
    finding: finding?.finding ?? null,
    reason: finding?.reason ?? null,
    evidence: finding?.evidence ?? [],
    blind: finding?.blind ?? [],
    next: finding?.next ?? [],
    card: finding?.card ?? null,
    truth,
    superseded: record.superseded,
    page,
    retrain: { started: retrain.started, why: retrain.why, run: retrain.run },
    notes: notesOf(outcome),
    steps: record.steps,
    ...(failure && { failure }),
  };
}

/** Sentences on the look; none names a column of data.sensitive. */
const notesOf = ({ record, config }: MonitorOutcome): string[] => [
  ...(record.state.plan?.notes ?? []),
  ...(record.state.plan && privacyOf(config).sensitive.length > 0
    ? ['Drift of the columns of data.sensitive is not watched: a reference holds nothing of them.']
    : []),
];

const toldFailure = ({ record, config }: MonitorOutcome): Failure =>
  publishableFailure(lookFailureOf(record), privacyOf(config));

function printLook({ outcome, finding, truth, page }: Done): void {
  const { record } = outcome;
  if (record.status === 'cancelled') {
    print('Stopped. Nothing was judged.');
    return;
  }
  if (finding === null) {
    const { step, error, cause, log, hint } = toldFailure(outcome);
    print(`${step} failed: ${error}: ${cause}`);
    for (const line of log) print(`  | ${line}`);
    print(hint);
    return;
  }
  const notes = [
    ...(record.superseded
      ? ['Another look came first: this one changes nothing. Look again to see both together.']
      : []),
    ...notesOf(outcome),
    ...(finding.finding === 'decayed' && !record.retrain.wanted ? [record.retrain.why] : []),
  ];
  printStyled(
    renderFinding(finding, {
      color: process.stdout.isTTY === true,
      columns: process.stdout.columns || 100,
      truth,
      notes,
    }),
  );
  if (page !== null) print(`  page: ${relative(process.cwd(), page)}`);
  if (record.state.page_error)
    print(`The page was not made: ${record.state.page_error.Error}: ${record.state.page_error.Cause}`);
}

/** Looks at each model, one after the other. If one look cannot be made, the others still are. */
async function monitorAll(options: Options, failOn: string[], stopping: Stopping): Promise<void> {
  const names = (await modelNames(options.config)) ?? [undefined];
  const summaries: object[] = [];
  const codes: number[] = [];
  for (const model of names) {
    if (stopping.signal.aborted) break;
    try {
      const own = { ...options, model };
      const done = await lookOnce(own, stopping);
      if (!options.json) printLook(done);
      const retrain = await retrainAfter(done, own, stopping);
      summaries.push(summaryOf(done, retrain));
      codes.push(codeOf(done, retrain, failOn));
    } catch (error) {
      reportError(error, false);
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      summaries.push({ model: model ?? null, ok: false, error: { name: kind, message } });
      codes.push(exitCodeOf(error));
    }
    if (!options.json && model !== names.at(-1)) print();
  }
  if (options.json) printJson({ models: summaries });
  process.exitCode = [130, 1, 2, 3, 4].find((code) => codes.includes(code)) ?? 0;
}

const failing: Readonly<Record<string, number>> = { decayed: 3, watch: 4 };

function findingsOf(failOn: string | undefined): string[] {
  const findings = (failOn ?? '').split(',').filter((finding) => finding !== '');
  const unknown = findings.find((finding) => !Object.hasOwn(failing, finding));
  if (unknown === undefined) return findings;
  throw new InputError(
    `--fail-on: got ${JSON.stringify(unknown)}, expected decayed, watch, or decayed,watch`,
  );
}

function codeOf({ outcome: { record }, finding }: Done, retrain: Retrained, failOn: string[]): number {
  if (record.status === 'cancelled') return 130;
  if (record.status === 'failed') return isInputError(lookFailureOf(record)) ? 2 : 1;
  if (retrain.code !== 0) return retrain.code;
  return finding !== null && failOn.includes(finding.finding) ? (failing[finding.finding] ?? 0) : 0;
}

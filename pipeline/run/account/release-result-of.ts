import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { privacyOf } from '../../gate/privacy.ts';
import type { Storage } from '../../ports.ts';
import { publishableFailure } from '../../report/publishable.ts';
import type { ReleaseReport } from '../../report/release-report.ts';
import { publishableResult, type ReleaseResult } from '../../report/release-result.ts';
import type { Failure } from '../../report/report.ts';
import { readJson, type StepContext } from '../../steps/context.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import type { ReleaseOutcome } from '../start/release.ts';
import { failureOf } from './failure.ts';

/** What everybody may see of a release that has ended. */
export async function releaseResultOf({
  config,
  execution,
  record,
  backend,
}: Pick<ReleaseOutcome, 'config' | 'execution' | 'record' | 'backend'>): Promise<ReleaseResult> {
  const { request, status, state } = record;
  const { plan, delivered, pointed, page, page_error: pageError } = state;
  const { context } = backend;
  const report = page === undefined ? null : await readJson<ReleaseReport>(context, page.report);
  const isRollback = request.kind === 'rollback' && pointed !== undefined;
  // Nobody may take an execution whose record is lost for a release.
  const isUntold = status === 'succeeded' && pointed === undefined && plan?.skipped !== true;
  return publishableResult({
    version: 1,
    kind: request.kind,
    project: config.project,
    model: config.name,
    execution,
    status: isUntold ? 'failed' : status,
    release: pointed?.release ?? null,
    package: plan?.package ?? request.package,
    moved: pointed?.moved ?? false,
    previous: pointed?.previous ?? null,
    left: isRollback && plan?.champion.package ? await origin(plan.champion.package, context) : null,
    predictions: pointed && delivered ? { rows: delivered.rows, path: delivered.output } : null,
    report,
    page_problem: pageError === undefined ? null : `${pageError.Error}: ${pageError.Cause}`,
    reason: request.reason,
    actor: request.trigger.actor,
    notes: plan?.notes ?? [],
    failure: isUntold
      ? untold
      : status === 'failed'
        ? publishableFailure(failureOf(record), privacyOf(config))
        : null,
    links: [],
  });
}

const untold: Failure = {
  step: 'Record',
  error: 'NoRecord',
  cause: 'the execution succeeded, and the ledger has no record of what it released',
  log: [],
  hint: '`mlops history` says what readers see.',
};

/** A package and the commit of the run that made it. */
async function origin(
  name: string,
  { registry, ledger }: StepContext,
): Promise<NonNullable<ReleaseResult['left']>> {
  const made = await registry.get(name);
  const run = made && (await ledger.get<RunRecord>(runKind, made.execution))?.value;
  const commit = run?.state.request.trigger.commit ?? null;
  return { package: name, commit: /^[0-9a-f]{40}$/.test(commit ?? '') ? commit : null };
}

/** Writes a result as JSON and, if there is one, the page for everybody; returns their paths. */
export async function writeReleaseResult(
  result: ReleaseResult,
  page: string | null,
  folder: string,
  storage: Pick<Storage, 'read'> | null,
): Promise<{ json: string; page: string | null }> {
  await mkdir(folder, { recursive: true });
  const json = join(folder, 'result.json');
  await writeFile(json, `${JSON.stringify(result, undefined, 2)}\n`);
  if (page === null || storage === null) return { json, page: null };
  const html = join(folder, 'page.html');
  await writeFile(html, await storage.read(page));
  return { json, page: html };
}

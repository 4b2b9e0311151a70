import type { Config } from '../config/schema.ts';
import { privacyOf } from '../gate/privacy.ts';
import { publishableVerdict } from '../gate/publishable-verdict.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { ModelPackage } from '../ports.ts';
import { type Manifest, readJson, type StepContext } from '../steps/context.ts';
import { releaseFolder } from '../steps/release/artifacts.ts';
import type { LaidOut, Summary } from '../steps/release/delivery.ts';
import { type ReleaseRecord, releaseKind } from '../steps/release/records.ts';
import { type RunRecord, runKind } from '../steps/train/run-record.ts';
import { readNamedJson } from '../steps/train/unchanged.ts';
import type { PageEvent } from './release-page.ts';
import type { ReleaseReport } from './release-report.ts';

/** A release as a value. What its predictions show is publishable already; publishableRelease cares for the rest. */
export async function releaseReportOf(
  { execution, request, plan, delivered, pointed }: PageEvent,
  context: StepContext,
): Promise<ReleaseReport> {
  const found = await context.registry.get(plan.package);
  if (found === null) throw new Error(`package ${plan.package}: expected it in the registry`);
  const config = await readNamedJson<Config>(found.config, context);
  const { previous } = pointed;
  const before = previous && (await context.ledger.get<ReleaseRecord>(releaseKind, previous.release))?.value;
  return {
    version: 1,
    project: config.project,
    model: context.model,
    problem: config.problem,
    release: execution,
    kind: request.kind,
    mode: plan.mode,
    reason: request.reason,
    trigger: request.trigger.kind,
    released_at: context.clock.now().toISOString(),
    package: plan.package,
    previous: previous && { ...previous, released_at: before?.finished_at ?? '' },
    reused: delivered.release === execution ? null : delivered.release,
    predictions: plan.mode === 'batch' ? await predictionsOf(plan, delivered, context) : null,
    card: await cardOf(found, config, context),
    notes: plan.notes,
    privacy: privacyOf(config),
  };
}

async function predictionsOf(
  { batch: { scoring } }: PageEvent['plan'],
  delivered: PageEvent['delivered'],
  context: StepContext,
): Promise<ReleaseReport['predictions']> {
  const made = releaseFolder(context, delivered.release);
  const summary = await readJson<Summary>(context, `${made}summary/summary.json`);
  const laid = await readJson<LaidOut>(context, `${made}rows/rows/rows.json`);
  return {
    path: delivered.output,
    source: scoring?.source ?? '',
    data_version: scoring?.version ?? '',
    rows: delivered.rows,
    rejected: laid.rejected,
    unseen: laid.unseen,
    warnings: laid.warnings,
    summary,
  };
}

async function cardOf(
  found: ModelPackage,
  config: Config,
  context: StepContext,
): Promise<ReleaseReport['card']> {
  const manifest = await readJson<Manifest>(context, found.preparation.manifest);
  const verdict = publishableVerdict(await readJson<Verdict>(context, found.verdict), privacyOf(config));
  const run = (await context.ledger.get<RunRecord>(runKind, found.execution))?.value;
  const { target, positive, labels, features, files } = manifest;
  const named = features.map(({ name }) => name);
  const { sensitive, exclude, features_exclude, row_id } = config.data;
  const isTold = (name: string) => !sensitive.includes(name);
  return {
    image: found.image,
    fingerprint: found.fingerprint,
    trained_at: found.created_at,
    commit: run?.state.request.trigger.commit ?? null,
    data: found.data,
    hyperparameters: found.hyperparameters,
    threshold: found.threshold,
    target,
    positive,
    labels,
    features: named.filter(isTold),
    kept_from_model: [...exclude, ...features_exclude, ...(row_id === null ? [] : [row_id])].filter(isTold),
    metrics: Object.entries(verdict.metrics).map(([name, { candidate, interval }]) => ({
      name,
      value: candidate,
      interval: interval ?? null,
    })),
    holdout: { rows: files.holdout.rows, positives: files.holdout.positives },
    verdict: { outcome: verdict.outcome, reason: verdict.reason },
    // Settings that were kept by an earlier version lack them.
    intended_use: config.model.intended_use ?? null,
    limits: config.model.limits ?? [],
  };
}

import type { Config } from '../config/schema.ts';
import { type Privacy, privacyOf } from '../gate/privacy.ts';
import { publishableVerdict } from '../gate/publishable-verdict.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { ReleaseRequest } from '../machines/release-request.ts';
import type { ModelPackage } from '../ports.ts';
import { type Manifest, readJson, type StepContext } from '../steps/context.ts';
import { releaseFolder } from '../steps/release/artifacts.ts';
import type { LaidOut, Summary } from '../steps/release/delivery.ts';
import { currentId, type Delivered, type Deployed, deployedKind } from '../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../steps/release/release-record.ts';
import type { ReleasePlan, ReleaseState } from '../steps/release/state.ts';
import { type RunRecord, runKind } from '../steps/train/run-record.ts';
import { readNamedJson } from '../steps/train/unchanged.ts';
import { turnedAround, withoutComparison } from './release-comparison.ts';
import type { ReleaseReport } from './release-report.ts';

export interface PageEvent {
  execution: string;
  request: ReleaseRequest;
  plan: ReleasePlan;
  delivered: Delivered;
  pointed: NonNullable<ReleaseState['pointed']>;
}

/** A release as a value. What its predictions show is publishable already; publishableRelease cares for the rest. */
export async function releaseReportOf(
  { execution, request, plan, delivered, pointed }: PageEvent,
  context: StepContext,
): Promise<ReleaseReport> {
  const found = await context.registry.get(plan.package);
  if (found === null) throw new Error(`package ${plan.package}: expected it in the registry`);
  const config = await readNamedJson<Config>(found.config, context);
  const deployed = (await context.ledger.get<Deployed>(deployedKind, currentId))?.value.config ?? config;
  const privacy = strictest(privacyOf(config), privacyOf(deployed));
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
    predictions:
      plan.mode === 'batch'
        ? await predictionsOf({ plan, delivered, pointed, execution }, before ?? null, context)
        : null,
    card: await cardOf(found, config, privacy, context),
    notes: plan.notes,
    privacy,
  };
}

/** Whether the predictions were made for another place than the one where they are shown now. */
export const isShownAgain = ({
  execution,
  delivered,
  pointed,
}: Pick<PageEvent, 'execution' | 'delivered' | 'pointed'>): boolean =>
  delivered.release !== execution && pointed.moved;

async function predictionsOf(
  event: Pick<PageEvent, 'plan' | 'delivered' | 'pointed' | 'execution'>,
  before: ReleaseRecord | null,
  context: StepContext,
): Promise<ReleaseReport['predictions']> {
  const { delivered } = event;
  const { scoring } = event.plan.batch;
  const made = releaseFolder(context, delivered.release);
  const own = await readJson<Summary>(context, summaryUri(context, delivered.release));
  const summary = isShownAgain(event) ? await comparedAgain(own, delivered.release, before, context) : own;
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

const summaryUri = (context: StepContext, release: string): string =>
  `${releaseFolder(context, release)}summary/summary.json`;

/** The summary of predictions that are shown again, compared with the release before this one if that had taken their place. */
async function comparedAgain(
  own: Summary,
  made: string,
  before: ReleaseRecord | null,
  context: StepContext,
): Promise<Summary> {
  const { delivered, pointed } = before?.state ?? {};
  const hasReplaced =
    before !== null && delivered?.release === before.release && pointed?.previous?.release === made;
  const later = hasReplaced ? summaryUri(context, before.release) : null;
  return later !== null && (await context.storage.exists(later))
    ? turnedAround(own, await readJson<Summary>(context, later))
    : withoutComparison(own);
}

/** A rollback shows a package of older settings, and predictions that were summed up under them: what is private today stays so. */
const strictest = (one: Privacy, other: Privacy): Privacy => ({
  ...one,
  sensitive: [...new Set([...one.sensitive, ...other.sensitive])],
  min_group: Math.max(one.min_group, other.min_group),
});

async function cardOf(
  found: ModelPackage,
  config: Config,
  privacy: Privacy,
  context: StepContext,
): Promise<ReleaseReport['card']> {
  const manifest = await readJson<Manifest>(context, found.preparation.manifest);
  const verdict = publishableVerdict(await readJson<Verdict>(context, found.verdict), privacy);
  const run = (await context.ledger.get<RunRecord>(runKind, found.execution))?.value;
  const { target, positive, labels, features, files } = manifest;
  const named = features.map(({ name }) => name);
  const { exclude, features_exclude, row_id } = config.data;
  const isTold = (name: string) => !privacy.sensitive.includes(name);
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

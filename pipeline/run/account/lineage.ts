import { privacyOf } from '../../gate/privacy.ts';
import { dataVersionOf } from '../../machines/request.ts';
import type { LeftOut, ModelPackage } from '../../ports.ts';
import { publishableFailure } from '../../report/publishable.ts';
import { type Champion, championId, championKind, type StepContext } from '../../steps/context.ts';
import { findingKind, type LookRecord } from '../../steps/monitor/records.ts';
import { type ReleaseRecord, releaseKind } from '../../steps/release/release-record.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { failureOf } from './failure.ts';

/** A run as `mlops history` shows it: its inputs and its results. */
export type RunSummary = ReturnType<typeof summaryOf>;

export function summaryOf(run: RunRecord) {
  const { execution, status, started_at, finished_at, state } = run;
  const { request, plan, gate } = state;
  return {
    execution,
    status,
    started_at,
    finished_at,
    mode: request.mode,
    trigger: request.trigger,
    data: { source: request.data.source, version: dataVersionOf(request.data) },
    image: request.images.model,
    fingerprint: plan?.fingerprint ?? null,
    outcome: gate?.outcome ?? null,
    reason: gate?.reason ?? failureReason(run),
    package: state.package?.name ?? null,
    champion: state.scoring?.champion.package ?? null,
    promoted: state.promotion?.promoted ?? false,
  };
}

/** The recorded cause; in its place, where publication keeps a part of it back, what may be shown. */
function failureReason(run: RunRecord): string | null {
  const { error, request } = run.state;
  if (error === undefined) return null;
  const failure = failureOf(run);
  const { cause } = publishableFailure(failure, privacyOf(request.config));
  return cause === failure.cause ? error.Cause : cause;
}

/**
 * All runs, newest first. On AWS a run is named after what started it, so names have no order.
 * @param leftOut called for each run whose record cannot be read
 */
export async function runsOf(
  { ledger }: Pick<StepContext, 'ledger'>,
  leftOut: LeftOut,
): Promise<RunRecord[]> {
  return (await ledger.list<RunRecord>(runKind, leftOut))
    .map((item) => item.value)
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
}

/** A release or rollback as `mlops history` shows it. */
export type ReleaseSummary = ReturnType<typeof releaseSummaryOf>;

export function releaseSummaryOf({
  release,
  status,
  started_at,
  finished_at,
  request,
  state,
}: ReleaseRecord) {
  const { plan, delivered, pointed, error } = state;
  return {
    execution: release,
    kind: request.kind,
    status,
    started_at,
    finished_at,
    trigger: request.trigger,
    reason: request.reason ?? error?.Cause ?? null,
    package: plan?.package ?? request.package,
    /** The release whose predictions it shows. */
    release: pointed?.release ?? null,
    previous: pointed?.previous ?? null,
    moved: pointed?.moved ?? false,
    rows: delivered?.rows ?? null,
  };
}

/** All releases and rollbacks, newest first. */
export async function releasesOf(
  { ledger }: Pick<StepContext, 'ledger'>,
  leftOut: LeftOut,
): Promise<ReleaseRecord[]> {
  return (await ledger.list<ReleaseRecord>(releaseKind, leftOut))
    .map((item) => item.value)
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
}

/** A look at production as `mlops history` shows it. */
export type LookSummary = ReturnType<typeof lookSummaryOf>;

export function lookSummaryOf({
  look,
  status,
  started_at,
  finished_at,
  request,
  state,
  superseded,
  finding,
  retrain,
}: LookRecord) {
  return {
    execution: look,
    status,
    started_at,
    finished_at,
    trigger: request.trigger,
    at: state.plan?.at ?? request.at,
    package: state.plan?.package ?? null,
    finding,
    reason: state.judged?.reason ?? state.error?.Cause ?? null,
    /** Alarms that this look raised. */
    alarms: superseded ? 0 : (state.judged?.alarms ?? 0),
    superseded,
    retrain: retrain.wanted,
  };
}

/** All looks at production, newest first. */
export async function looksOf(
  { ledger }: Pick<StepContext, 'ledger'>,
  leftOut: LeftOut,
): Promise<LookRecord[]> {
  return (await ledger.list<LookRecord>(findingKind, leftOut))
    .map((item) => item.value)
    .sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
}

/** A package's history: the run that made it, all runs whose candidate it was, and its status now. */
export interface PackageStory {
  package: ModelPackage;
  /** The run that registered it; null if the ledger no longer has it. */
  made_by: RunSummary | null;
  /** Every run whose candidate it was, newest first; a pull request and its merge are two runs. */
  runs: RunSummary[];
  /** Runs that compared their candidate with it. */
  compared_in: string[];
  is_champion: boolean;
}

/** null if the registry has no package of that name. */
export async function storyOf(
  name: string,
  context: Pick<StepContext, 'ledger' | 'registry'>,
  leftOut: LeftOut,
): Promise<PackageStory | null> {
  const found = await context.registry.get(name);
  if (found === null) return null;
  const runs = (await runsOf(context, leftOut)).map(summaryOf);
  const champion = await context.ledger.get<Champion>(championKind, championId);
  return {
    package: found,
    made_by: runs.find((run) => run.execution === found.execution) ?? null,
    runs: runs.filter((run) => run.package === name),
    compared_in: runs.filter((run) => run.champion === name).map(({ execution }) => execution),
    is_champion: champion?.value.package === name,
  };
}

/** Whether a run is of a commit, given whole or by its first digits. */
export const isOfCommit = ({ trigger }: Pick<RunSummary, 'trigger'>, commit: string): boolean =>
  trigger.commit?.startsWith(commit.toLowerCase()) ?? false;

import type { Backend, CodeFile } from '../../backends/backend.ts';
import type { Config } from '../../config/schema.ts';
import { unlessUnreadable } from '../../errors.ts';
import { privacyOf } from '../../gate/privacy.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { dataVersionOf } from '../../machines/request.ts';
import { trainSteps } from '../../machines/train.ts';
import type { ModelPackage } from '../../ports.ts';
import type { DataFacts, ModelFacts, Report, RunFacts, StepFacts } from '../../report/report.ts';
import {
  type JobTimes,
  readJson,
  readManifest,
  type StepContext,
  type TrainedModel,
} from '../../steps/context.ts';
import type { Evidence } from '../../steps/train/evidence.ts';
import type { GateResult } from '../../steps/train/gate.ts';
import { type Whole, wholeBeside } from '../../steps/train/private-file.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';
import { changesBetween, type Origin } from './changes.ts';
import { costOf } from './cost-of.ts';
import { failedJobOf, failureOf } from './failure.ts';
import { releaseFactsOf } from './release-facts-of.ts';

/** Makes the report of a recorded run from the ledger, the registry and the storage. */
export async function reportOf(
  run: RunRecord,
  backend: Pick<Backend, 'name' | 'environment' | 'context' | 'linkOf' | 'logTail'>,
): Promise<Report> {
  const { context } = backend;
  const { request, plan, prepared, scoring, model, gate } = run.state;
  const link = backend.linkOf(run.execution, request);
  const log = run.status === 'failed' ? await failedLog(run, backend) : noLog;
  const { verdict, evidence } = gate ? await judged(gate, context) : { verdict: null, evidence: null };
  const championName = scoring?.champion.package ?? null;
  const champion = championName === null ? null : await unlessUnreadable(context.registry.get(championName));
  const candidate: ModelFacts | null = model
    ? {
        package: run.state.package?.name ?? null,
        image: request.images.model,
        prepare_image: request.images.prepare,
        hyperparameters: model.trained.hyperparameters,
        threshold: evidence?.threshold ?? null,
        origin: 'candidate',
        trained_at: timeOf(model.trained.ended),
      }
    : null;
  return {
    version: 1,
    project: request.config.project,
    model: request.model,
    problem: request.config.problem,
    backend: backend.name,
    environment: backend.environment,
    run: runFacts(run),
    verdict,
    failure: run.status === 'failed' ? failureOf(run, log.lines) : null,
    candidate,
    champion: champion && championFacts(champion, plan?.champion.origin ?? 'champion'),
    data: prepared ? await dataFacts(run, evidence, context) : null,
    plots: verdict?.sealed ? null : (evidence?.plots ?? null),
    explanation: evidence?.explanation ?? null,
    tuning: evidence?.tuning ?? null,
    changes:
      champion && candidate
        ? changesBetween(await originOf(champion, context), {
            config: request.config,
            code: await readJson<CodeFile[]>(context, request.code),
            image: request.images.model,
            data: { source: request.data.source, version: dataVersionOf(request.data) },
            hyperparameters: candidate.hyperparameters,
          })
        : null,
    steps: stepFacts(run),
    cost: await costOf(run, context),
    release: await releaseFactsOf(run, backend),
    notes: [...run.notes, ...log.notes, ...(evidence?.notes ?? [])],
    ...(evidence?.model_notes?.length && { model_notes: evidence.model_notes }),
    privacy: privacyOf(request.config),
    links: link === null ? [] : [{ label: 'Execution', url: link }],
  };
}

/** Verdict and evidence: whole, or as everybody may see them where the whole is gone. */
async function judged(
  { verdict, evidence }: Pick<GateResult, 'verdict' | 'evidence'>,
  context: StepContext,
): Promise<Whole> {
  return (
    (await wholeBeside(verdict, context)) ?? {
      verdict: await readJson<Verdict>(context, verdict),
      evidence: await readJson<Evidence>(context, evidence),
    }
  );
}

const noLog = { lines: [] as string[], notes: [] as string[] };

/** The end of the failed job's log. If it cannot be read, the report says so in a note. */
async function failedLog(run: RunRecord, backend: Pick<Backend, 'logTail'>): Promise<typeof noLog> {
  const job = failedJobOf(run);
  if (job === null) return noLog;
  try {
    return { lines: await backend.logTail(job), notes: [] };
  } catch (error) {
    return { lines: [], notes: [`The log of ${job.name} could not be read: ${(error as Error).message}`] };
  }
}

function runFacts(run: RunRecord): RunFacts {
  const { request, plan, promotion } = run.state;
  const name = run.state.package?.name ?? null;
  const { commit, ref, dirty } = request.trigger;
  return {
    execution: run.execution,
    mode: request.mode,
    trigger: request.trigger.kind,
    reason: request.trigger.reason,
    started_at: run.started_at,
    finished_at: run.finished_at,
    seconds: (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000,
    commit: commit === null ? null : { sha: commit, ref, dirty },
    fingerprint: plan?.fingerprint ?? '',
    status: run.status,
    promotion: {
      promoted: promotion?.promoted ?? false,
      package: name,
      detail: promotionDetail(run),
    },
  };
}

function promotionDetail({ state: { request, gate, promotion, package: registered } }: RunRecord): string {
  if (!registered || !gate) return 'Nothing was registered.';
  if (promotion?.promoted) return `${registered.name} is the champion now.`;
  if (promotion?.refused) return `${registered.name} was not promoted: ${promotion.refused}.`;
  if (promotion) return `${registered.name} is the champion already.`;
  if (gate.outcome === 'reject' && !gate.promotable)
    return `${registered.name} stays in the registry, not promoted.`;
  if (request.mode === 'evaluate')
    return `${registered.name} waits in the registry: this run only evaluates.`;
  if (gate.promotable) return `${registered.name} waits in the registry to be promoted.`;
  return `${registered.name} stays in the registry, not promoted.`;
}

const championFacts = (champion: ModelPackage, origin: ModelFacts['origin']): ModelFacts => ({
  package: champion.name,
  image: champion.image,
  hyperparameters: champion.hyperparameters,
  threshold: champion.threshold,
  origin,
  trained_at: champion.created_at,
});

async function originOf(champion: ModelPackage, context: StepContext): Promise<Origin> {
  return {
    config: await readJson<Config>(context, champion.config),
    code: await readJson<CodeFile[]>(context, champion.code),
    image: champion.image,
    data: champion.data,
    hyperparameters: champion.hyperparameters,
  };
}

async function dataFacts(
  run: RunRecord,
  evidence: Evidence | null,
  context: StepContext,
): Promise<DataFacts | null> {
  const { request, prepared } = run.state;
  if (!prepared) return null;
  const manifest = await readManifest(context, prepared);
  const side = ({ rows, positives }: { rows: number; positives: number | null }) => ({ rows, positives });
  return {
    source: request.data.source,
    version: dataVersionOf(request.data),
    target: manifest.target,
    positive: manifest.positive,
    positive_defaulted: manifest.positive_defaulted,
    labels: manifest.labels,
    train: side(manifest.files.train),
    holdout: side(manifest.files.holdout),
    ...(manifest.split && { split: manifest.split }),
    ...(evidence?.groups !== undefined && { groups: evidence.groups }),
  };
}

/** The steps shown to people, with the time that each took or, if it was reused, saved. */
function stepFacts({ steps, state }: RunRecord): StepFacts[] {
  const { plan, prepared, scoring, model, scores } = state;
  const ran = steps.map(({ name, seconds }) => step(name, seconds));
  const reused = [
    plan?.prepare.reused && prepared ? saved('Prepare', prepared) : null,
    plan?.train.reused && model
      ? saved(model.tuning ? 'Tune' : 'Train', model.tuning ? timesOfSearch(model.tuning) : model.trained)
      : null,
    ...(['candidate', 'champion', 'anchor'] as const).map((who) => {
      const score = scores?.[who];
      return score?.job && scoring && !scoring[who].score ? saved(`Score ${who}`, score as JobTimes) : null;
    }),
  ].filter((fact) => fact !== null);
  return [...ran, ...reused].sort((a, b) => trainSteps.indexOf(a.name) - trainSteps.indexOf(b.name));
}

const step = (name: string, seconds: number): StepFacts => ({
  name,
  seconds,
  reused: false,
  saved_seconds: 0,
});

function saved(name: string, times: Pick<JobTimes, 'started' | 'ended'>): StepFacts {
  const saved_seconds =
    Math.max(0, Date.parse(timeOf(times.ended)) - Date.parse(timeOf(times.started))) / 1000;
  return { name, seconds: 0, reused: true, saved_seconds };
}

/** From the first to the last part of a guided search. */
function timesOfSearch({
  started,
  ended,
  parts = {},
}: NonNullable<TrainedModel['tuning']>): Pick<JobTimes, 'started' | 'ended'> {
  const ran = Object.values(parts);
  const times = (of: (string | number | undefined)[]) =>
    of.flatMap((time) => (time === undefined ? [] : [Date.parse(timeOf(time))]));
  return {
    started: Math.min(...times([started, ...ran.map((part) => part.started)])),
    ended: Math.max(...times([ended, ...ran.map((part) => part.ended)])),
  };
}

/** A job's time, which services give as ISO 8601 text or as milliseconds. */
const timeOf = (time: string | number): string => new Date(time).toISOString();

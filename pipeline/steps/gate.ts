import { Readable } from 'node:stream';
import { list as listTar } from 'tar';
import type { Request } from '../definition/request.ts';
import { decide } from '../gate/decide.ts';
import { readScores, type Scores } from '../gate/scores.ts';
import type { Verdict } from '../gate/verdict.ts';
import { sha256Json } from '../hash.ts';
import { multiclassPlotsOf, plotsOf, regressionPlotsOf } from '../report/plots.ts';
import type { Explanation, ModelPlots, Plots, TuningFacts } from '../report/report.ts';
import {
  folder,
  type Manifest,
  type Prepared,
  readManifest,
  type Scored,
  type StepContext,
  type TrainedModel,
} from './context.ts';
import type { Scoring } from './inspect.ts';
import type { Plan } from './plan.ts';
import { scoreFileOf } from './score-file.ts';

export interface GateEvent {
  execution: string;
  request: Request;
  plan: Plan;
  prepared: Prepared;
  scoring: Scoring;
  model: TrainedModel;
  scores: { candidate: Scored; champion: Partial<Scored> };
}

export interface GateResult {
  outcome: Verdict['outcome'];
  reason: string;
  /** URIs. */
  verdict: string;
  evidence: string;
  /** Whether a promotion may follow: the outcome says so, or nobody is held to it. */
  promotable: boolean;
}

/** What the report shows beside the verdict; kept with the run. */
export interface Evidence {
  plots: Plots;
  explanation: Explanation | null;
  tuning: TuningFacts | null;
  /** Operating threshold of a binary candidate. */
  threshold: number | null;
  notes: string[];
}

/** A verdict as the ledger keeps it: one item a look, so that the same look again is the same verdict. */
interface Look {
  verdict: Verdict;
  execution: string;
  at: string;
}

/**
 * Judges the candidate's holdout scores beside the champion's. The same comparison under the same policy is one look
 * at the holdout: it is stored, and asked again it gives the stored verdict.
 */
export async function gate(event: GateEvent, context: StepContext): Promise<GateResult> {
  const { request, scoring, model, plan } = event;
  const { config } = request;
  const manifest = await readManifest(context, event.prepared);
  const own = await readModelReport(model.trained.artifact, context);
  const champion =
    scoring.champion.package === null ? null : await context.registry.get(scoring.champion.package);
  const candidateScores = await scoresOf('candidate', event.scores.candidate, event, manifest, context);
  const championScores =
    champion === null || event.scores.champion.output === undefined
      ? null
      : await scoresOf('champion', event.scores.champion as Scored, event, manifest, context);

  const kind = `look-${manifest.holdout_sha256.slice(0, 16)}`;
  const look = sha256Json({
    candidate: plan.fingerprint,
    artifact: model.trained.artifact,
    champion: champion && [champion.fingerprint, champion.artifact],
    holdout: manifest.holdout_sha256,
    policy: config.gate,
  });
  const stored = await context.ledger.get<Look>(kind, look);
  const looks = (await context.ledger.list<Look>(kind)).length;
  const verdict =
    stored?.value.verdict ??
    decide({
      candidate: candidateScores,
      champion: championScores,
      anchor: null,
      policy: config.gate,
      threshold: own.threshold,
      championThreshold: champion?.threshold ?? null,
      seed: request.seed,
      looks: { count: looks + 1 },
    });
  if (stored === null) {
    const item: Look = { verdict, execution: event.execution, at: context.clock.now().toISOString() };
    await context.ledger.put(kind, look, item);
  }

  const evidence: Evidence = {
    plots: { candidate: plots(candidateScores), champion: championScores && plots(championScores) },
    explanation: own.explanation,
    tuning: await tuningFacts(event, context),
    threshold: config.problem === 'binary' ? (own.threshold ?? 0.5) : null,
    notes: [
      ...manifest.warnings,
      ...(stored
        ? [`The same comparison was made before (${stored.value.execution}): its verdict stands.`]
        : []),
    ],
  };
  const verdictUri = `${runFolder(event, context)}verdict.json`;
  const evidenceUri = `${runFolder(event, context)}evidence.json`;
  await context.storage.write(verdictUri, JSON.stringify(verdict));
  await context.storage.write(evidenceUri, JSON.stringify(evidence));
  return {
    outcome: verdict.outcome,
    reason: verdict.reason,
    verdict: verdictUri,
    evidence: evidenceUri,
    promotable: verdict.outcome === 'promote' || !verdict.enforced,
  };
}

const runFolder = ({ execution }: GateEvent, { root }: StepContext) => `${root}/runs/${execution}/`;

/** Turns a transform's output into a score file kept with the run, and reads it as `mlops gate` would. */
async function scoresOf(
  who: 'candidate' | 'champion',
  scored: Scored,
  event: GateEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<Scores> {
  const holdout = manifest.files.holdout.path;
  const output = `${folder(scored.output)}${holdout.slice(holdout.lastIndexOf('/') + 1)}.out`;
  const text = new TextDecoder().decode(await context.storage.read(output));
  const uri = `${runFolder(event, context)}${who}.csv`;
  await context.storage.write(uri, scoreFileOf(text, manifest, event.request.config.model));
  return await readScores(await context.storage.localFile(uri), { problem: manifest.problem });
}

function plots(scores: Scores): ModelPlots {
  switch (scores.problem) {
    case 'binary':
      return scores.scores ? plotsOf({ labels: scores.labels, scores: scores.scores }) : {};
    case 'multiclass':
      return scores.scores
        ? multiclassPlotsOf({ labels: scores.labels, scores: scores.scores, classes: scores.classes })
        : {};
    case 'regression':
      return regressionPlotsOf({ actual: scores.labels, predicted: scores.predicted });
  }
}

/**
 * What the model says of itself, where it does: `report.json` in /opt/ml/output/data, which SageMaker packs into
 * output.tar.gz beside model.tar.gz.
 */
async function readModelReport(
  artifact: string,
  { storage }: StepContext,
): Promise<{ threshold: number | null; explanation: Explanation | null }> {
  const archive = artifact.replace(/model\.tar\.gz$/, 'output.tar.gz');
  if (!(await storage.exists(archive))) return { threshold: null, explanation: null };
  const text = await fileInTar(await storage.read(archive), 'report.json');
  if (text === null) return { threshold: null, explanation: null };
  const value = JSON.parse(text) as { threshold?: unknown; explanation?: Explanation };
  const { threshold } = value;
  if (
    threshold !== undefined &&
    threshold !== null &&
    !(typeof threshold === 'number' && Number.isFinite(threshold))
  ) {
    throw new Error(
      `report.json of ${archive}: threshold: got ${JSON.stringify(threshold)}, expected a number`,
    );
  }
  return { threshold: threshold ?? null, explanation: value.explanation ?? null };
}

async function fileInTar(archive: Uint8Array, name: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  let found = false;
  const parser = listTar({
    onReadEntry: (entry) => {
      if (entry.path.replace(/^\.\//, '') !== name) return entry.resume();
      found = true;
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', reject);
    Readable.from([archive]).pipe(parser as unknown as NodeJS.WritableStream);
  });
  return found ? Buffer.concat(chunks).toString('utf8') : null;
}

async function tuningFacts(
  { request: { config }, model }: GateEvent,
  context: StepContext,
): Promise<TuningFacts | null> {
  if (!config.tuning || !model.tuning) return null;
  const { strategy, objective } = config.tuning;
  return {
    strategy,
    ran_as: context.jobs.strategyOf(strategy),
    objective,
    trials: await context.jobs.trials(model.tuning.tuning_job),
    best: model.tuning.best,
  };
}

import type { Config } from '../../config/schema.ts';
import { formatPercent } from '../../format.ts';
import { decide } from '../../gate/decide.ts';
import { groupColumnOf } from '../../gate/group-column.ts';
import { commonRows } from '../../gate/join.ts';
import { readScores } from '../../gate/scores.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { canonicalJson, sha256 } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import type { ColumnReference, Reference } from '../../monitor/reference.ts';
import { referenceOf } from '../../monitor/reference-of.ts';
import type { ModelPackage } from '../../ports.ts';
import { costThreshold } from '../../statistics/costs.ts';
import { type ModelPlots, multiclassPlotsOf, plotsOf, regressionPlotsOf } from '../../statistics/plots.ts';
import type { Scores } from '../../statistics/scores.ts';
import {
  folder,
  type Guidance,
  type Manifest,
  type Prepared,
  readJson,
  readManifest,
  type Scored,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import type { Evidence, Explanation, TuningFacts } from './evidence.ts';
import { duelOf, standingOf } from './guide.ts';
import { outputOf } from './keep.ts';
import { lookAt, verdictOf } from './looks.ts';
import { type ModelExplanation, readModelReport } from './model-report.ts';
import { scoreFileOf } from './score-file.ts';
import { evidenceFolder, isSealed, referenceFile, runFolder, writeVerdict } from './seal.ts';
import { type SearchedTrial, trialsOfSearch } from './searched-trials.ts';
import type { Plan, Scoring } from './state.ts';
import { trainedAmong } from './trained-rows.ts';
import { readNamedJson, readRecorded } from './unchanged.ts';

export interface GateEvent {
  execution: string;
  request: Request;
  plan: Plan;
  prepared: Prepared;
  scoring: Scoring;
  model: TrainedModel;
  scores: { candidate: Scored; champion: Partial<Scored>; anchor: Partial<Scored> };
}

export interface GateResult {
  outcome: Verdict['outcome'];
  reason: string;
  /** URIs. */
  verdict: string;
  evidence: string;
  /** What monitoring will compare production with. */
  reference: { uri: string; sha256: string };
  /** Whether a promotion may follow: the outcome is promote, or the gate is not enforced. */
  promotable: boolean;
}

/** Compares the candidate's holdout scores with the champion's and the anchor's and decides the verdict. */
export async function gate(event: GateEvent, context: StepContext): Promise<GateResult> {
  const { request, model } = event;
  const { config } = request;
  const manifest = await readManifest(context, event.prepared);
  const own = await readModelReport(model.trained, context);
  const everyRow = await scoresOf(
    'candidate',
    event.scores.candidate,
    config.model,
    event,
    manifest,
    context,
  );
  const [champion, anchor] = [
    await otherModel('champion', event, manifest, context),
    await otherModel('anchor', event, manifest, context),
  ];
  const others = [champion, anchor].filter((other) => other !== null);
  const seen = new Map<OtherModel, ReadonlySet<string> | null>();
  for (const other of others)
    if (other.view === null)
      seen.set(other, await trainedAmong(everyRow.ids, other.package.preparation, manifest, context));
  const common = commonRows(
    others.filter(({ view }) => view).map(({ scores }) => scores),
    [...seen.values()].filter((ids) => ids !== null),
  );
  const candidate = common(everyRow);
  const championScores = champion && common(champion.scores);
  if (candidate.ids.length === 0) throw new NothingToCompareError(nothingLeft(others, everyRow.ids.length));

  const look = await lookAt(
    {
      holdout: manifest.holdout_sha256,
      manifest,
      rowIds: everyRow.ids,
      comparison: {
        candidate: [event.plan.fingerprint, model.trained.artifact],
        others: [champion, anchor].map(
          (other) => other && [other.package.fingerprint, other.package.artifact],
        ),
        scores: [event.scores.candidate, event.scores.champion, event.scores.anchor].map(({ objects = [] }) =>
          objects.map(({ sha256 }) => sha256),
        ),
        views: [event.scoring.champion.view.key, event.scoring.anchor.view.key],
        policy: config.gate,
      },
    },
    context,
  );
  const stored = look.stored && (await verdictOf(look.stored, context));
  // The stored verdict of a sealed look says only whether the candidate passed: it is decided again, as the same look.
  const verdict =
    (isSealed(config.gate) ? null : stored) ??
    decide({
      candidate,
      champion: championScores,
      anchor: anchor && common(anchor.scores),
      policy: config.gate,
      threshold: own.threshold,
      championThreshold: champion?.threshold ?? null,
      anchorThreshold: anchor?.threshold ?? null,
      seed: request.seed,
      looks: { count: look.number },
    });

  const evidence: Evidence = {
    plots: {
      candidate: plots(candidate, config.gate.costs),
      champion: championScores && plots(championScores, config.gate.costs),
    },
    explanation: own.explanation && explained(own.explanation, champion?.explanation ?? null, manifest),
    tuning: await tuningFacts(event, context),
    threshold: config.problem === 'binary' ? (own.threshold ?? 0.5) : null,
    ...(candidate.groups && { groups: new Set(candidate.groups.codes).size }),
    notes: [
      ...manifest.warnings,
      ...refusedStart(model),
      ...others.flatMap((other) => leftOut(other, everyRow, seen.get(other) ?? null)),
      ...(champion ? await splitNotes(champion, manifest, config, context) : []),
      ...decayNotes(request, manifest),
      ...(look.stored && stored
        ? [`Run ${look.stored.execution} made the same comparison; this run repeats its verdict.`]
        : []),
    ],
    model_notes: own.notes,
  };
  const { shown, uris } = await writeVerdict(event.execution, config, { verdict, evidence }, context);
  // A baseline run only makes a model to compare with; it chooses nothing and does not count as a look.
  // On AWS there are none, so nobody can call a look that.
  const counts = request.trigger.kind !== 'baseline' || context.region !== null;
  if (look.stored === null && counts) {
    const at = context.clock.now().toISOString();
    await look.keep({ verdict: uris.verdict, execution: event.execution, at });
  }
  const columns = await readColumns(event.prepared, manifest, context);
  const reference = referenceOf(
    named(everyRow, manifest),
    verdict.metrics,
    manifest.labels,
    columns,
    evidence.threshold,
  );
  return {
    outcome: shown.outcome,
    reason: shown.reason,
    ...uris,
    reference: await writeReference(reference, event, context),
    promotable: shown.outcome === 'promote' || !shown.enforced,
  };
}

/** The scores with the names of classes: score files of binary models have the labels 0 and 1. */
function named(scores: Scores, { labels }: Manifest): Scores {
  const [negative, positive] = labels;
  if (scores.problem !== 'binary' || negative === undefined || positive === undefined) return scores;
  return { ...scores, classes: [negative, positive] };
}

/** What the training rows were like; empty where an earlier version of the prepare program did not tell. */
async function readColumns(
  { output, objects }: Prepared,
  { files }: Manifest,
  context: StepContext,
): Promise<ColumnReference[]> {
  if (files.reference === undefined) return [];
  const bytes = await readRecorded(`${folder(output)}${files.reference.path}`, objects, context);
  return JSON.parse(new TextDecoder().decode(bytes)) as ColumnReference[];
}

/** Writes the reference beside the scores, for it tells as much as they do: a sealed one is opened with them. */
async function writeReference(
  reference: Reference,
  { execution, request }: GateEvent,
  context: StepContext,
): Promise<GateResult['reference']> {
  const text = canonicalJson(reference);
  const place = evidenceFolder(execution, request.config.gate, context);
  await context.storage.write(`${place}${referenceFile}`, text);
  return { uri: `${runFolder(execution, context)}${referenceFile}`, sha256: sha256(text) };
}

/** The champion or the anchor, with its scores of the holdout. */
interface OtherModel {
  who: 'champion' | 'anchor';
  package: ModelPackage;
  scores: Scores;
  threshold: number | null;
  explanation: ModelExplanation | null;
  /** The holdout rows that its own preparation left out; null if it has the candidate's preparation. */
  view: ViewManifest['view'] | null;
}

/** The manifest that a prepare job writes for a view: the holdout as another model's preparation writes it. */
interface ViewManifest extends Manifest {
  view: {
    rows: number;
    holdout_rows: number;
    /** How trained_on is known; absent in views of an earlier version of the pipeline. */
    trained_by?: 'list' | 'unlisted' | 'unknown';
    trained_on: number;
    dropped: number;
    other_label: number;
  };
}

async function otherModel(
  who: 'champion' | 'anchor',
  event: GateEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<OtherModel | null> {
  const { package: name, view } = event.scoring[who];
  const scored = event.scores[who];
  if (name === null) return null;
  const found = await context.registry.get(name);
  if (found === null || scored.output === undefined)
    throw new Error(`${who} ${name}: expected its scores, found none`);
  const { model } = await readNamedJson<Config>(found.config, context);
  const viewed = view.exists
    ? await readJson<ViewManifest>(context, `${view.output}manifest/manifest.json`)
    : null;
  if (viewed?.view.rows === 0)
    throw new NothingToCompareError(nothingLeft([{ who, package: found }], manifest.files.holdout.rows));
  const { content_type, files } = viewed ?? manifest;
  const layout = { ...manifest, content_type, files };
  return {
    who,
    package: found,
    scores: await scoresOf(who, scored as Scored, model, event, layout, context),
    threshold: found.threshold,
    explanation: (await readModelReport(found, context)).explanation,
    view: viewed?.view ?? null,
  };
}

/** Sentences on the rows of the holdout that are not compared with a model, and why. */
function leftOut(
  { who, package: { name }, view }: OtherModel,
  { ids }: Scores,
  trained: ReadonlySet<string> | null,
): string[] {
  const which = `The ${who} ${name}`;
  if (view === null && trained === null)
    return [
      `${which} has no list of the rows that it was trained on, since an earlier version of the pipeline made it: if any are in this holdout, they count in its favour.`,
    ];
  if (view === null) {
    const count = trained?.size ?? 0;
    return count === 0
      ? []
      : [
          `${which} was trained on ${count} of the holdout's ${ids.length} rows: they are left out, ${ids.length - count} are compared.`,
        ];
  }
  const unlisted = {
    list: [],
    unlisted: [
      `${which} has no list of the rows that it was trained on, since an earlier version of the pipeline made it: its settings and the data as they are now tell them.`,
    ],
    unknown: [
      `The data lack a column by which ${which.replace('The', 'the')} knows the rows that it was trained on: if any are in this holdout, they count in its favour. data.row_id makes rows known for good.`,
    ],
  }[view.trained_by ?? 'unlisted'];
  return [`${which} has a different preparation: ${viewedRows(view, ids.length)}.`, ...unlisted];
}

function viewedRows({ rows, trained_on, dropped, other_label }: ViewManifest['view'], all: number): string {
  const left = [
    [trained_on, 'that it was trained on'],
    [dropped, 'that its script drops'],
    [other_label, 'that it labels differently'],
  ] as const;
  const named = left.filter(([count]) => count > 0).map(([count, which]) => `${count} ${which}`);
  return named.length === 0
    ? `all ${all} rows of the holdout are compared`
    : `${rows} of the holdout's ${all} rows are compared (left out: ${named.join(', ')})`;
}

/** Sentences if the champion's rows were divided by another rule, or from another time on. */
async function splitNotes(
  { package: { name, preparation } }: OtherModel,
  { split, holdout_share }: Manifest,
  { data }: Config,
  context: StepContext,
): Promise<string[]> {
  if (split?.by !== 'group' && split?.by !== 'time') return [];
  const { split: theirs, holdout_share: share } = await readJson<Manifest>(context, preparation.manifest);
  const isSame = theirs?.by === split.by && theirs.column === split.column;
  const favour = 'which counts in its favour';
  // A group that is held out at a share is held out at every larger one.
  if (split.by === 'group')
    return isSame && (share ?? 0) >= (holdout_share ?? 0)
      ? []
      : [
          `The champion ${name} was not made with this split by ${split.column}: it may have been trained on other rows of the groups that are compared, ${favour}.`,
        ];
  if (!isSame)
    return [
      `The champion ${name} was not made with a split by ${split.column}: it may have been trained on rows as new as the holdout's, ${favour}.`,
    ];
  const begins = data.sensitive.includes(split.column ?? '')
    ? `The holdout begins at another time than that of the champion ${name}.`
    : `The holdout begins at ${split.boundary}; that of the champion ${name} began at ${theirs.boundary}.`;
  return theirs.boundary === split.boundary
    ? []
    : [`${begins} It is always the newest ${formatPercent(holdout_share ?? 0)} of the data of a run.`];
}

/** A sentence if decay started the run, and the holdout may be older than the decay. */
function decayNotes({ trigger: { kind, since }, config: { data } }: Request, { split }: Manifest): string[] {
  if (kind !== 'decay' || since === undefined) return [];
  const found = `Decay was found in predictions from ${since.slice(0, 10)} on`;
  if (split?.by !== 'time' || split.boundary === undefined)
    return [
      `${found}. The holdout has rows of any time, and most may be older: it cannot show that a model is better since then. data.split by time holds out the newest rows.`,
    ];
  const begins = Date.parse(split.boundary);
  if (begins >= Date.parse(since)) return [];
  const when = data.sensitive.includes(split.column ?? '') ? 'earlier' : `at ${split.boundary}`;
  return [`${found}. The holdout begins ${when}: its rows from before that do not show the decay.`];
}

/** The models to compare with were trained on every row of the holdout. */
export class NothingToCompareError extends Error {
  override readonly name = 'NothingToCompareError';
}

const nothingLeft = (others: readonly Pick<OtherModel, 'who' | 'package'>[], rows: number): string =>
  `got ${others.map(({ who, package: { name } }) => `the ${who} ${name}`).join(' and ')} with none of the holdout's ${rows} rows left to compare on: ` +
  'the others were in training. Expected rows that no model was trained on: newer rows, or another data.split. ' +
  'A project of another name starts without a champion';

/** The candidate's explanation, with class labels and the champion's value of each feature that both models have. */
function explained(
  own: ModelExplanation,
  champion: ModelExplanation | null,
  { labels }: Manifest,
): Explanation {
  const key = (feature: ModelExplanation['features'][number]) => `${feature.class ?? ''}:${feature.name}`;
  const compared = champion !== null && champion.kind === own.kind;
  const values = new Map(compared ? champion.features.map((feature) => [key(feature), feature.value]) : []);
  return {
    kind: own.kind,
    unit: own.unit,
    features: own.features.map((feature) => {
      const label = feature.class === undefined ? undefined : labels[feature.class];
      return {
        name: feature.name,
        value: feature.value,
        ...(label === undefined ? {} : { class: label }),
        ...(compared ? { champion: values.get(key(feature)) ?? null } : {}),
      };
    }),
  };
}

/** Turns a transform job's output into a score file, keeps it with the run, and reads it as `mlops gate` would. */
async function scoresOf(
  who: 'candidate' | 'champion' | 'anchor',
  scored: Scored,
  model: Config['model'],
  event: GateEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<Scores> {
  const output = folder(scored.output) + outputOf(manifest.files.holdout.path);
  const text = new TextDecoder().decode(await readRecorded(output, scored.objects, context));
  const uri = `${evidenceFolder(event.execution, event.request.config.gate, context)}${who}.csv`;
  await context.storage.write(uri, scoreFileOf(text, manifest, model));
  return await readScores(await context.storage.localFile(uri), {
    problem: manifest.problem,
    group: groupColumnOf(event.request.config.data),
  });
}

function plots(scores: Scores, costs: Config['gate']['costs']): ModelPlots {
  switch (scores.problem) {
    case 'binary':
      return scores.scores
        ? plotsOf({
            labels: scores.labels,
            scores: scores.scores,
            threshold: costs && costThreshold(costs),
          })
        : {};
    case 'multiclass':
      return scores.scores
        ? multiclassPlotsOf({ labels: scores.labels, scores: scores.scores, classes: scores.classes })
        : {};
    case 'regression':
      return regressionPlotsOf({ actual: scores.labels, predicted: scores.predicted });
  }
}

async function tuningFacts(
  { request: { config }, model }: GateEvent,
  context: StepContext,
): Promise<TuningFacts | null> {
  if (!config.tuning || !model.tuning) return null;
  const { strategy, objective } = config.tuning;
  const { search } = model.tuning;
  const trials = await trialsOfSearch(model.tuning, context.jobs);
  return {
    strategy,
    ran_as: context.jobs.strategyOf(strategy),
    objective,
    trials,
    best: model.tuning.best,
    ...(search?.warm && !search.refused
      ? {
          warm_start: {
            parents: search.warm_start.ParentHyperParameterTuningJobs?.length ?? 0,
            best: search.best,
          },
        }
      : {}),
    ...(search?.guidance && { guidance: guidanceFacts(search.guidance, trials, objective.goal) }),
  };
}

function guidanceFacts(
  { guide, why, duels }: Guidance,
  trials: readonly SearchedTrial[],
  goal: 'maximize' | 'minimize',
): NonNullable<TuningFacts['guidance']> {
  const own = duelOf(
    trials.map(({ value, guided }) => ({ value, guided: guided === true })),
    goal,
  );
  return { guide, why, standing: standingOf(own === null ? duels : [own, ...duels]) };
}

/** A note if SageMaker refused the parents of a warm start. */
function refusedStart({ tuning }: TrainedModel): string[] {
  const refused = tuning?.search?.refused;
  return refused
    ? [`No warm start: SageMaker refused the earlier tuning jobs (${refused.Cause.slice(0, 400)}).`]
    : [];
}

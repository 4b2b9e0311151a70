import { type PrepareSize, prepareSize } from '../../config/prepare-size.ts';
import type { Config } from '../../config/schema.ts';
import { type Estimate, estimate, requireBudget, type Work } from '../../cost/estimate.ts';
import { ConfigError, DataContractError } from '../../errors.ts';
import { canonicalJson, sha256Json } from '../../hash.ts';
import { type DataInput, dataVersionOf, type Request } from '../../machines/request.ts';
import type { ModelPackage } from '../../ports.ts';
import { checkBeginnings, checkDataFiles } from '../../tables/data-contract.ts';
import { labelled } from '../../tables/data-files.ts';
import {
  artifactsOf,
  type Champion,
  championId,
  championKind,
  jobHash,
  jobRun,
  type Prepared,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import { keepDeployed } from '../release/deployed.ts';
import { claimRun } from './claim.ts';
import { planTuning } from './guided-search.ts';
import { requireInputs } from './inputs.ts';
import {
  channels,
  instances,
  longestTraining,
  metricDefinitions,
  processingInput,
  staticHyperparameters,
  stoppingCondition,
  withStart,
} from './job-parameters.ts';
import { type RunRecord, runKind } from './run-record.ts';
import type { Plan, PreparePlan } from './state.ts';
import { sound } from './unchanged.ts';
import { noSearch, searchOf } from './warm-start.ts';

/** Increase this when the pipeline makes other artifacts from the same request, so that no old one is reused. */
const pipelineVersion = 3;

export interface PlanEvent {
  execution: string;
  arn: string;
  request: Request;
  /** The mode of the runs that the machine takes; null: any. */
  mode: Request['mode'] | null;
  /** The engine that the state machine was deployed with, whatever mlops.yaml says. */
  engine: PrepareSize['engine'];
  /** The prepare program by content: the image's URI, or its equivalent for Glue. */
  program: string;
}

/**
 * Plans a run before any job starts. Throws InputChangedError if data or script are not those of the request,
 * DataContractError if the data cannot be used, and BudgetError if the run would cost more than its budget or the
 * environment's ceiling.
 */
export async function plan(event: PlanEvent, context: StepContext): Promise<Plan> {
  const { execution } = event;
  const request = withEngine(event);
  const { config } = request;
  requireMode(event);
  if (config.name !== request.model)
    throw new ConfigError('request', [
      { path: 'model', message: `got ${request.model}, expected ${config.name}, as its mlops.yaml says` },
    ]);
  await claimRun(event, context);
  await requireInputs(request, context);
  const size = sizeOf(config);
  const settings = prepareSettings(config);
  const prepareKey = sha256Json({
    pipelineVersion,
    image: digestOf(event.program),
    data: dataVersionOf(request.data),
    script: request.script?.sha256 ?? null,
    settings,
  });
  const hyperparameters = staticHyperparameters(config);
  const fingerprint = sha256Json({
    pipelineVersion,
    prepared: prepareKey,
    // The digest identifies the image; the folder or repository that it came from does not matter.
    image: digestOf(request.images.model),
    model: modelSettings(config),
    training: { ...config.training, hyperparameters },
    tuning: tuningSettings(config),
    problem: config.problem,
    seed: request.seed,
  });
  if (isOfMain(request)) await keepDeployed(request, context, event.request);
  const stale: string[] = [];
  const prepared = await reusable<Prepared>('prepared', prepareKey, context, stale);
  const model = await reusable<TrainedModel>('model', fingerprint, context, stale);
  const notes = [...stale, ...(prepared === null ? await requireSoundData(request, context) : [])];
  // The fingerprint leaves out the search: a merge may find more parents, yet reuses its pull request's model.
  const origin = { prepared: prepareKey, image: digestOf(request.images.model) };
  const { search, notes: searchNotes } =
    model === null
      ? await searchOf(
          config,
          { hyperparameters, alike: alikeOf(request, hyperparameters), ...origin },
          context.ledger,
        )
      : noSearch;

  const settingsUri = `${artifactsOf(context, 'settings')}${sha256Json(settings)}/prepare.json`;
  await context.storage.write(settingsUri, canonicalJson(settings));

  const champion = await comparedWith(fingerprint, request, context);
  const anchor = { package: config.gate.anchor.package };
  const cost = await costOf(
    request,
    {
      prepares: prepared === null,
      trains: model === null,
      others: [champion.package, anchor.package],
      settingsUri,
    },
    context,
  );

  // SageMaker allows a job name once, with at most 63 characters (tuning: 32); the execution's name is unique.
  const hash = jobHash(execution, context);
  const name = `${context.jobPrefix}-${hash}`;
  const written = artifactsOf(context, jobFolder(event.mode));
  // Copies of a run never replace those of another, so a reader of either sees the files of one job.
  const output = prepared?.output ?? `${artifactsOf(context, 'prepared')}${prepareKey}/${hash}/`;
  const tuned = await planTuning(
    model === null ? config : { ...config, tuning: null },
    {
      seed: request.seed,
      fingerprint,
      alike: alikeOf(request, hyperparameters),
      // Names of tuning jobs have no room for more, and policies know their start.
      name: (part) => `${context.jobPrefix}-${jobHash(`${execution} ${part}`, context)}`,
    },
    context,
  );
  return {
    fingerprint,
    champion,
    anchor,
    cost,
    notes: [...notes, ...searchNotes, ...tuned.notes],
    prepare: {
      ...(prepared ? { reused: true, result: prepared } : { reused: false }),
      key: prepareKey,
      job: `${name}-prepare`,
      attempt: { n: 1, wait: 0 },
      inputs: [
        processingInput('config', settingsUri),
        processingInput('data', request.data.uri),
        ...(request.data.holdout ? [processingInput('holdout', request.data.holdout.uri)] : []),
        ...(request.script ? [processingInput('script', request.script.uri)] : []),
      ],
      settings: settingsUri,
      written: `${written}${name}-prepare`,
      output,
      size,
      cluster: instances(config.prepare.instance),
      max_runtime: config.prepare.max_runtime,
      timeout: withStart(config.prepare.max_runtime),
      timeout_minutes: Math.ceil(config.prepare.max_runtime / 60),
      environment: {},
      failures: failuresIn(written),
    },
    train: {
      ...(model ? { reused: true, result: model } : { reused: false }),
      key: fingerprint,
      tunes: config.tuning !== null,
      job: `${name}-train`,
      tuning_job: name,
      attempt: { n: 1, wait: 0 },
      hyperparameters,
      metrics: metricDefinitions(config.training),
      channels: channels(config, output),
      input_mode: config.training.input_mode,
      written,
      output: `${artifactsOf(context, 'models')}${fingerprint}/${hash}/`,
      resources: instances(config.training.instance),
      stopping: stoppingCondition(config.training),
      spot: config.training.spot,
      // Other evaluations' jobs could write their checkpoints.
      resumes: config.training.spot && event.mode !== 'evaluate',
      checkpoints: `${written}${name}-checkpoints`,
      // One instance has nobody to send to.
      encrypted: config.training.instance.count > 1,
      environment: {},
      tuning: tuned.tuning,
      guided: tuned.guided,
      searches: tuned.searches,
      search: { ...search, ...(tuned.guidance && { guidance: tuned.guidance }) },
      timeout: withStart(longestTraining(config)),
    },
  };
}

/** The settings of the search that decide the model. Without guidance they are those of every earlier version. */
function tuningSettings({ tuning }: Config) {
  if (tuning === null) return null;
  const { guided, ...settings } = tuning;
  return guided ? tuning : settings;
}

/**
 * A hash of what runs share whose trials say something about each other: how rows are prepared, which columns are left out, the
 * script, the problem, the objective and how it is read, the ranges, and the hyperparameters that are not tuned. Rows and the
 * model's code may differ: trials are ranked within their run, and the random share shows where the past misleads.
 */
export function alikeOf({ config, script }: Request, hyperparameters: Record<string, string>): string {
  const { tuning, training } = config;
  // Where rows come from, and in which format, says nothing about them.
  const { source: _source, format: _format, ...prepared } = prepareSettings(config);
  return sha256Json({
    prepared,
    script: script?.sha256 ?? null,
    objective: tuning?.objective ?? null,
    read: training.metrics[tuning?.objective.metric ?? ''] ?? null,
    ranges: tuning?.ranges ?? null,
    hyperparameters,
  });
}

/** Sets the deployed engine: in a pull request, mlops.yaml may name one that is not deployed yet. */
const withEngine = ({ request, engine }: PlanEvent): Request => ({
  ...request,
  config: { ...request.config, prepare: { ...request.config.prepare, engine } },
});

function sizeOf({ prepare }: Config): PrepareSize {
  const size = prepareSize(prepare);
  if (typeof size !== 'string') return size;
  throw new ConfigError('mlops.yaml', [{ path: 'prepare.instance.type', message: size }]);
}

/** The folder below a prefix in which the prepare program writes its error. */
export function failuresIn(prefix: string): PreparePlan['failures'] {
  const [bucket = '', ...path] = prefix.slice('s3://'.length).split('/');
  return { bucket, prefix: `${path.join('/')}failures/` };
}

/** Whether a run has the settings of main: a dispatched one may have others, and triggers bring none of their own. */
const isOfMain = ({ mode, trigger }: Request): boolean =>
  mode === 'promote' && ['push', 'manual'].includes(trigger.kind);

function requireMode({ mode, request }: PlanEvent): void {
  if (mode === null || mode === request.mode) return;
  throw new ConfigError('request', [
    { path: 'mode', message: `got ${request.mode}, expected ${mode}, the only mode that this machine takes` },
  ]);
}

/** The artifacts' folder that the jobs of a machine write. */
export const jobFolder = (mode: PlanEvent['mode']) => `jobs-${mode ?? 'local'}` as const;

/** An earlier run's result, if its files are still what was recorded; otherwise null, with a note. */
async function reusable<T extends Prepared | TrainedModel>(
  kind: 'prepared' | 'model',
  key: string,
  { ledger, storage }: StepContext,
  notes: string[],
): Promise<T | null> {
  const { value, why } = await sound<T>(
    { kind, key, objectsOf: (found) => ('trained' in found ? found.trained.objects : found.objects) },
    { ledger, storage },
  );
  if (why === null) return value;
  notes.push(
    kind === 'model'
      ? `The model of an earlier run was not reused, and trained again: ${why}.`
      : `The prepared data of an earlier run were not reused, and prepared again: ${why}.`,
  );
  return null;
}

/** The image's digest, which is the same in every repository. */
export const digestOf = (image: string): string => image.slice(image.lastIndexOf('@') + 1);

/**
 * The settings of the model that decide what training makes: not where its image comes from, which the digest says, nor the
 * words about it on a release's page.
 */
function modelSettings({ model }: Config) {
  const { intended_use: _use, limits: _limits, ...settings } = model;
  return { ...settings, context: null, image: null };
}

/** The settings that decide the prepared files: the input of the prepare job. */
export type PrepareSettings = ReturnType<typeof prepareSettings>;

function prepareSettings(config: Config) {
  const { data, model, problem, project } = config;
  return {
    problem,
    format: data.format,
    source: data.source,
    target: data.target,
    positive: data.positive,
    row_id: data.row_id,
    exclude: data.exclude,
    features_exclude: data.features_exclude,
    slices: data.slices,
    // Absent where there are none, as in the settings of earlier versions.
    ...(data.sensitive?.length > 0 && { sensitive: data.sensitive }),
    columns: data.columns,
    source_csv: data.csv,
    drop_missing_target: data.drop_missing_target,
    holdout: data.holdout,
    salt: project,
    content_type: model.content_type,
    csv: model.csv,
    // Settings without a split are those of a split by hash, as in every earlier version of the pipeline.
    ...(data.split.by === 'hash' ? {} : { split: data.split }),
  };
}

/**
 * The package to compare with: the champion. If this same model is the champion already, the package that it was
 * compared with when it became so, so that a merge shows the same comparison as its pull request.
 */
async function comparedWith(
  fingerprint: string,
  { baseline }: Request,
  context: StepContext,
): Promise<Plan['champion']> {
  const item = await context.ledger.get<Champion>(championKind, championId);
  if (item === null) return { package: baseline, origin: 'baseline', version: 0 };
  const champion = await context.registry.get(item.value.package);
  const itself = champion?.fingerprint === fingerprint;
  return {
    package: itself ? item.value.compared_with : item.value.package,
    origin: 'champion',
    version: item.version,
  };
}

/** The estimated cost of the run. Throws BudgetError if it is above the budget. */
async function costOf(
  request: Request,
  planned: { prepares: boolean; trains: boolean; others: (string | null)[]; settingsUri: string },
  context: StepContext,
): Promise<Estimate | null> {
  if (context.region === null) return null;
  const names = planned.others.filter((name) => name !== null);
  const others = await Promise.all(names.map((name) => context.registry.get(name)));
  const preparedOtherwise = (other: ModelPackage | null): boolean =>
    other !== null &&
    (other.preparation.settings !== planned.settingsUri ||
      (other.preparation.script?.sha256 ?? null) !== (request.script?.sha256 ?? null));
  const found = estimate(request.config, context.region, {
    prepares: Number(planned.prepares) + others.filter(preparedOtherwise).length,
    trains: planned.trains,
    // Inspect decides later whether earlier scores are reused; the estimate assumes that none are.
    scores: 1 + names.length,
    earlier: await jobsOfChampion(context),
  });
  // A pull request brings its own mlops.yaml.
  requireBudget(found, request.config, {
    ceiling: context.mostRunUsd,
    trusted: request.mode === 'promote',
  });
  return found;
}

/** Duration and instances of the jobs in the run that made the champion. */
async function jobsOfChampion({ ledger }: StepContext): Promise<Work['earlier']> {
  const champion = await ledger.get<Champion>(championKind, championId);
  const run = champion && (await ledger.get<RunRecord>(runKind, champion.value.execution));
  const { prepared, model, scores } = run?.value.state ?? {};
  const jobs = { prepare: jobRun(prepared), train: jobRun(model?.trained), score: jobRun(scores?.candidate) };
  return Object.fromEntries(Object.entries(jobs).filter(([, job]) => job !== null));
}

/** Most bytes of data that are checked in full before money is spent. Of larger data, the start of each file is. */
const mostChecked = 200_000_000;

/**
 * Checks the data against their contract as far as that is cheap. Returns a note on what is left to the prepare job.
 * @throws DataContractError
 */
async function requireSoundData(
  { config, data }: Request,
  { storage }: Pick<StepContext, 'storage'>,
): Promise<string[]> {
  const filesOf = async ({ uri, source }: DataInput, isHoldout: boolean) => {
    const objects = (await storage.list(uri)).map((object) => ({
      ...object,
      name: object.uri.slice(uri.length).replace(/^\/+/, ''),
    }));
    return labelled(objects, source).map((file) => ({ ...file, isHoldout }));
  };
  const files = [...(await filesOf(data, false)), ...(data.holdout ? await filesOf(data.holdout, true) : [])];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const isSmall = bytes <= mostChecked;
  const { problems } = isSmall
    ? await checkDataFiles(
        config,
        await Promise.all(
          files.map(async ({ uri, label, keys, isHoldout }) => ({
            label,
            keys,
            isHoldout,
            path: await storage.localFile(uri),
          })),
        ),
      )
    : await checkBeginnings(
        config,
        files.map(({ uri, label, keys, bytes, isHoldout }) => ({
          label,
          keys,
          isHoldout,
          bytes,
          read: (start, end) => storage.readRange(uri, start, end),
        })),
      );
  if (problems.length > 0) throw new DataContractError(problems);
  if (isSmall) return [];
  const size = `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  return [
    `The data are ${size}: before the run only the start of each file was checked; the prepare job checked the rest.`,
  ];
}

import { type PrepareSize, prepareSize } from '../../config/prepare-size.ts';
import type { Config } from '../../config/schema.ts';
import { type Estimate, estimate, requireBudget, type Work } from '../../cost/estimate.ts';
import { ConfigError, DataContractError } from '../../errors.ts';
import { canonicalJson, sha256Json } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
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
import {
  channels,
  instances,
  longestTraining,
  metricDefinitions,
  processingInput,
  staticHyperparameters,
  stoppingCondition,
  tuningConfig,
  withStart,
} from './job-parameters.ts';
import { type RunRecord, runKind } from './record.ts';

/** Grows when the pipeline comes to make other artifacts from the same request: then nothing old is reused. */
const pipelineVersion = 1;

export interface PlanEvent {
  execution: string;
  request: Request;
  /** The engine that this machine prepares with, whatever mlops.yaml says: what is there was deployed. */
  engine: PrepareSize['engine'];
  /** What it runs, by content: the image, or what Glue has in its place. */
  program: string;
}

/** All that the machine needs to know before it spends anything: names, parameters, what an earlier run has made. */
export interface Plan {
  fingerprint: string;
  /** The model to compare with, and the version of the ledger's champion that a promotion expects still to find. */
  champion: { package: string | null; origin: 'champion' | 'baseline'; version: number };
  anchor: { package: string | null };
  /** null on this machine. */
  cost: Estimate | null;
  /** For the report, one sentence each. */
  notes: string[];
  prepare: PreparePlan;
  train: TrainPlan;
}

type Reuse<T> = { reused: true; result: T } | { reused: false };

export type PreparePlan = Reuse<Prepared> & {
  key: string;
  job: string;
  attempt: { n: number };
  inputs: object[];
  /** What of the config decided the prepared files. */
  settings: string;
  output: string;
  size: PrepareSize;
  /** Of a processing job. */
  cluster: object;
  max_runtime: number;
  timeout: number;
  /** Of a Glue job, which counts minutes. */
  timeout_minutes: number;
  environment: Record<string, string>;
  /** Where a program leaves why it failed, as JOB.json, when its service hands on no word of it. */
  failures: { bucket: string; prefix: string };
};

export type TrainPlan = Reuse<TrainedModel> & {
  tunes: boolean;
  job: string;
  tuning_job: string;
  attempt: { n: number };
  hyperparameters: Record<string, string>;
  metrics: { Name: string; Regex: string }[];
  channels: object[];
  input_mode: string;
  output: string;
  resources: object;
  stopping: object;
  spot: boolean;
  environment: Record<string, string>;
  /** HyperParameterTuningJobConfig; empty where nothing is tuned. */
  tuning: object;
  timeout: number;
};

/**
 * Plans a run. Throws DataContractError where the data cannot be used and BudgetError where the run would cost more than
 * it may, before any job starts.
 */
export async function plan(event: PlanEvent, context: StepContext): Promise<Plan> {
  const { execution } = event;
  const request = withEngine(event);
  const { config } = request;
  const size = sizeOf(config);
  const settings = prepareSettings(config);
  const prepareKey = sha256Json({
    pipelineVersion,
    image: digestOf(event.program),
    data: request.data.version,
    script: request.script?.sha256 ?? null,
    settings,
  });
  const hyperparameters = staticHyperparameters(config);
  const fingerprint = sha256Json({
    pipelineVersion,
    prepared: prepareKey,
    // Where it comes from, a folder or a repository, is no part of what it is.
    image: digestOf(request.images.model),
    model: { ...config.model, context: null, image: null },
    training: { ...config.training, hyperparameters },
    tuning: config.tuning,
    problem: config.problem,
    seed: request.seed,
  });
  const prepared = await context.ledger.get<Prepared>('prepared', prepareKey);
  const model = await context.ledger.get<TrainedModel>('model', fingerprint);
  const notes = prepared === null ? await requireSoundData(request, context) : [];

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

  // A job's name is used once and at most 63 characters long (tuning: 32); the execution's name is unique.
  const name = `${context.jobPrefix}-${jobHash(execution, context)}`;
  const output = `${artifactsOf(context, 'prepared')}${prepareKey}/`;
  return {
    fingerprint,
    champion,
    anchor,
    cost,
    notes,
    prepare: {
      ...(prepared ? { reused: true, result: prepared.value } : { reused: false }),
      key: prepareKey,
      job: `${name}-prepare`,
      attempt: { n: 1 },
      inputs: [
        processingInput('config', settingsUri),
        processingInput('data', request.data.uri),
        ...(request.script ? [processingInput('script', request.script.uri)] : []),
      ],
      settings: settingsUri,
      output,
      size,
      cluster: instances(config.prepare.instance),
      max_runtime: config.prepare.max_runtime,
      timeout: withStart(config.prepare.max_runtime),
      timeout_minutes: Math.ceil(config.prepare.max_runtime / 60),
      environment: {},
      failures: failuresIn(context.root),
    },
    train: {
      ...(model ? { reused: true, result: model.value } : { reused: false }),
      tunes: config.tuning !== null,
      job: `${name}-train`,
      tuning_job: name,
      attempt: { n: 1 },
      hyperparameters,
      metrics: metricDefinitions(config.training),
      channels: channels(config, output),
      input_mode: config.training.input_mode,
      output: `${artifactsOf(context, 'models')}${fingerprint}/`,
      resources: instances(config.training.instance),
      stopping: stoppingCondition(config.training),
      spot: config.training.spot,
      environment: {},
      tuning: config.tuning ? tuningConfig(config.tuning, request.seed) : {},
      timeout: withStart(longestTraining(config)),
    },
  };
}

/** mlops.yaml may ask for an engine that is not deployed yet, as in the pull request that changes it. */
const withEngine = ({ request, engine }: PlanEvent): Request => ({
  ...request,
  config: { ...request.config, prepare: { ...request.config.prepare, engine } },
});

function sizeOf({ prepare }: Config): PrepareSize {
  const size = prepareSize(prepare);
  if (typeof size !== 'string') return size;
  throw new ConfigError('mlops.yaml', [{ path: 'prepare.instance.type', message: size }]);
}

function failuresIn(root: string): PreparePlan['failures'] {
  const [bucket = '', ...path] = root.slice('s3://'.length).split('/');
  return { bucket, prefix: `${[...path, 'prepared', 'failures'].join('/')}/` };
}

/** The same image in another repository is the same image. */
export const digestOf = (image: string): string => image.slice(image.lastIndexOf('@') + 1);

/** What of the config decides the prepared files: the input of the prepare job. */
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
    holdout: data.holdout,
    salt: project,
    content_type: model.content_type,
    csv: model.csv,
  };
}

/**
 * The champion; where this very model is the champion, what it was compared with then: a merge shows the comparison
 * that its pull request showed.
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

/** What the run is estimated to cost, within its budget. Throws BudgetError. */
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
    // Whether earlier scores serve again is not known yet.
    scores: 1 + names.length,
    earlier: await jobsOfChampion(context),
  });
  requireBudget(found, request.config);
  return found;
}

/** How long the jobs took in the run that made the champion, and on what. */
async function jobsOfChampion({ ledger }: StepContext): Promise<Work['earlier']> {
  const champion = await ledger.get<Champion>(championKind, championId);
  const run = champion && (await ledger.get<RunRecord>(runKind, champion.value.execution));
  const { prepared, model, scores } = run?.value.state ?? {};
  const jobs = { prepare: jobRun(prepared), train: jobRun(model?.trained), score: jobRun(scores?.candidate) };
  return Object.fromEntries(Object.entries(jobs).filter(([, job]) => job !== null));
}

/** Bytes of data that are checked whole before money is spent; of more, the beginning of each file. */
const mostChecked = 200_000_000;

/**
 * Holds the data to their contract as far as that is cheap; says what was left to the prepare job.
 * @throws DataContractError
 */
async function requireSoundData(
  { config, data }: Request,
  { storage }: Pick<StepContext, 'storage'>,
): Promise<string[]> {
  const objects = (await storage.list(data.uri)).map((object) => ({
    ...object,
    name: object.uri.slice(data.uri.length).replace(/^\/+/, ''),
  }));
  const files = labelled(objects, data.source);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const isSmall = bytes <= mostChecked;
  const { problems } = isSmall
    ? await checkDataFiles(
        config,
        await Promise.all(
          files.map(async ({ uri, label }) => ({ label, path: await storage.localFile(uri) })),
        ),
      )
    : await checkBeginnings(
        config,
        files.map(({ uri, label, bytes }) => ({
          label,
          bytes,
          read: (start, end) => storage.readRange(uri, start, end),
        })),
      );
  if (problems.length > 0) throw new DataContractError(problems);
  if (isSmall) return [];
  const size = `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  return [
    `The data are ${size}: before the run only the beginning of each file was checked, the rest by the prepare job.`,
  ];
}

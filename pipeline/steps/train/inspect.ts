import { longestTransform } from '../../cost/estimate.ts';
import { ConfigError, unlessUnreadable } from '../../errors.ts';
import { sha256Json } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import type { ModelPackage } from '../../ports.ts';
import {
  artifactsOf,
  carriedColumns,
  folder,
  jobHash,
  type Manifest,
  type Prepared,
  preparedFile,
  readJson,
  readManifest,
  type Scored,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import { transformFilters } from '../transform-filters.ts';
import { processingInput } from './job-parameters.ts';
import { digestOf, jobFolder, type PrepareSettings } from './plan.ts';
import type { ModelScoring, Plan, Scoring } from './state.ts';
import { ArtifactChangedError, readNamedJson, requireArtifact, sound } from './unchanged.ts';

export interface InspectEvent {
  execution: string;
  request: Request;
  /** The mode of the runs that the machine takes; null: any. */
  mode: Request['mode'] | null;
  plan: Plan;
  prepared: Prepared;
}

/**
 * Reads the prepared manifest and plans how each model scores the holdout: it derives the filters from the columns, and
 * reuses scores of an earlier run with the same model and rows.
 */
export async function inspect(event: InspectEvent, context: StepContext): Promise<Scoring> {
  const { request, plan } = event;
  const manifest = await readManifest(context, event.prepared);
  const other = async (who: 'champion' | 'anchor', name: string | null): Promise<ModelScoring> => {
    const model = name === null ? null : await findPackage(who, name, context);
    return model === null ? noModel : await scoringOf(who, model, event, manifest, context);
  };
  const candidate = {
    name: null,
    fingerprint: plan.fingerprint,
    image: request.images.model,
    // A newly trained model is another artifact, even with the same fingerprint, so earlier scores are not its own.
    artifact: plan.train.reused ? plan.train.result.trained.artifact : 'not trained yet',
    preparation: null,
  };
  return {
    candidate: await scoringOf('candidate', candidate, event, manifest, context),
    champion: await other('champion', plan.champion.package),
    anchor: await other('anchor', plan.anchor.package),
  };
}

async function findPackage(who: string, name: string, context: StepContext): Promise<ModelPackage> {
  const found = await context.registry.get(name);
  if (found !== null) {
    await requireArtifact(found, context);
    return found;
  }
  const known = (await context.registry.list(5)).map((item) => item.name);
  throw new ConfigError('mlops.yaml', [
    {
      path: who === 'anchor' ? 'gate.anchor.package' : who,
      message: `got ${JSON.stringify(name)}, expected a package of the registry (${known.join(', ') || 'it is empty'})`,
    },
  ]);
}

/** An earlier run's scores or view, if it is still what was recorded; otherwise null. */
async function earlier<T extends Scored | Prepared>(
  kind: 'scores' | 'prepared',
  key: string,
  context: StepContext,
): Promise<T | null> {
  return (await sound<T>({ kind, key, objectsOf: ({ objects }) => objects }, context)).value;
}

/** Whether a model is the one that was trained last with its fingerprint; false if no record says so. */
async function isLatest({ fingerprint, artifact }: Model, context: StepContext): Promise<boolean> {
  const trained = await unlessUnreadable(context.ledger.get<TrainedModel>('model', fingerprint));
  return trained?.value.trained.artifact === artifact;
}

interface Model {
  name: string | null;
  fingerprint: string;
  image: string;
  artifact: string;
  /** null: this run's own, for the candidate. */
  preparation: ModelPackage['preparation'] | null;
}

async function scoringOf(
  who: 'candidate' | 'champion' | 'anchor',
  model: Model,
  event: InspectEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<ModelScoring> {
  const { config } = event.request;
  const { batch: settings, instance } = config.inference;
  // Decides which rows of a release are left out, and nothing here.
  const { max_bad_rows: _, ...batch } = settings;
  const hash = jobHash(event.execution, context);
  const job = `${context.jobPrefix}-${hash}-${who}`;
  const written = artifactsOf(context, jobFolder(event.mode));
  const own = model.preparation ? await viewOf(model.preparation, job, event, manifest, context) : null;
  const rows = own
    ? { manifest: own.manifest, hash: own.view.key, prefix: own.view.output }
    : { manifest, hash: manifest.files.holdout.sha256, prefix: folder(event.prepared.output) };
  const key = sha256Json({
    fingerprint: model.fingerprint,
    image: digestOf(model.image),
    // A prepare image may lay out the same rows otherwise.
    prepared: event.plan.prepare.key,
    holdout: rows.hash,
    batch,
  });
  const scored = (await isLatest(model, context)) ? await earlier<Scored>('scores', key, context) : null;
  return {
    score: scored === null,
    result: scored ?? {},
    key,
    package: model.name,
    image: model.image,
    artifact: model.artifact,
    job,
    attempt: { n: 1, wait: 0 },
    view: own ? { ...own.view, needed: own.view.needed && scored === null } : noView,
    holdout: rows.prefix + rows.manifest.files.holdout.path,
    written: `${written}${job}`,
    output: `${artifactsOf(context, 'scores')}${key}/${hash}/`,
    content_type: rows.manifest.content_type,
    // A row is `row_id,label,carried_1..s,feature_1..m`.
    ...transformFilters(rows.manifest, {
      columns: 2 + carriedColumns(manifest).length,
      members: ['row_id', 'label', 'slices'],
    }),
    max_payload_mb: batch.payload_mb,
    batch_strategy: batch.strategy === 'multi_record' ? 'MultiRecord' : 'SingleRecord',
    concurrency: batch.concurrency,
    resources: { InstanceType: instance.type, InstanceCount: instance.count },
    timeout: longestTransform,
  };
}

/**
 * A model with a different preparation (script, row id, columns, split) scores a view: the holdout's rows as its own
 * preparation writes them, without the rows that it was trained on or that its script drops.
 */
async function viewOf(
  preparation: ModelPackage['preparation'],
  job: string,
  { execution, request, plan, mode }: InspectEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<{ view: ModelScoring['view']; manifest: Manifest } | null> {
  const [own, current] = await Promise.all([
    readNamedJson<PrepareSettings>(preparation.settings, context),
    readNamedJson<PrepareSettings>(plan.prepare.settings, context),
  ]);
  const { script } = preparation;
  if (script !== null && (await context.storage.describe(script.uri))?.sha256 !== script.sha256)
    throw new ArtifactChangedError(
      `${script.uri}: it is not the prepare script that the model to compare with was made with`,
    );
  const theirs = await readJson<Manifest>(context, preparation.manifest);
  const sameScript = (preparation.script?.sha256 ?? null) === (request.script?.sha256 ?? null);
  // The same settings give other features if the data have gained or lost a column.
  const sameFeatures = sha256Json(names(theirs)) === sha256Json(names(manifest));
  const sameSettings = sha256Json(deciding(own)) === sha256Json(deciding(current));
  // Its list of training rows knows rows by the columns of that time.
  const sameIds = theirs.files.trained === undefined || sha256Json(ids(theirs)) === sha256Json(ids(manifest));
  if (sameScript && sameFeatures && sameSettings && sameIds) return null;

  const predicts = ({ problem, target, positive }: Manifest) => ({ problem, target, positive });
  if (sha256Json(predicts(theirs)) !== sha256Json(predicts(manifest))) {
    throw new ConfigError('mlops.yaml', [
      {
        path: 'data.target',
        message:
          `got ${JSON.stringify(predicts(manifest))}, but the model to compare with predicts ` +
          `${JSON.stringify(predicts(theirs))}; expected the same, or another project name`,
      },
    ]);
  }
  const key = sha256Json({
    prepared: plan.prepare.key,
    own,
    script: preparation.script?.sha256 ?? null,
    features: names(theirs),
    trained: theirs.files.trained?.sha256 ?? null,
    ids: theirs.id_columns ?? null,
  });
  const there = await earlier<Prepared>('prepared', key, context);
  const hash = jobHash(execution, context);
  const view = {
    exists: true,
    needed: there === null,
    key,
    job: `${job}-view`,
    attempt: { n: 1, wait: 0 },
    inputs: [
      ...plan.prepare.inputs,
      processingInput('view', preparation.settings),
      processingInput('view-manifest', preparation.manifest),
      ...(theirs.files.trained
        ? [processingInput('view-trained', preparedFile(preparation.manifest, theirs.files.trained))]
        : []),
      ...(preparation.script ? [processingInput('view-script', preparation.script.uri)] : []),
    ],
    written: `${artifactsOf(context, jobFolder(mode))}${job}-view`,
    output: there?.output ?? `${artifactsOf(context, 'prepared')}${key}/${hash}/`,
  };
  return { view, manifest: theirs };
}

const noView: ModelScoring['view'] = {
  exists: false,
  needed: false,
  key: 'none',
  job: 'none',
  attempt: { n: 1, wait: 0 },
  inputs: [],
  written: 'none',
  output: 'none',
};

const ids = ({ row_id, id_columns = null }: Manifest) => [row_id, id_columns];

const names = ({ features }: Manifest) => features.map(({ name }) => name);

/** The settings that change the prepared rows and columns. */
const deciding = ({
  source: _source,
  format: _format,
  csv: _csv,
  source_csv: _sourceCsv,
  ...settings
}: PrepareSettings) => ({ ...unsaid, ...settings });

/** The values of keys that settings of an earlier version lack. */
const unsaid = { columns: {}, drop_missing_target: false };

const noModel: ModelScoring = {
  score: false,
  result: {},
  key: 'none',
  package: null,
  image: 'none',
  artifact: 'none',
  job: 'none',
  attempt: { n: 1, wait: 0 },
  view: noView,
  holdout: 'none',
  written: 'none',
  output: 'none',
  content_type: 'text/csv',
  input_filter: '$',
  output_filter: '$',
  max_payload_mb: 1,
  batch_strategy: 'MultiRecord',
  concurrency: 1,
  resources: { InstanceType: 'none', InstanceCount: 1 },
  timeout: longestTransform,
};

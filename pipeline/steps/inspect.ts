import type { Request } from '../definition/request.ts';
import { sha256, sha256Json } from '../hash.ts';
import type { ModelPackage } from '../ports.ts';
import {
  folder,
  type Manifest,
  type Prepared,
  readManifest,
  type Scored,
  type StepContext,
  type TrainedModel,
} from './context.ts';
import type { Plan } from './plan.ts';

export interface InspectEvent {
  execution: string;
  request: Request;
  plan: Plan;
  prepared: Prepared;
}

/** How each model is scored on the holdout. */
export interface Scoring {
  candidate: ModelScoring;
  champion: ModelScoring;
}

/** Parameters of a model's transform job, or the result that makes it needless. */
export interface ModelScoring {
  /** false: `result` serves. */
  score: boolean;
  /** Empty where there is no such model, or no scores yet. */
  result: Partial<Scored>;
  key: string;
  package: string | null;
  image: string;
  artifact: string;
  job: string;
  attempt: { n: number };
  /** The rows to score. */
  holdout: string;
  output: string;
  content_type: string;
  input_filter: string;
  output_filter: string;
  max_payload_mb: number;
  batch_strategy: 'MultiRecord' | 'SingleRecord';
  concurrency: number;
  resources: { InstanceType: string; InstanceCount: number };
  timeout: number;
}

/**
 * Reads what Prepare wrote and decides how the holdout is scored: the filters follow from the columns, and
 * scores that an earlier run made of the same model on the same rows serve again.
 */
export async function inspect(event: InspectEvent, context: StepContext): Promise<Scoring> {
  const { request, plan } = event;
  const manifest = await readManifest(context, event.prepared);
  const champion = await findChampion(plan, context);
  return {
    candidate: await scoringOf(
      {
        who: 'candidate',
        package: null,
        fingerprint: plan.fingerprint,
        image: request.images.model,
        // Trained anew it is another model, whatever its fingerprint: no earlier scores are its own.
        artifact: plan.train.reused ? plan.train.result.trained.artifact : 'not trained yet',
      },
      event,
      manifest,
      context,
    ),
    champion:
      champion === null
        ? noModel
        : await scoringOf({ who: 'champion', package: champion.name, ...champion }, event, manifest, context),
  };
}

async function findChampion(plan: Plan, context: StepContext): Promise<ModelPackage | null> {
  if (plan.champion.package === null) return null;
  const champion = await context.registry.get(plan.champion.package);
  if (champion === null) {
    throw new Error(
      `champion ${plan.champion.package}: not in the model registry, expected the ledger's champion there`,
    );
  }
  return champion;
}

interface Model {
  who: 'candidate' | 'champion';
  package: string | null;
  fingerprint: string;
  image: string;
  artifact: string;
}

async function scoringOf(
  model: Model,
  { execution, request: { config }, prepared }: InspectEvent,
  manifest: Manifest,
  context: StepContext,
): Promise<ModelScoring> {
  const { batch, instance } = config.inference;
  const key = sha256Json({
    fingerprint: model.fingerprint,
    image: model.image,
    holdout: manifest.files.holdout.sha256,
    batch,
  });
  const trained = await context.ledger.get<TrainedModel>('model', model.fingerprint);
  const isLatest = trained?.value.trained.artifact === model.artifact;
  const scored = isLatest ? await context.ledger.get<Scored>('scores', key) : null;
  return {
    score: scored === null,
    result: scored?.value ?? {},
    key,
    package: model.package,
    image: model.image,
    artifact: model.artifact,
    job: `${config.project}-${sha256(execution).slice(0, 8)}-${model.who}`,
    attempt: { n: 1 },
    holdout: folder(prepared.output) + manifest.files.holdout.path,
    output: `${context.root}/scores/${key}/`,
    content_type: manifest.content_type,
    ...filters(manifest),
    max_payload_mb: batch.payload_mb,
    batch_strategy: batch.strategy === 'multi_record' ? 'MultiRecord' : 'SingleRecord',
    concurrency: batch.concurrency,
    resources: { InstanceType: instance.type, InstanceCount: instance.count },
    timeout: transformTimeout,
  };
}

/** Seconds: a transform job has no longest time of its own. */
const transformTimeout = 6 * 3600;

const noModel: ModelScoring = {
  score: false,
  result: {},
  key: 'none',
  package: null,
  image: 'none',
  artifact: 'none',
  job: 'none',
  attempt: { n: 1 },
  holdout: 'none',
  output: 'none',
  content_type: 'text/csv',
  input_filter: '$',
  output_filter: '$',
  max_payload_mb: 1,
  batch_strategy: 'MultiRecord',
  concurrency: 1,
  resources: { InstanceType: 'none', InstanceCount: 1 },
  timeout: transformTimeout,
};

/**
 * What the model sees of a holdout row, and what is left of row and answer together. CSV rows are
 * `row_id,label,slice_1..s,feature_1..m`: the model sees the m features, the output keeps the first 2 + s columns
 * and what the model answered.
 */
function filters(manifest: Manifest): { input_filter: string; output_filter: string } {
  if (manifest.content_type === 'application/jsonlines') {
    return {
      input_filter: '$.features',
      output_filter: "$['row_id','label','slices','SageMakerOutput']",
    };
  }
  const kept = 2 + manifest.slices.length;
  const indexes = Array.from({ length: kept }, (_, index) => index).join(',');
  return {
    input_filter: `$[${kept}:]`,
    output_filter: `$[${indexes},${kept + manifest.features.length}:]`,
  };
}

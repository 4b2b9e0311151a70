import { prepareSize } from '../../config/prepare-size.ts';
import type { Config } from '../../config/schema.ts';
import { longestTransform } from '../../cost/estimate.ts';
import { ConfigError, InputChangedError, InputError } from '../../errors.ts';
import { canonicalJson, sha256Json } from '../../hash.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { DataInput } from '../../machines/request.ts';
import type { ModelPackage } from '../../ports.ts';
import {
  artifactsOf,
  type Champion,
  championId,
  championKind,
  jobHash,
  type Manifest,
  readJson,
  type StepContext,
} from '../context.ts';
import { claimRun } from '../train/claim.ts';
import { dataVersion } from '../train/inputs.ts';
import { instances, processingInput, withStart } from '../train/job-parameters.ts';
import { digestOf, failuresIn, jobFolder, type PrepareSettings } from '../train/plan.ts';
import { changed, readNamedJson, requireArtifact, sound } from '../train/unchanged.ts';
import { transformFilters } from '../transform-filters.ts';
import { predictionsFolder, releaseFolder } from './artifacts.ts';
import { everChampion, readEarlierChampions, whyNotAgain } from './champion-changes.ts';
import type { DeliverSettings, LayOutSettings } from './delivery.ts';
import { endpointLeft, noEndpoint, planEndpoint } from './endpoint-plan.ts';
import { scoringOf } from './landed.ts';
import {
  currentId,
  type Delivered,
  type Deployed,
  deliveredKind,
  deployedKind,
  type Pointer,
  pointerKind,
} from './records.ts';
import { type ReleaseRecord, releaseKind } from './release-record.ts';
import type { BatchPlan, ReleasePlan } from './state.ts';

/** Increase this when the same package and rows give other predictions, so that no old ones are shown again. */
const deliveryVersion = 1;

export interface PlanReleaseEvent {
  execution: string;
  arn: string;
  request: ReleaseRequest;
  /** The artifacts' folder that jobs write; null on this machine. */
  mode: 'promote' | null;
  /** The engine that the state machine was deployed with. */
  engine: Config['prepare']['engine'];
  /** Glue: the prepare program by content; null: its image. */
  program: string | null;
  /** What the state machine adds to a model on an endpoint: role, network, isolation, key. */
  demands: object;
}

/** A release or rollback that cannot be done; nothing that readers see has changed. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
}

/**
 * Plans a release before any job starts: which package, whether it can be loaded, which rows, and whether an earlier release
 * has its predictions of these rows already.
 * @throws ReleaseError, ArtifactChangedError if the model is not the one that was judged, InputChangedError
 */
export async function planRelease(event: PlanReleaseEvent, context: StepContext): Promise<ReleasePlan> {
  const { request } = event;
  await claimRun(event, context);
  const deployed = await deployedBy(context);
  const champion = await context.ledger.get<Champion>(championKind, championId);
  const pointer = await context.ledger.get<Pointer>(pointerKind, currentId);
  const name = await packageOf(request, champion?.value ?? null, context);
  const skipped = request.if_champion && name !== champion?.value.package;
  const prepare = prepareOf(deployed.config, event, context);
  const planned: ReleasePlan = {
    skipped,
    package: name,
    mode: deployed.config.inference.mode,
    pointer: {
      version: pointer?.version ?? 0,
      release: pointer?.value.release ?? null,
      package: pointer?.value.package ?? null,
    },
    champion: { version: champion?.version ?? 0, package: champion?.value.package ?? null },
    notes: [],
    images: deployed.images,
    prepare,
    batch: noBatch,
    endpoint: noEndpoint,
  };
  if (skipped)
    return {
      ...planned,
      notes: [
        `${name} is no longer the champion (${champion?.value.package ?? 'none'} is): nothing was released.`,
      ],
    };
  const found = await loadable(name, context);
  if (request.kind === 'release')
    planned.notes.push(...(await notTheChampion(found, champion?.value ?? null, context)));
  if (planned.mode !== 'batch') {
    const { execution, demands } = event;
    const endpoint = await planEndpoint(
      { found, config: deployed.config, pointer: pointer?.value ?? null, execution, demands },
      context,
    );
    const left = endpointLeft(pointer?.value ?? null, planned.mode, context);
    return { ...planned, notes: [...planned.notes, ...left], endpoint };
  }
  const before = await comparable(pointer?.value ?? null, context);
  return {
    ...planned,
    notes: [...planned.notes, ...before.notes],
    batch: await batchOf(found, deployed, before.release, event, context),
  };
}

/** What to know of a package that is released by name and is not the champion. */
async function notTheChampion(
  found: ModelPackage,
  champion: Champion | null,
  context: StepContext,
): Promise<string[]> {
  if (champion === null || champion.package === found.name) return [];
  const leftBehind = await whyNotAgain(found, context);
  return [
    `${found.name} is released by its name, and is not the champion, which is ${champion.package}.`,
    ...(leftBehind === null ? [] : [`${leftBehind}.`]),
  ];
}

/** The release to compare with, if it has predictions that are still what was delivered. */
async function comparable(
  pointer: Pointer | null,
  context: StepContext,
): Promise<{ release: string | null; notes: string[] }> {
  if (pointer === null) return { release: null, notes: [] };
  if (pointer.mode !== 'batch') return { release: null, notes: endpointLeft(pointer, 'batch', context) };
  const { release } = pointer;
  const record = (await context.ledger.get<ReleaseRecord>(releaseKind, release))?.value;
  const objects = record?.state.delivered?.objects;
  const why = objects ? await changed(objects, context.storage) : 'no record of its predictions';
  if (why === null) return { release, notes: [] };
  return { release: null, notes: [`Not compared with release ${release}: ${why}.`] };
}

async function deployedBy({ ledger, model }: StepContext): Promise<Deployed> {
  const deployed = (await ledger.get<Deployed>(deployedKind, currentId))?.value;
  if (deployed) return { ...deployed, scoring: await scoringOf(deployed, ledger) };
  throw new ReleaseError(
    `${model}: got no settings, expected those of the last run in mode promote; start one first (npm start, or the workflow deploy)`,
  );
}

/** The package that the request means. */
async function packageOf(
  { kind, package: named }: ReleaseRequest,
  champion: Champion | null,
  context: StepContext,
): Promise<string> {
  if (kind === 'release') {
    const name = named ?? champion?.package;
    if (name !== undefined) return name;
    throw new ReleaseError(
      `${context.model}: got no champion, expected one to release; a run in mode promote makes it`,
    );
  }
  const before = await readEarlierChampions(context);
  const known = before.length === 0 ? 'there was none' : before.slice(0, 5).join(', ');
  const name = named ?? before[0];
  if (name === undefined)
    throw new ReleaseError(
      `${context.model}: got no champion before ${champion?.package ?? 'the first'}, expected one to go back to`,
    );
  if (name === champion?.package)
    throw new InputError(
      `rollback: got ${name}, which is the champion, expected one from before it (${known})`,
    );
  // Also one that a rollback has left: a wrong rollback can be undone.
  if ((await everChampion(context)).has(name)) return name;
  throw new InputError(`rollback: got ${name}, expected a package that was champion before (${known})`);
}

/** The package, if it may be served and everything that serving it needs is there. */
async function loadable(name: string, context: StepContext): Promise<ModelPackage> {
  const { registry, images } = context;
  const found = await registry.get(name);
  if (found === null)
    throw new InputError(
      `package: got ${JSON.stringify(name)}, expected one of the registry; nothing was released`,
    );
  if (found.status === 'Rejected')
    throw new ReleaseError(
      `package ${name}: its status in the registry is Rejected, expected Approved; nothing was released`,
    );
  await requireArtifact(found, context);
  if ((await images.hold(found.image, 'always')) === 'gone')
    throw new ReleaseError(
      `package ${name}: its image ${found.image} is no longer in its repository, expected it there; nothing was released`,
    );
  return found;
}

/** Size and limits of the jobs of the prepare program that main deployed. */
export function prepareOf(
  config: Config,
  { engine, mode }: Pick<PlanReleaseEvent, 'engine' | 'mode'>,
  context: StepContext,
): ReleasePlan['prepare'] {
  const size = prepareSize({ ...config.prepare, engine });
  if (typeof size === 'string')
    throw new ConfigError('mlops.yaml', [{ path: 'prepare.instance.type', message: size }]);
  const { max_runtime, instance } = config.prepare;
  return {
    size,
    cluster: instances(instance),
    max_runtime,
    timeout: withStart(max_runtime),
    timeout_minutes: Math.ceil(max_runtime / 60),
    environment: {},
    failures: failuresIn(artifactsOf(context, jobFolder(mode))),
  };
}

async function batchOf(
  found: ModelPackage,
  { config, scoring, images }: Deployed,
  before: string | null,
  event: PlanReleaseEvent,
  context: StepContext,
): Promise<BatchPlan> {
  if (scoring === null)
    throw new ConfigError('mlops.yaml', [
      {
        path: 'data.scoring',
        message: 'got none, expected the rows to predict: a file, a folder or s3://bucket/prefix',
      },
    ]);
  const rows = await currentRows(scoring, context);
  const { execution, mode } = event;
  const { batch, instance } = config.inference;
  const { preparation } = found;
  const own = await readNamedJson<PrepareSettings>(preparation.settings, context);
  const manifest = await readJson<Manifest>(context, preparation.manifest);
  const settings = { ...own, source: rows.source, format: config.data.format, source_csv: config.data.csv };
  const settingsUri = `${artifactsOf(context, 'settings')}${sha256Json(settings)}/prepare.json`;
  await context.storage.write(settingsUri, canonicalJson(settings));
  const key = sha256Json({
    deliveryVersion,
    package: found.name,
    artifact: found.objects?.map(({ sha256 }) => sha256) ?? found.artifact,
    image: digestOf(found.image),
    program: event.program ?? digestOf(images.prepare),
    rows: rows.version,
    settings,
    threshold: found.threshold,
    batch,
    sensitive: config.data.sensitive,
    min_group: config.report.min_group,
  });
  const earlier = await sound<Delivered>(
    { kind: deliveredKind, key, objectsOf: ({ objects }) => objects },
    context,
  );

  const ownFolder = releaseFolder(context, execution);
  const write = async (name: string, value: LayOutSettings | DeliverSettings) => {
    const uri = `${ownFolder}settings/${name}/release.json`;
    await context.storage.write(uri, canonicalJson(value));
    return uri;
  };
  const model = await readNamedJson<Config>(found.config, context);
  const layOut = await write('lay-out', {
    step: 'lay_out',
    source: rows.source,
    most_bad_rows: batch.max_bad_rows,
  });
  const deliver = await write('deliver', {
    step: 'deliver',
    model: context.model,
    release: execution,
    package: found.name,
    predicted_at: context.clock.now().toISOString(),
    output: model.model.output,
    extra: model.model.extra,
    threshold: found.threshold,
    sensitive: config.data.sensitive,
    min_group: config.report.min_group,
  });
  const name = `${context.jobPrefix}-${jobHash(execution, context)}`;
  const written = artifactsOf(context, jobFolder(mode));
  const job = (step: string, inputs: object[]): BatchPlan['deliver'] => ({
    key,
    job: `${name}-${step}`,
    attempt: { n: 1, wait: 0 },
    inputs,
    written: `${written}${name}-${step}`,
    output: `${ownFolder}${step}/`,
  });
  const shared = [processingInput('config', settingsUri), processingInput('manifest', preparation.manifest)];
  const file = manifest.content_type === 'text/csv' ? 'rows.csv' : 'rows.jsonl';
  return {
    reused: earlier.value !== null,
    result: earlier.value ?? {},
    key,
    scoring: rows,
    lay_out: job('rows', [
      ...shared,
      processingInput('release', layOut),
      processingInput('data', rows.uri),
      ...(preparation.script ? [processingInput('script', preparation.script.uri)] : []),
    ]),
    transform: {
      key,
      image: found.image,
      artifact: found.artifact,
      job: `${name}-predict`,
      attempt: { n: 1, wait: 0 },
      rows: `${ownFolder}rows/rows/${file}`,
      written: `${written}${name}-predict`,
      output: `${ownFolder}answers/`,
      content_type: manifest.content_type,
      // A row is `row_id,slice_1..s,feature_1..m`.
      ...transformFilters(manifest, { columns: 1 + manifest.slices.length, members: ['row_id', 'slices'] }),
      max_payload_mb: batch.payload_mb,
      batch_strategy: batch.strategy === 'multi_record' ? 'MultiRecord' : 'SingleRecord',
      concurrency: batch.concurrency,
      resources: { InstanceType: instance.type, InstanceCount: instance.count },
      timeout: longestTransform,
    },
    deliver: job('delivered', [
      ...shared,
      processingInput('release', deliver),
      processingInput('rows', `${ownFolder}rows/rows/`),
      processingInput('scores', `${ownFolder}answers/`),
      ...(before === null ? [] : [processingInput('previous', predictionsFolder(context, before))]),
    ]),
  };
}

/**
 * The rows to predict. A user's own bucket is read as it is now; what a run staged must be what it was.
 * @throws ReleaseError if there are none, InputChangedError
 */
async function currentRows(scoring: DataInput, context: StepContext): Promise<DataInput> {
  const objects = await context.storage.list(scoring.uri);
  if (objects.length === 0)
    throw new ReleaseError(`data.scoring: ${scoring.uri}: got no object, expected at least one`);
  const version = await dataVersion(scoring.uri, context);
  if (version === scoring.version || !scoring.uri.startsWith(`${context.root}/`))
    return { ...scoring, version };
  throw new InputChangedError(
    `${scoring.uri}: got rows of version ${version}, expected ${scoring.version}, which were staged to be predicted`,
  );
}

const noJob: BatchPlan['deliver'] = {
  key: 'none',
  job: 'none',
  attempt: { n: 1, wait: 0 },
  inputs: [],
  written: 'none',
  output: 'none',
};

/** A release without a batch. */
const noBatch: BatchPlan = {
  reused: false,
  result: {},
  key: 'none',
  scoring: null,
  lay_out: noJob,
  transform: {
    ...noJob,
    image: 'none',
    artifact: 'none',
    rows: 'none',
    content_type: 'text/csv',
    input_filter: '$',
    output_filter: '$',
    max_payload_mb: 1,
    batch_strategy: 'MultiRecord',
    concurrency: 1,
    resources: { InstanceType: 'none', InstanceCount: 1 },
    timeout: longestTransform,
  },
  deliver: noJob,
};

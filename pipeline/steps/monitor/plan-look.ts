import type { Config } from '../../config/schema.ts';
import { ConfigError, InputError } from '../../errors.ts';
import { formatTime } from '../../format.ts';
import { canonicalJson } from '../../hash.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { DataInput } from '../../machines/request.ts';
import { laterOf } from '../../monitor/later-of.ts';
import { artifactsOf, jobHash, type StepContext } from '../context.ts';
import { prepareOf } from '../release/plan-release.ts';
import { currentId, type Deployed, deployedKind, type Pointer, pointerKind } from '../release/records.ts';
import { claimRun } from '../train/claim.ts';
import { dataVersion } from '../train/inputs.ts';
import { processingInput } from '../train/job-parameters.ts';
import { jobFolder } from '../train/plan.ts';
import { lookFolder } from './artifacts.ts';
import { type Captures, findCaptures } from './captures.ts';
import { listedInput } from './listed-input.ts';
import { openWindows } from './open-windows.ts';
import { readHistory } from './read-history.ts';
import { readReference } from './read-reference.ts';
import { type CurrentHistory, monitoringKind } from './records.ts';
import { findSources, type Sources } from './sources.ts';
import type { LookPlan, LookSettings } from './state.ts';
import type { SummariseSettings } from './summarise.ts';

export interface PlanLookEvent {
  execution: string;
  arn: string;
  request: MonitorRequest;
  /** The artifacts' folder that jobs write; null on this machine. */
  mode: 'promote' | null;
  /** The engine that the state machine was deployed with. */
  engine: Config['prepare']['engine'];
}

/** A look that cannot be made; nothing has changed. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}

/**
 * Plans a look before any row is read: which predictions have come since the look before, and which of those before have labels
 * that may still come. Where no prediction and no label has come and no label delay has ended, no job runs.
 * @throws MonitorError, ConfigError, InputError, and ArtifactChangedError or NotFoundError where the history is damaged
 */
export async function planLook(event: PlanLookEvent, context: StepContext): Promise<LookPlan> {
  const { execution, request } = event;
  const { ledger, storage } = context;
  await claimRun(event, context);
  const deployed = await deployedBy(context);
  const { config } = deployed;
  const current = await ledger.get<CurrentHistory>(monitoringKind, currentId);
  const history = {
    version: current?.version ?? 0,
    uri: current?.value.uri ?? null,
    sha256: current?.value.sha256 ?? null,
  };
  const kept = await readHistory(history, context);
  const { at, notes } = timeOf(request.at, kept.history.at, context);
  const pointer = (await ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
  const truth = await truthNow(deployed, context);
  const open = openWindows(kept, at, config.monitoring);
  const known = new Set(kept.history.sources);
  const sources = await findSources({ at, known, open: truth.input === null ? [] : open.spans }, context);
  const hasLabels = truth.input !== null && (truth.input.version !== kept.truth || open.isDue);
  const spans = truth.input === null ? [] : open.spans;
  const captures = await findCaptures({ execution, at, kept, open: spans }, context);
  const isNew = sources.releases.some((release) => release.isNew) || captures.fresh.length > 0;
  const isThere = sources.releases.length > 0 || captures.open.length > 0;
  const look = `${lookFolder(context, execution)}settings/look.json`;
  const settings: LookSettings = {
    config,
    truth: truth.input,
    captured: captures.until,
    captures: captures.copies,
  };
  await storage.write(look, canonicalJson(settings));
  const earlier = await earlierLabels(current?.value.labels ?? null, context);
  return {
    at,
    package: pointer?.package ?? null,
    gone: sources.gone.find((release) => release === pointer?.release) ?? null,
    reads: isNew || (hasLabels && isThere),
    notes: [...notes, ...truth.notes, ...sources.notes, ...earlier.notes],
    history,
    labels: current?.value.labels ?? null,
    look,
    images: deployed.images,
    prepare: prepareOf(config, event, context),
    summarise: await summarise(
      { event, at, config, sources, captures, truth: truth.input, earlier: earlier.prefix },
      context,
    ),
  };
}

type Watched = Deployed & { config: Config & { monitoring: NonNullable<Config['monitoring']> } };

async function deployedBy({ ledger, model }: StepContext): Promise<Watched> {
  const deployed = (await ledger.get<Deployed>(deployedKind, currentId))?.value;
  if (deployed === undefined)
    throw new MonitorError(
      `${model}: got no settings, expected those of the last run in mode promote; start one first (npm start, or the workflow deploy)`,
    );
  const { config } = deployed;
  const { monitoring } = config;
  // Settings of an earlier version have none.
  if (monitoring) return { ...deployed, config: { ...config, monitoring } };
  throw new ConfigError('mlops.yaml', [
    {
      path: 'monitoring',
      message: 'got off, expected a mapping: monitoring looks at production after a release',
    },
  ]);
}

/** A schedule's time and a machine's clock may differ by so much. Milliseconds. */
const clockError = 5 * 60_000;

/**
 * The time of a look: never before the last one, so that no clock that goes back hides what that one found. On AWS a time to come is
 * refused, since every later look would be of that time.
 * @throws InputError
 */
function timeOf(
  given: string | null,
  last: string | null,
  { clock, region }: StepContext,
): { at: string; notes: string[] } {
  const now = clock.now();
  const asked = given === null ? now : new Date(given);
  const expected = 'expected a time such as 2026-03-01T00:00:00Z';
  if (Number.isNaN(asked.getTime())) throw new InputError(`at: got ${JSON.stringify(given)}, ${expected}`);
  const isToCome = asked.getTime() > now.getTime() + clockError;
  if (isToCome && region !== null)
    throw new InputError(`at: got ${JSON.stringify(given)}, which is still to come, ${expected}`);
  const at = laterOf(asked.toISOString(), last);
  return {
    at,
    notes: [
      ...(isToCome
        ? [
            `${formatTime(at)} is still to come: the time until then counts as over, for every later look too.`,
          ]
        : []),
      ...(at === asked.toISOString()
        ? []
        : [`A look before was of ${formatTime(at)}, which is later than this one: it is of that time.`]),
    ],
  };
}

/** The labels as they are now: more may have come to a user's own bucket. */
async function truthNow(
  { truth = null }: Deployed,
  context: StepContext,
): Promise<{ input: DataInput | null; notes: string[] }> {
  if (truth === null) return { input: null, notes: [] };
  if ((await context.storage.list(truth.uri)).length === 0)
    return {
      input: null,
      notes: [`monitoring.truth (${truth.source}) has no files yet: no labels are known.`],
    };
  return { input: { ...truth, version: await dataVersion(truth.uri, context) }, notes: [] };
}

/** What the look before kept of labels: when each was seen first. */
async function earlierLabels(
  prefix: string | null,
  { storage }: StepContext,
): Promise<{ prefix: string | null; notes: string[] }> {
  if (prefix === null || (await storage.list(prefix)).length > 0) return { prefix, notes: [] };
  return {
    prefix: null,
    notes: [
      'What earlier looks kept of labels is gone: labels without known_at count as if this look had seen them first.',
    ],
  };
}

async function summarise(
  {
    event: { execution, mode },
    at,
    config,
    sources: { releases },
    captures,
    truth,
    earlier,
  }: {
    event: PlanLookEvent;
    at: string;
    config: Watched['config'];
    sources: Sources;
    captures: Captures;
    truth: DataInput | null;
    earlier: string | null;
  },
  context: StepContext,
): Promise<LookPlan['summarise']> {
  const { storage } = context;
  const folder = `${lookFolder(context, execution)}settings/`;
  const packages: SummariseSettings['packages'] = {};
  const { fresh, open: asked, packages: answered } = captures;
  const hasCaptures = fresh.length + asked.length > 0;
  const names = new Set([...releases.map((each) => each.package), ...(hasCaptures ? answered : [])]);
  for (const [index, name] of [...names].entries()) {
    const reference = await readReference(name, context);
    packages[name] = reference === null ? null : `monitor/${index}.json`;
    if (reference !== null) await storage.write(`${folder}monitor/${index}.json`, JSON.stringify(reference));
  }
  const { data, monitoring } = config;
  const settings: SummariseSettings = {
    model: context.model,
    at,
    window: monitoring.window,
    problem: config.problem,
    packages,
    sensitive: data.sensitive ?? [],
    truth: truth && { source: truth.source, row_id: data.row_id, target: data.target, csv: data.csv },
  };
  await storage.write(`${folder}monitor/monitor.json`, canonicalJson(settings));
  const listed = async (name: string, uris: readonly string[], below = '') => {
    const place = { list: `${folder}${name}.manifest`, prefix: `${context.root}/${below}` };
    return uris.length === 0 ? [] : [await listedInput(name, uris, place, context)];
  };
  const ofModel = (part: 'predictions' | 'inputs') => `${part}/model=${context.model}/`;
  const counted = releases.filter(({ isNew }) => isNew);
  const predictions = counted.flatMap((release) => release.predictions);
  const inputs = counted.flatMap((release) => release.inputs);
  const open = releases.filter(({ isNew }) => !isNew).flatMap((release) => release.predictions);
  const name = `${context.jobPrefix}-${jobHash(execution, context)}`;
  return {
    job: `${name}-monitor`,
    attempt: { n: 1, wait: 0 },
    inputs: [
      processingInput('monitor', `${folder}monitor/`),
      ...(await listed('predictions', predictions, ofModel('predictions'))),
      ...(await listed('inputs', inputs, ofModel('inputs'))),
      ...(await listed('captures', fresh)),
      ...(await listed('open', [...open, ...asked])),
      ...(truth === null ? [] : [processingInput('truth', truth.uri)]),
      ...(truth === null || earlier === null ? [] : [processingInput('earlier', earlier)]),
    ],
    written: `${artifactsOf(context, jobFolder(mode))}${name}-monitor`,
  };
}

import type { Config } from '../../config/schema.ts';
import { ConfigError, InputError } from '../../errors.ts';
import { canonicalJson } from '../../hash.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { DataInput } from '../../machines/request.ts';
import type { Reference } from '../../monitor/reference.ts';
import { artifactsOf, jobHash, type StepContext } from '../context.ts';
import { prepareOf } from '../release/plan-release.ts';
import { currentId, type Deployed, deployedKind, type Pointer, pointerKind } from '../release/records.ts';
import { claimRun } from '../train/claim.ts';
import { dataVersion } from '../train/inputs.ts';
import { processingInput } from '../train/job-parameters.ts';
import { jobFolder } from '../train/plan.ts';
import { lookFolder } from './artifacts.ts';
import { type Lists, listsInput } from './lists-input.ts';
import { readHistory } from './read-history.ts';
import { readReference } from './read-reference.ts';
import { type CurrentHistory, type KeptHistory, monitoringKind } from './records.ts';
import { choose, type Found, find, freshOf, type Sources } from './sources.ts';
import type { LookPlan, LookSettings } from './state.ts';
import type { SummariseSettings } from './summarise.ts';
import { windowsToLabel } from './windows-to-label.ts';

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
 * Plans a look before any row is read: which predictions and requests have come since the look before, and of which windows
 * labels may be known by now. Where nothing has come and nothing is due, no job runs.
 * @throws MonitorError, ConfigError, InputError, ArtifactChangedError or NotFoundError where the history is damaged
 */
export async function planLook(event: PlanLookEvent, context: StepContext): Promise<LookPlan> {
  const { execution, request } = event;
  const { ledger, storage } = context;
  await claimRun(event, context);
  const deployed = await deployedBy(context);
  const { config } = deployed;
  const at = timeOf(request.at, context);
  const current = await ledger.get<CurrentHistory>(monitoringKind, currentId);
  const history = {
    version: current?.version ?? 0,
    uri: current?.value.uri ?? null,
    sha256: current?.value.sha256 ?? null,
  };
  const kept = await readHistory(history, context);
  const pointer = (await ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
  const truth = await truthNow(deployed, context);
  const { monitoring } = config;
  const moment = Date.parse(at);
  const found = await find({ at: moment, kept, window: monitoring.window }, context);
  const label = windowsToLabel({
    at: moment,
    kept,
    fresh: freshOf(found, kept),
    settings: monitoring,
    truth: truth?.version ?? null,
  });
  const sources = choose(found, kept, label);
  const folder = lookFolder(context, execution);
  const look = `${folder}settings/look.json`;
  const captured = sources.captures?.to ?? kept.captured;
  const counted = [...new Set([...kept.sources, ...sources.releases.map(({ release }) => release)])];
  await storage.write(look, canonicalJson({ config, truth, counted, captured } satisfies LookSettings));
  const settings = await settingsOf({ at, label, sources, config }, context);
  return {
    at,
    package: pointer?.package ?? null,
    reads: sources.releases.length > 0 || sources.captures !== null,
    notes: notesOf(kept, at, found),
    history,
    look,
    images: deployed.images,
    prepare: prepareOf(config, event, context),
    summarise: await summarise({ event, settings, sources, truth }, context),
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

function timeOf(given: string | null, { clock }: StepContext): string {
  if (given === null) return clock.now().toISOString();
  const at = new Date(given);
  if (Number.isNaN(at.getTime()))
    throw new InputError(`at: got ${JSON.stringify(given)}, expected a time such as 2026-03-01T00:00:00Z`);
  return at.toISOString();
}

/** The labels as they are now: more may have come to a user's own bucket. */
async function truthNow({ truth = null }: Deployed, context: StepContext): Promise<DataInput | null> {
  if (truth === null) return null;
  const objects = await context.storage.list(truth.uri);
  if (objects.length === 0)
    throw new MonitorError(
      `monitoring.truth: ${truth.uri}: got no object, expected at least one file of labels`,
    );
  return { ...truth, version: await dataVersion(truth.uri, context) };
}

function notesOf({ at: before }: KeptHistory, at: string, { notes }: Found): string[] {
  const isBack = before !== '' && Date.parse(at) < Date.parse(before);
  return [
    ...(isBack
      ? [
          `The look before was for ${before}, which is later: what it judged stays, and nothing is judged again.`,
        ]
      : []),
    ...notes,
  ];
}

async function settingsOf(
  {
    at,
    label,
    sources,
    config,
  }: Pick<SummariseSettings, 'at' | 'label'> & { sources: Sources; config: Watched['config'] },
  context: StepContext,
): Promise<SummariseSettings> {
  const packages: Record<string, Reference | null> = {};
  for (const name of sources.packages) packages[name] = await readReference(name, context);
  const { data, monitoring } = config;
  return {
    step: 'monitor',
    model: context.model,
    at,
    window: monitoring.window,
    truth: { row_id: data.row_id, target: data.target, format: data.format, source_csv: data.csv },
    packages,
    releases: sources.releases.map(({ release, package: name, count }) => ({
      release,
      package: name,
      count,
    })),
    captures: sources.captures && { from: sources.captures.from, to: sources.captures.to },
    label,
    sensitive: data.sensitive,
  };
}

async function summarise(
  {
    event: { execution, mode },
    settings,
    sources,
    truth,
  }: { event: PlanLookEvent; settings: SummariseSettings; sources: Sources; truth: DataInput | null },
  context: StepContext,
): Promise<LookPlan['summarise']> {
  const folder = `${lookFolder(context, execution)}settings/`;
  const uri = `${folder}monitor.json`;
  await context.storage.write(uri, canonicalJson(settings));
  const lists: Lists = { folder, root: `${context.root}/` };
  const listed = async (name: string, uris: readonly string[]) =>
    uris.length === 0 ? [] : [await listsInput(name, uris, lists, context)];
  const counted = sources.releases.filter(({ count }) => count);
  const name = `${context.jobPrefix}-${jobHash(execution, context)}`;
  return {
    job: `${name}-monitor`,
    attempt: { n: 1, wait: 0 },
    inputs: [
      processingInput('monitor', uri),
      ...(await listed(
        'predictions',
        sources.releases.flatMap(({ predictions }) => predictions),
      )),
      ...(await listed(
        'inputs',
        counted.flatMap(({ inputs }) => inputs),
      )),
      ...(await listed('captures', sources.captures?.files ?? [])),
      ...(settings.label.length > 0 && truth !== null ? [processingInput('truth', truth.uri)] : []),
    ],
    written: `${artifactsOf(context, jobFolder(mode))}${name}-monitor`,
  };
}

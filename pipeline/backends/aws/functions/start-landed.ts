import { NotFoundError } from '../../../errors.ts';
import { sha256 } from '../../../hash.ts';
import type { MonitorRequest } from '../../../machines/monitor-request.ts';
import type { ReleaseRequest } from '../../../machines/release-request.ts';
import type { DataInput, Request } from '../../../machines/request.ts';
import { lateness } from '../../../monitor/overdue.ts';
import { type Champion, championId, championKind, type StepContext } from '../../../steps/context.ts';
import {
  type CurrentHistory,
  findingKind,
  type LookRecord,
  monitoringKind,
  type RetrainClaim,
  retrainKind,
} from '../../../steps/monitor/records.ts';
import {
  completionMarker,
  dataFilesOf,
  executionOf,
  type Landed,
  landedKind,
  type Purpose,
  releaseRequest,
  scoringOf,
  trainingRequest,
  triggerOf,
} from '../../../steps/release/landed.ts';
import { currentId, type Deployed, deployedKind } from '../../../steps/release/records.ts';
import { dataVersion } from '../../../steps/train/inputs.ts';

/** The place that is watched for one model's data. */
export interface Watched {
  model: string;
  purpose: Purpose;
  /** The prefix. */
  uri: string;
  /** Seconds without another file after which the files are complete; null: only a marker completes them. */
  quiet: number | null;
}

/** An object was written. */
interface Written extends Watched {
  what: 'object';
  key: string;
}

/** A look at files that were still coming. */
interface Look extends Watched {
  what: 'look';
  /** What the look before saw; null: there was none. */
  seen: string | null;
  /** Schedules of a place have two names in turn: one may still be there while its call runs. */
  turn: 0 | 1;
}

/** The time of a timetable has come. */
interface Timetable {
  what: 'timetable';
  model: string;
  /** ISO 8601, the same however often Scheduler calls. */
  at: string;
}

/** A run on the merged state has ended well. */
interface Ended {
  what: 'ended';
  /** The execution. */
  arn: string;
}

/** The time of a look at production has come. */
interface LookTime {
  what: 'monitor';
  model: string;
  /** ISO 8601, the same however often Scheduler calls. */
  at: string;
}

/** A look at production has ended well. */
interface Looked {
  what: 'looked';
  /** The execution. */
  arn: string;
}

/** The time has come to ask whether looks at production still come. */
interface Heartbeat {
  what: 'heartbeat';
  model: string;
}

export type LandedEvent = Written | Look | Timetable | Ended | LookTime | Looked | Heartbeat;

/** What the function asks of AWS. */
export interface Starting {
  contextOf: (model: string) => StepContext;
  /** Starts an execution; else says which state the one of this name has. */
  start: (
    machine: 'promote' | 'release' | 'monitor',
    name: string,
    request: Request | ReleaseRequest | MonitorRequest,
  ) => Promise<'started' | string>;
  /** The request of an execution of the train machine. */
  requestOf: (arn: string) => Promise<Request>;
  /** The model of an execution of the monitor machine. */
  modelOf: (arn: string) => Promise<string>;
  /** Schedules a look; false if one of this name is pending. */
  schedule: (name: string, seconds: number, look: Look) => Promise<boolean>;
  /** Puts out whether a model's looks at production are overdue. */
  overdue: (model: string, is: boolean) => void;
}

/** Seconds from the first file to the first look. */
const firstLook = 60;

/** Starts what an event asks for, or says why nothing starts. Being called again with the same starts nothing more. */
export async function startLanded(event: LandedEvent, starting: Starting): Promise<string> {
  switch (event.what) {
    case 'object':
      if (event.key.endsWith(`/${completionMarker}`)) return await startOn(event, starting);
      return await lookLater({ ...watchedOf(event), what: 'look', seen: null, turn: 0 }, firstLook, starting);
    case 'look':
      return await look(event, starting);
    case 'timetable':
      return await onTime(event, starting);
    case 'ended':
      return await releasePromoted(event, starting);
    case 'monitor':
      return await lookAtProduction(event, starting);
    case 'looked':
      return await retrainDecayed(event, starting);
    case 'heartbeat':
      return await heartbeat(event, starting);
  }
}

const watchedOf = ({ model, purpose, uri, quiet }: Watched): Watched => ({ model, purpose, uri, quiet });

async function lookLater(next: Look, seconds: number, { schedule }: Starting): Promise<string> {
  const { model, purpose, quiet, turn } = next;
  if (quiet === null) return `${next.uri}: waits for a file ${completionMarker}`;
  const isNew = await schedule(`${model}-${purpose}-${turn}`, seconds, next);
  return isNew
    ? `${next.uri}: files land; the next look is in ${seconds} s`
    : `${next.uri}: files land; a look is scheduled already`;
}

async function look(event: Look, starting: Starting): Promise<string> {
  const now = await dataVersion(event.uri, starting.contextOf(event.model));
  if (event.seen === now) return await startOn(event, starting);
  const turn = event.turn === 0 ? 1 : 0;
  return await lookLater({ ...event, seen: now, turn }, event.quiet ?? firstLook, starting);
}

/** Starts a run or a release on all files of a place. */
async function startOn(place: Watched, starting: Starting): Promise<string> {
  const { model, purpose, uri } = place;
  const context = starting.contextOf(model);
  const files = dataFilesOf(await context.storage.listVersions(uri), uri);
  if (files.length === 0) return `${uri}: no file of rows landed; nothing starts`;
  const data: DataInput = { source: uri, uri, version: await dataVersion(uri, context) };
  const deployed = await deployedOf(context);
  if (deployed === null) return `${model}: main has deployed nothing yet; nothing starts`;
  const name = executionOf(model, purpose, files);
  const reason = `${files.length} ${files.length === 1 ? 'file' : 'files'} below ${uri}`;
  const keep = async () =>
    await context.ledger.put<Landed>(landedKind, purpose, {
      ...data,
      at: context.clock.now().toISOString(),
    });
  if (purpose === 'scoring') {
    // The release reads which rows they are from the ledger.
    await keep();
    return told(
      name,
      await starting.start('release', name, releaseRequest(model, triggerOf('data', reason))),
    );
  }
  if (deployed.request === undefined)
    return `${model}: an earlier version of the template deployed main; deploy it again, then data starts runs`;
  await keep();
  const request = trainingRequest(deployed.request, data, { kind: 'data', reason });
  return told(name, await starting.start('promote', name, request));
}

const told = (name: string, state: string, already = 'these files have been taken already'): string =>
  state === 'started' ? `${name}: started` : `${name}: ${already} (${state}): nothing new, nothing starts`;

/** Trains on the rows as they are now. */
async function onTime({ model, at }: Timetable, starting: Starting): Promise<string> {
  const context = starting.contextOf(model);
  const deployed = await deployedOf(context);
  if (deployed?.request === undefined) return `${model}: main has deployed nothing yet; nothing starts`;
  const { request } = deployed;
  const data = await newestData(request, deployed, context);
  const name = `schedule-${model}-${at.replaceAll(/[^0-9]/g, '').slice(0, 14)}`;
  return told(
    name,
    await starting.start('promote', name, trainingRequest(request, data, { kind: 'schedule', reason: at })),
  );
}

/** Releases what a run without anybody behind it has promoted. A workflow releases what it promoted itself. */
async function releasePromoted({ arn }: Ended, starting: Starting): Promise<string> {
  const execution = nameOf(arn);
  const request = await starting.requestOf(arn);
  const { model, trigger } = request;
  if (!['data', 'schedule', 'decay'].includes(trigger.kind))
    return `${execution}: a run of ${trigger.kind}; whoever started it releases`;
  // A workflow that data, a schedule or decay started leaves the promotion to itself, and its release with it.
  if (!request.promote)
    return `${execution}: a run of ${trigger.kind} that does not promote by itself; the workflow behind it releases`;
  const context = starting.contextOf(model);
  const champion = (await context.ledger.get<Champion>(championKind, championId))?.value;
  if (champion?.execution !== execution) return `${execution}: it promoted nothing; nothing starts`;
  const deployed = await deployedOf(context);
  if (deployed === null)
    throw new NotFoundError(`${model}: got no settings of main, expected those of its last run`);
  if ((await scoringOf(deployed, context.ledger)) === null && deployed.config.inference.mode === 'batch')
    return `${execution}: ${champion.package} is promoted; data.scoring names no rows to predict, so nothing is released`;
  const name = `release-${execution}`.slice(0, 80);
  const released = releaseRequest(model, trigger, champion.package);
  return told(name, await starting.start('release', name, released));
}

/** The rows as they are now: those that landed last, if main wants them so, and else those of main's last request. */
async function newestData({ data }: Request, { config }: Deployed, context: StepContext): Promise<DataInput> {
  const landed = config.triggers.data_landed
    ? (await context.ledger.get<Landed>(landedKind, 'training'))?.value
    : undefined;
  const { source, uri } = landed ?? data;
  return { source, uri, version: await dataVersion(uri, context) };
}

/** Looks at production, once for its time. */
async function lookAtProduction({ model, at }: LookTime, starting: Starting): Promise<string> {
  const deployed = await deployedOf(starting.contextOf(model));
  if (deployed === null) return `${model}: main has deployed nothing yet; nothing starts`;
  if (!deployed.config.monitoring)
    return `${model}: monitoring is off in what main deployed last; nothing starts`;
  const name = `look-${model}-${at.replaceAll(/[^0-9]/g, '').slice(0, 14)}`;
  return told(
    name,
    await starting.start('monitor', name, { model, at, retrain: true, trigger: triggerOf('schedule', at) }),
    'this time has been looked at already',
  );
}

/**
 * Starts the run that a look asks for. Whether it asks, record-look decided: once a package and not within the cool-down; it left
 * a claim, which is this look's still. A look has one run, because the run is named by it.
 */
async function retrainDecayed({ arn }: Looked, starting: Starting): Promise<string> {
  const look = nameOf(arn);
  const context = starting.contextOf(await starting.modelOf(arn));
  const record = (await context.ledger.get<LookRecord>(findingKind, look))?.value;
  if (record === undefined)
    throw new NotFoundError(`${look}: got no record of the look in the ledger, expected one: it has ended`);
  const { retrain, state } = record;
  if (!retrain.wanted) return `${look}: ${retrain.why}; nothing starts`;
  const decayed = state.plan?.package ?? '';
  const claim = await context.ledger.get<RetrainClaim>(retrainKind, decayed);
  // The event may come days late, out of the queue of lost events.
  if (claim?.value.look !== look)
    return `${look}: ${claim === null ? 'nothing claims' : `look ${claim.value.look} claims`} the run for ${decayed}; nothing starts`;
  const deployed = await deployedOf(context);
  if (deployed?.request === undefined)
    throw new NotFoundError(
      `${look}: got no request of main in the ledger, expected one to train with: deploy main again`,
    );
  const data = await newestData(deployed.request, deployed, context);
  const name = `decay-${look}`.length <= 80 ? `decay-${look}` : `decay-${sha256(look)}`;
  const request = trainingRequest(deployed.request, data, {
    kind: 'decay',
    reason: `decay of ${decayed} (look ${look})`,
    ...(retrain.since !== undefined && { since: retrain.since }),
  });
  const started = await starting.start('promote', name, request);
  if (claim.value.run === null)
    await context.ledger.putIf<RetrainClaim>(
      retrainKind,
      decayed,
      { ...claim.value, run: name },
      claim.version,
    );
  return told(name, started, 'the look has started its run already');
}

/** Says whether looks still come. Before the first one the time counts from main's last deployment. */
async function heartbeat({ model }: Heartbeat, starting: Starting): Promise<string> {
  const context = starting.contextOf(model);
  const deployed = await deployedOf(context);
  if (!deployed?.config.monitoring) {
    starting.overdue(model, false);
    return `${model}: main has deployed nothing that is looked at`;
  }
  const last = (await context.ledger.get<CurrentHistory>(monitoringKind, currentId))?.value.at;
  const { schedule } = deployed.config.monitoring;
  const { hours, most, isOverdue } = lateness(last ?? deployed.at, schedule, context.clock.now());
  starting.overdue(model, isOverdue);
  const since = last === undefined ? 'no look since the last deployment,' : 'the last look was';
  return `${model}: ${since} ${hours.toFixed(1)} hours ago, ${isOverdue ? 'overdue: expected at most' : 'of at most'} ${most.toFixed(1)}`;
}

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

async function deployedOf({ ledger }: StepContext): Promise<Deployed | null> {
  return (await ledger.get<Deployed>(deployedKind, currentId))?.value ?? null;
}

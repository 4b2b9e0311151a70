import { NotFoundError } from '../../../errors.ts';
import type { ReleaseRequest } from '../../../machines/release-request.ts';
import type { DataInput, Request } from '../../../machines/request.ts';
import { type Champion, championId, championKind, type StepContext } from '../../../steps/context.ts';
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

export type LandedEvent = Written | Look | Timetable | Ended;

/** What the function asks of AWS. */
export interface Starting {
  contextOf: (model: string) => StepContext;
  /** Starts an execution; else says which state the one of this name has. */
  start: (
    machine: 'promote' | 'release',
    name: string,
    request: Request | ReleaseRequest,
  ) => Promise<'started' | string>;
  /** The request of an execution of the train machine. */
  requestOf: (arn: string) => Promise<Request>;
  /** Schedules a look; false if one of this name is pending. */
  schedule: (name: string, seconds: number, look: Look) => Promise<boolean>;
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
  const files = dataFilesOf(await context.storage.list(uri), uri);
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

const told = (name: string, state: string): string =>
  state === 'started'
    ? `${name}: started`
    : `${name}: these files have been taken already (${state}): nothing new, nothing starts`;

/** Trains on the rows as they are now. */
async function onTime({ model, at }: Timetable, starting: Starting): Promise<string> {
  const context = starting.contextOf(model);
  const deployed = await deployedOf(context);
  if (deployed?.request === undefined) return `${model}: main has deployed nothing yet; nothing starts`;
  const { request } = deployed;
  const landed = deployed.config.triggers.data_landed
    ? (await context.ledger.get<Landed>(landedKind, 'training'))?.value
    : undefined;
  const { source, uri } = landed ?? request.data;
  const data = { source, uri, version: await dataVersion(uri, context) };
  const name = `schedule-${model}-${at.replaceAll(/[^0-9]/g, '').slice(0, 14)}`;
  return told(
    name,
    await starting.start('promote', name, trainingRequest(request, data, { kind: 'schedule', reason: at })),
  );
}

/** Releases what a run without anybody behind it has promoted. A workflow releases what it promoted itself. */
async function releasePromoted({ arn }: Ended, starting: Starting): Promise<string> {
  const execution = arn.slice(arn.lastIndexOf(':') + 1);
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

async function deployedOf({ ledger }: StepContext): Promise<Deployed | null> {
  return (await ledger.get<Deployed>(deployedKind, currentId))?.value ?? null;
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { championKind } from '../../../../steps/context.ts';
import {
  type CurrentHistory,
  findingKind,
  type LookRecord,
  monitoringKind,
} from '../../../../steps/monitor/records.ts';
import { type RunRecord, runKind } from '../../../../steps/train/run-record.ts';
import { FileLedger, readRecord } from '../file-ledger.ts';
import { unlessMissing } from '../files.ts';
import { recordProblem } from '../record-problem.ts';

/** Which runs are kept: the newest of each model, and all that are younger. */
export interface Limits {
  /** Milliseconds since 1970. */
  before: number;
  count: number;
}

interface Item {
  project: string;
  kind: string;
  model: string;
  id: string;
  folder: string;
  /** The newest version; of a champion all versions. */
  values: unknown[];
  /** Older versions than the newest. */
  older: string[];
  written: number;
}

/** Kinds that runs leave behind and that later ones make again. Records of all other kinds stay. */
const results = ['prepared', 'model', 'scores'];

export interface Records {
  /** Folders of the records that go. */
  removed: string[];
  /** Files of older versions of the records of old runs that stay. */
  older: string[];
  /** Every text in the records that stay: URIs of objects and of folders (with a slash at the end), names of jobs, images. */
  named: Set<string>;
  /** Names of the runs that stay. */
  runs: Set<string>;
  /** How many runs go. */
  removedRuns: number;
}

/**
 * Decides which records of all projects stay. Packages, champions of now and before, leases, looks and whatever else is not
 * the result of a job stay; a run stays if it is new, or made a champion; a look, if it is new or wrote the history; a result
 * stays if a record that stays names it.
 * @throws UnreadableRecordError, because what a record names that cannot be read would be lost
 */
export async function recordsOf(home: string, limits: Limits): Promise<Records> {
  const items: Item[] = [];
  for (const project of (await unlessMissing(readdir(join(home, 'ledger')))) ?? [])
    items.push(...(await itemsOf(join(home, 'ledger', project), project)));

  const isRun = ({ kind }: Item) => kind === runKind;
  const champions = namesIn(items.filter(({ kind }) => kind === championKind));
  const keptRuns = keptRunsOf(items.filter(isRun), champions, limits);
  const runs = new Set([...keptRuns].map(({ id }) => id));
  const isYoung = ({ written }: Item) => written >= limits.before;
  const keptLooks = keptLooksOf(items, limits);
  const stays = (item: Item): boolean => {
    if (isRun(item)) return keptRuns.has(item);
    if (item.kind === findingKind) return keptLooks.has(item);
    if (item.kind === 'execution') return runs.has(item.id) || isYoung(item);
    return !results.includes(item.kind) || isYoung(item);
  };
  const kept = new Set(items.filter(stays));
  const named = namesIn([...kept]);
  for (const item of items.filter(({ kind }) => results.includes(kind)))
    if (placesOf(item).some((place) => named.has(place))) kept.add(item);
  const removed = items.filter((item) => !kept.has(item));
  return {
    removed: removed.map(({ folder }) => folder),
    older: items
      .filter((item) => isRun(item) && kept.has(item) && !isYoung(item))
      .flatMap(({ older }) => older),
    named: withTrainedRows(namesIn([...kept])),
    runs,
    removedRuns: removed.filter(isRun).length,
  };
}

/** Where the files of a result are. */
function placesOf({ values }: Item): string[] {
  const [value] = values as { output?: string; trained?: { artifact?: string } }[];
  return [value?.output, value?.trained?.artifact].filter((place) => place !== undefined);
}

function keptRunsOf(runs: readonly Item[], champions: Set<string>, { before, count }: Limits): Set<Item> {
  const recordOf = ({ values }: Item) => values[0] as RunRecord;
  const models = Map.groupBy(runs, ({ project, model }) => `${project}/${model}`);
  const newest = [...models.values()].flatMap((those) =>
    those
      .sort((a, b) => Date.parse(recordOf(b).started_at) - Date.parse(recordOf(a).started_at))
      .slice(0, count),
  );
  const others = runs.filter(
    (run) => Date.parse(recordOf(run).finished_at) >= before || champions.has(run.id),
  );
  return new Set([...newest, ...others]);
}

function keptLooksOf(items: readonly Item[], { before, count }: Limits): Set<Item> {
  const looks = items.filter(({ kind }) => kind === findingKind);
  const recordOf = ({ values }: Item) => values[0] as LookRecord;
  const current = new Set(
    items
      .filter(({ kind }) => kind === monitoringKind)
      .map(({ project, model, values }) => `${project}/${model}/${(values[0] as CurrentHistory).execution}`),
  );
  const newest = [...Map.groupBy(looks, ({ project, model }) => `${project}/${model}`).values()].flatMap(
    (those) =>
      those
        .sort((a, b) => Date.parse(recordOf(b).started_at) - Date.parse(recordOf(a).started_at))
        .slice(0, count),
  );
  const others = looks.filter(
    (look) =>
      Date.parse(recordOf(look).finished_at) >= before ||
      current.has(`${look.project}/${look.model}/${look.id}`),
  );
  return new Set([...newest, ...others]);
}

async function itemsOf(root: string, project: string): Promise<Item[]> {
  const versions = [];
  for await (const file of new FileLedger(root).files()) versions.push(file);
  const items = Map.groupBy(versions, ({ kind, id }) => `${kind}\n${id}`);
  return await Promise.all(
    [...items.values()].map(async (files): Promise<Item> => {
      const [newest, ...older] = files.sort((a, b) => b.version - a.version);
      if (newest === undefined) throw new Error('a group has at least one member');
      const [kind = '', model = ''] = newest.kind.split('/');
      const read = kind === championKind ? files : [newest];
      return {
        project,
        kind,
        model,
        id: newest.id,
        folder: join(newest.path, '..'),
        values: await Promise.all(read.map(({ path }) => readRecord(path, newest.kind, recordProblem))),
        older: older.map(({ path }) => path),
        written: (await stat(newest.path)).mtimeMs,
      };
    }),
  );
}

/**
 * A package names the manifest of its preparation. Comparing with it also needs the list beside it, of the rows that its
 * model was trained on (trained-rows.ts).
 */
function withTrainedRows(named: Set<string>): Set<string> {
  const manifest = /\/manifest\/manifest\.json$/;
  const manifests = [...named].filter((text) => manifest.test(text));
  return new Set([...named, ...manifests.map((uri) => uri.replace(manifest, '/trained/'))]);
}

function namesIn(items: readonly Item[]): Set<string> {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value === 'string') found.add(value);
    else if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) look(inner);
  };
  for (const { values } of items) look(values);
  return found;
}

import { sha256Json } from '../../hash.ts';
import { labelled } from '../../tables/data-files.ts';

/*
 * Decides when data that lands starts a run, and which objects the run is for. A folder on this machine and a prefix of a
 * bucket are judged alike: what lands within the quiet time of something else belongs to the same run.
 */

/** An object below the place that is watched. */
export interface Landed {
  /** Its path below the place, with slashes. */
  name: string;
  bytes: number;
  /** Changes with every write: a version id, or size, time and number of a file. */
  version: string;
  /** When it was written, by its storage's clock, in milliseconds since 1970. */
  written: number;
  /** When this version was first seen, by the watcher's clock. */
  seen: number;
}

export type Decision =
  /** Nothing landed since the batch before. */
  | { kind: 'nothing' }
  /** Something landed, and more may follow. */
  | { kind: 'wait'; milliseconds: number }
  /** The data are whole. `landed`: those of the files that the batch before did not have. */
  | { kind: 'batch'; files: Landed[]; landed: Landed[] };

/** The object that says that a set of files is whole, as Hadoop and Spark write it. */
export const completionMarker = '_SUCCESS';

/**
 * Whether what is at a place now is a batch.
 *
 * Every object must have stood still for the quiet time, except where a completion marker was written after all of them. An
 * object that vanished starts nothing.
 * @param before the files of the batch before
 * @param quiet milliseconds
 */
export function decide(
  found: readonly Landed[],
  before: readonly Landed[],
  { now, quiet }: { now: number; quiet: number },
): Decision {
  const files = dataFiles(found);
  const known = new Set(before.map(identity));
  const landed = files.filter((file) => !known.has(identity(file)));
  if (landed.length === 0) return { kind: 'nothing' };
  const last = Math.max(...files.map(({ seen }) => seen));
  const left = last + quiet - now;
  if (left > 0 && !isComplete(found, files)) return { kind: 'wait', milliseconds: left };
  return { kind: 'batch', files, landed };
}

/** The name of a batch, which is the same for the same versions of the same objects, however often and in which order they are told. */
export const batchName = (files: readonly Landed[]): string =>
  `landed-${sha256Json(files.map(identity).sort()).slice(0, 32)}`;

/** The objects that are data: no hidden files and no markers. */
const dataFiles = (found: readonly Landed[]): Landed[] =>
  labelled(found, '').map(({ label, keys, ...file }) => file);

function isComplete(found: readonly Landed[], files: readonly Landed[]): boolean {
  const markers = found.filter(({ name }) => name.split('/').at(-1) === completionMarker);
  const latest = Math.max(...files.map(({ written }) => written));
  return markers.some(({ written }) => written >= latest);
}

const identity = ({ name, version }: Landed): string => JSON.stringify([name, version]);

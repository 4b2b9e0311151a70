import type { StepContext } from '../context.ts';
import { capturesFolder } from '../release/artifacts.ts';
import { type ReleaseRecord, releaseKind } from '../release/release-record.ts';
import { lookFolder } from './artifacts.ts';
import type { Span } from './open-windows.ts';
import type { CapturedCopy } from './state.ts';

/** What the prediction service was asked, as a look reads it. */
export interface Captures {
  /** Objects of requests that no look has counted. */
  fresh: string[];
  /** Objects of requests that were counted, whose labels are open. */
  open: string[];
  /** Copies that later looks read for their labels: on this machine alone, where the service's own files go after a while. */
  copies: CapturedCopy[];
  /** Requests before this time are counted after the look. ISO 8601; null: none yet. */
  until: string | null;
  /** Every package that may have answered. */
  packages: string[];
}

interface Asked {
  execution: string;
  at: string;
  /** Where the look before ended. */
  kept: { captured: string | null; captures: readonly CapturedCopy[] };
  /** The windows whose labels are open. */
  open: readonly Span[];
}

/** Finds the captured requests that no look has counted, and those whose labels are open. */
export async function findCaptures(asked: Asked, context: StepContext): Promise<Captures> {
  return context.region === null ? await onThisMachine(asked, context) : await onAws(asked, context);
}

const within = ({ from, to }: Span, spans: readonly Span[]): boolean =>
  spans.some((span) => from < span.to && to > span.from);

/** The service writes what it was asked to its file within this time. Milliseconds. */
const longestFlush = 2_000;

/**
 * The service goes on writing into its files, and removes the oldest: so what is new is copied.
 */
async function onThisMachine({ execution, at, kept, open }: Asked, context: StepContext): Promise<Captures> {
  const { storage, clock } = context;
  const from = kept.captured === null ? Number.NEGATIVE_INFINITY : Date.parse(kept.captured);
  const to = Math.min(Date.parse(at), clock.now().getTime() - longestFlush);
  const lines: string[] = [];
  const packages = new Set<string>();
  let first = to;
  for (const { uri } of await storage.list(capturesFolder(context))) {
    if (!uri.endsWith('.jsonl')) continue;
    for (const line of new TextDecoder().decode(await storage.read(uri)).split('\n')) {
      const entry = entryOf(line);
      const moment = entry === null ? Number.NaN : Date.parse(entry.at);
      if (entry === null || !(moment >= from && moment < to)) continue;
      lines.push(line);
      packages.add(entry.package);
      first = Math.min(first, moment);
    }
  }
  const earlier = kept.captures.filter((copy) =>
    within({ from: Date.parse(copy.from), to: Date.parse(copy.to) }, open),
  );
  const older = { open: earlier.map(({ uri }) => uri), packages: await everReleased(context) };
  if (lines.length === 0) return { ...older, fresh: [], copies: [...earlier], until: kept.captured };
  const uri = `${lookFolder(context, execution)}captures/${execution}.jsonl`;
  await storage.write(uri, `${lines.join('\n')}\n`);
  const copy = { uri, from: new Date(first).toISOString(), to: new Date(to).toISOString() };
  return {
    open: older.open,
    fresh: [uri],
    copies: [...earlier, copy],
    until: copy.to,
    packages: [...new Set([...older.packages, ...packages])],
  };
}

/** What a look needs to know of a captured prediction (serve/capture.ts: CaptureEntry). */
interface Entry {
  at: string;
  package: string;
}

/** null: the line is the start of one that is being written, or none of the service's. */
function entryOf(line: string): Entry | null {
  if (line.trim() === '') return null;
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}

const day = 86_400_000;

/** Each request has an object of its own, in the folder of its day, which stays: whole days are read. */
async function onAws({ at, kept, open }: Asked, context: StepContext): Promise<Captures> {
  const folder = capturesFolder(context);
  const to = Math.floor(Math.min(Date.parse(at), context.clock.now().getTime() - longestFlush) / day) * day;
  const from = kept.captured === null ? Number.NEGATIVE_INFINITY : Date.parse(kept.captured);
  const fresh: string[] = [];
  const labelled: string[] = [];
  for (const { uri } of await context.storage.list(folder)) {
    const [, year, month, date] = /^(\d{4})\/(\d{2})\/(\d{2})\//.exec(uri.slice(folder.length)) ?? [];
    const moment = Date.parse(`${year}-${month}-${date}T00:00:00Z`);
    if (!(moment < to)) continue;
    if (moment >= from) fresh.push(uri);
    else if (within({ from: moment, to: moment + day }, open)) labelled.push(uri);
  }
  return {
    fresh,
    open: labelled,
    copies: [],
    until: fresh.length === 0 ? kept.captured : new Date(to).toISOString(),
    packages: fresh.length + labelled.length === 0 ? [] : await everReleased(context),
  };
}

/** Every package that a release has shown to readers. */
async function everReleased({ ledger }: Pick<StepContext, 'ledger'>): Promise<string[]> {
  const shown = (await ledger.list<ReleaseRecord>(releaseKind)).map(({ value: { state } }) =>
    state.pointed === undefined ? undefined : state.plan?.package,
  );
  return [...new Set(shown.filter((name) => name !== undefined))];
}

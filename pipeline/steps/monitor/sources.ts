import type { StepContext } from '../context.ts';
import { capturesFolder, inputsFolder, predictionsFolder } from '../release/artifacts.ts';
import { type ReleaseRecord, releaseKind } from '../release/release-record.ts';
import { everReleased } from './packages.ts';
import type { KeptHistory } from './records.ts';
import { type Span, startOf } from './windows.ts';

/** The rows of one release. */
interface ReleaseSource {
  release: string;
  package: string;
  /** Its predictions were made in this time, milliseconds. */
  span: Span;
  predictions: string[];
  inputs: string[];
}

/** A file of captured requests. */
interface CaptureFile {
  uri: string;
  /** It holds nothing that was asked earlier. Milliseconds. */
  from: number;
}

/** All that production has left by the time of a look. */
export interface Found {
  releases: ReleaseSource[];
  captures: CaptureFile[];
  /** The captured requests that no look has counted: windows that are over. */
  uncounted: Span;
  /** Packages that may stand in captured requests. */
  packages: string[];
  /** Sentences. */
  notes: string[];
}

/**
 * Finds predictions and captured requests. Releases count once they have ended and readers saw them.
 * @throws UnreadableRecordError for a record of a release that cannot be used: nothing is left out in silence
 */
export async function find(
  { at, kept, window }: { at: number; kept: KeptHistory; window: number },
  context: StepContext,
): Promise<Found> {
  const { ledger, storage, clock } = context;
  const notes: string[] = [];
  const releases: ReleaseSource[] = [];
  for (const { value } of await ledger.list<ReleaseRecord>(releaseKind)) {
    const { release, state, started_at, finished_at } = value;
    const { plan, delivered, pointed } = state;
    const isOwn = plan?.mode === 'batch' && delivered?.release === release && pointed !== undefined;
    if (!isOwn || Date.parse(started_at) > at) continue;
    const filesOf = async (prefix: string) =>
      (await storage.list(prefix)).map(({ uri }) => uri).filter((uri) => uri.endsWith('.parquet'));
    const predictions = await filesOf(predictionsFolder(context, release));
    if (predictions.length === 0) {
      notes.push(
        `Release ${release} of ${plan.package}: its predictions are gone, so they are not read again.`,
      );
      continue;
    }
    releases.push({
      release,
      package: plan.package,
      span: { from: Date.parse(started_at), to: Date.parse(finished_at) },
      predictions,
      inputs: await filesOf(inputsFolder(context, release)),
    });
  }
  const folder = capturesFolder(context);
  const captures = (await storage.list(folder))
    .filter(({ uri }) => uri.endsWith('.jsonl'))
    .map(({ uri }) => ({ uri, from: begunAt(uri.slice(folder.length)) }));
  // What is asked now may still be on its way to a file.
  const until = startOf(Math.min(at, clock.now().getTime() - longestFlush), window);
  const from = kept.captured === null ? 0 : Date.parse(kept.captured);
  return {
    releases,
    captures,
    uncounted: { from, to: Math.max(from, until) },
    packages: captures.length === 0 ? [] : await everReleased(context),
    notes,
  };
}

/** Longest time from a request until it stands in its file. Milliseconds. */
const longestFlush = 60_000;

/** When a file was begun: `2026/03/01/ID.jsonl` on AWS, `20260301T101500000Z-PID.jsonl` on this machine. Milliseconds; 0: unknown. */
function begunAt(name: string): number {
  const [, year, month, day] = /^(\d{4})\/?(\d{2})\/?(\d{2})[/T]/.exec(name) ?? [];
  return year === undefined ? 0 : Date.parse(`${year}-${month}-${day}T00:00:00Z`);
}

/** The time of predictions that no look has counted yet. */
export function freshOf(
  { releases, captures, uncounted }: Found,
  { sources }: Pick<KeptHistory, 'sources'>,
): Span[] {
  const known = new Set(sources);
  const spans = releases.filter(({ release }) => !known.has(release)).map(({ span }) => span);
  const first = Math.min(...captures.map(({ from }) => from));
  const { from, to } = { ...uncounted, from: Math.max(uncounted.from, first) };
  return from < to ? [...spans, { from, to: to - 1 }] : spans;
}

/** What a look reads. */
export interface Sources {
  releases: (ReleaseSource & { count: boolean })[];
  captures: { from: string; to: string; files: string[] } | null;
  packages: string[];
}

/** Chooses what is new, and what has predictions of windows whose labels are read. */
export function choose(
  { releases, captures, uncounted, packages }: Found,
  { sources }: Pick<KeptHistory, 'sources'>,
  label: readonly { start: string; end: string }[],
): Sources {
  const spans = label.map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) }));
  const isLabelled = ({ from, to }: Span) => spans.some((span) => from < span.to && to >= span.from);
  const known = new Set(sources);
  const chosen = releases
    .map((each) => ({ ...each, count: !known.has(each.release) }))
    .filter(({ count, span }) => count || isLabelled(span));
  const latest = Math.max(uncounted.to, ...spans.map(({ to }) => to));
  const isWanted = uncounted.to > uncounted.from || spans.length > 0;
  const files = isWanted ? captures.filter(({ from }) => from < latest).map(({ uri }) => uri) : [];
  return {
    releases: chosen,
    captures:
      files.length === 0
        ? null
        : { from: new Date(uncounted.from).toISOString(), to: new Date(uncounted.to).toISOString(), files },
    packages: [...new Set([...chosen.map((each) => each.package), ...(files.length === 0 ? [] : packages)])],
  };
}

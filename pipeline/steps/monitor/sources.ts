import type { StepContext } from '../context.ts';
import { inputsFolder, predictionsFolder } from '../release/artifacts.ts';
import { type ReleaseRecord, releaseKind } from '../release/release-record.ts';
import type { Span } from './open-windows.ts';

/** The predictions of one release that a look reads. */
interface ReleaseSource {
  release: string;
  package: string;
  /** No look has counted them; the others are read for their labels alone. */
  isNew: boolean;
  predictions: string[];
  /** The columns that they were made from; of a new release only. */
  inputs: string[];
}

/** What a look reads. */
export interface Sources {
  releases: ReleaseSource[];
  /** Releases whose predictions are gone and were never counted. */
  gone: string[];
  /** Sentences. */
  notes: string[];
}

/**
 * Finds the predictions that no look has counted, and those whose labels are open. Releases count once they have ended and
 * readers saw them.
 * @param known releases that looks have counted
 * @throws UnreadableRecordError for a record of a release that cannot be used: nothing is left out in silence
 */
export async function findSources(
  { at, known, open }: { at: string; known: ReadonlySet<string>; open: readonly Span[] },
  context: StepContext,
): Promise<Sources> {
  const releases: ReleaseSource[] = [];
  const gone: string[] = [];
  const notes: string[] = [];
  for (const { value } of await context.ledger.list<ReleaseRecord>(releaseKind)) {
    const { release, state, started_at, finished_at } = value;
    const { plan, delivered, pointed } = state;
    const isOwn = plan?.mode === 'batch' && delivered?.release === release && pointed !== undefined;
    if (!isOwn || Date.parse(started_at) > Date.parse(at)) continue;
    const isNew = !known.has(release);
    // Predictions are dated between the release's start and its end.
    const [from, to] = [Date.parse(started_at), Date.parse(finished_at)];
    if (!isNew && !open.some((span) => from < span.to && to >= span.from)) continue;
    const predictions = await parquetBelow(predictionsFolder(context, release), context);
    if (predictions.length === 0) {
      if (isNew) gone.push(release);
      notes.push(
        `The predictions of release ${release} (${plan.package}) are gone: ${isNew ? 'they are not counted' : 'no further labels are joined to them'}.`,
      );
      continue;
    }
    releases.push({
      release,
      package: plan.package,
      isNew,
      predictions,
      inputs: isNew ? await parquetBelow(inputsFolder(context, release), context) : [],
    });
  }
  return { releases, gone, notes };
}

async function parquetBelow(prefix: string, { storage }: StepContext): Promise<string[]> {
  return (await storage.list(prefix)).map(({ uri }) => uri).filter((uri) => uri.endsWith('.parquet'));
}

import { open } from 'node:fs/promises';
import type { Backend } from '../../backends/backend.ts';
import { environmentsOf } from '../../config/environment.ts';
import type { Config } from '../../config/schema.ts';
import { estimateRelease, type ReleaseCost, releaseCostText, unpricedText } from '../../cost/release-cost.ts';
import type { DataInput } from '../../machines/request.ts';
import type { Report } from '../../report/report.ts';
import { jobRun, type StepContext } from '../../steps/context.ts';
import { currentId, type Pointer, pointerKind } from '../../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../../steps/release/release-record.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';
import { openCsv } from '../../tables/csv.ts';
import { labelled } from '../../tables/data-files.ts';

/** What a promotion of a run's candidate releases, with its cost; null if mlops.yaml asks for nothing. */
export async function releaseFactsOf(
  run: RunRecord,
  { name, environment, context }: Pick<Backend, 'name' | 'environment' | 'context'>,
): Promise<NonNullable<Report['release']> | null> {
  const { config, scoring = null, mode } = run.state.request;
  // Runs of an earlier version have other settings.
  const source = config.data.scoring ?? null;
  const released = config.inference?.mode ?? 'batch';
  if (source === null && released === 'batch') return null;
  const facts = {
    mode: released,
    source,
    rows: scoring === null ? null : await countRows(scoring, config, context),
  };
  if (name === 'embedded') return { ...facts, places: [], note: '' };
  const { earlier, basis } = await earlierJobs(run, context);
  // A merge deploys every environment, in this order; a run that promotes does so in its own.
  const costs = environmentsOf(config)
    .filter(({ deployment }) => mode === 'evaluate' || deployment.environment === environment)
    .map(({ deployment }) => ({
      environment: deployment.environment,
      cost: estimateRelease(config, deployment.region, { predicts: source !== null, earlier }),
    }));
  return {
    ...facts,
    places: costs.map((place) => ({ environment: place.environment, cost: releaseCostText(place.cost) })),
    note: noteOn(
      costs.map(({ cost }) => cost),
      basis,
    ),
  };
}

function noteOn(costs: ReleaseCost[], basis: string): string {
  const isExpected = costs.some(({ jobs }) => jobs.some((job) => job.basis === 'expected'));
  const missing = [...new Set(costs.map(unpricedText).filter((text) => text !== ''))];
  return [
    ...(isExpected
      ? [`The cost of a release is that of its jobs, if they take as long as those of ${basis}.`]
      : []),
    ...missing.map((text) => `Release: ${text}`),
  ].join(' ');
}

/** The jobs of the last release; before the first, those of the run, which are of the same kinds. */
async function earlierJobs({ state }: RunRecord, { ledger }: Pick<StepContext, 'ledger'>) {
  const pointer = (await ledger.get<Pointer>(pointerKind, currentId))?.value;
  const last = pointer && (await ledger.get<ReleaseRecord>(releaseKind, pointer.release))?.value.state;
  const [laid, scored] = [jobRun(last?.laid), jobRun(last?.scored)];
  if (laid !== null && scored !== null)
    return { earlier: { prepare: laid, score: scored }, basis: 'the last release' };
  const [prepare, score] = [jobRun(state.prepared), jobRun(state.scores?.candidate)];
  return {
    earlier: { ...(prepare && { prepare }), ...(score && { score }) },
    basis: 'this run',
  };
}

/** Most bytes that are read for a number in a sentence. */
const MOST_BYTES = 50_000_000;

/** The number of rows to predict; null if that is not known without much reading. */
async function countRows(
  { uri, source }: DataInput,
  { data }: Config,
  { storage }: Pick<StepContext, 'storage'>,
): Promise<number | null> {
  try {
    const objects = (await storage.list(uri)).map((object) => ({
      ...object,
      name: object.uri.slice(uri.length).replace(/^\/+/, ''),
    }));
    const files = labelled(objects, source);
    if (files.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES) return null;
    let rows = 0;
    for (const file of files) rows += await rowsOf(await storage.localFile(file.uri), data);
    return rows;
  } catch {
    // The release itself says what is wrong with its rows; a report does not fail on their number.
    return null;
  }
}

async function rowsOf(path: string, { format, csv }: Config['data']): Promise<number> {
  if (format === 'parquet') {
    const { openParquet } = await import('../../tables/parquet.ts'); // imported on demand: it takes 60 ms and 15 MB
    return (await openParquet(path)).rows;
  }
  const file = await open(path);
  try {
    const table = await openCsv(file, { dialect: csv });
    let rows = 0;
    while (await table.load()) while (table.next()) rows += 1;
    return rows;
  } finally {
    await file.close();
  }
}

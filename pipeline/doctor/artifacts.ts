import { join, relative } from 'node:path';
import { type EmbeddedContext, embeddedContext } from '../backends/embedded/embedded-context.ts';
import { setAside } from '../backends/embedded/state/aside.ts';
import { unfinishedRuns } from '../backends/embedded/state/run-owner.ts';
import { formatCountOf } from '../format.ts';
import { kindOf } from '../model-ledger.ts';
import type { ModelPackage, ObjectVersion } from '../ports.ts';
import { jobHash, type Prepared, type Scored, type TrainedModel } from '../steps/context.ts';
import { type RunRecord, runKind } from '../steps/train/run-record.ts';
import { namedHash } from '../steps/train/unchanged.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { firstOf } from './records.ts';
import { repairs, type State } from './state-folder.ts';

/** The result of a job, as the ledger records it. */
interface Result {
  kind: 'prepared' | 'model' | 'scores';
  id: string;
  objects: ObjectVersion[];
}

const words = { prepared: 'prepared data', model: 'model', scores: 'scores' };

/**
 * Checks that the files that runs left are what was recorded: none gone, cut short or replaced. With `repair` moves aside the
 * records that no longer hold, so that the next run makes their files again.
 */
export async function checkArtifacts(state: State): Promise<Check> {
  const context = embeddedContext(state);
  const runs = (await context.ledger.list<RunRecord>(runKind, () => {})).map(({ id }) => id);
  const describe = describeOnce(context);
  const results = await broken(await resultsOf(context), ({ objects }) => objects, describe);
  const packages = await broken(await packagesOf(context), partsOf, describe);
  if (results.length + packages.length === 0) return ok('Artifacts', 'what was recorded is there, unchanged');

  const found = [
    ...results.map(({ item, why }) => `${words[item.kind]} of ${runOf(item, runs, state)}: ${why}`),
    ...packages.map(({ item, why }) => `package ${item.name} of run ${item.execution}: ${why}`),
  ];
  const count = formatCountOf(found.length, 'damaged artifact');
  const aboutPackages =
    packages.length === 0
      ? ''
      : `${packages.map(({ item }) => item.name).join(', ')} can be neither promoted nor compared with until the files are restored from a backup; train again to make another package. `;
  if (!state.repair) {
    const say = packages.length > 0 ? problem : warning;
    const again =
      results.length > 0 ? `The next run makes the rest again. ${repairs}` : 'Nothing else depends on them.';
    return say('Artifacts', `${count}: ${firstOf(found)}`, `${aboutPackages}${again}`);
  }
  const { driven } = await unfinishedRuns(join(state.home, 'runs'));
  if (results.length > 0 && driven.length > 0)
    return warning(
      'Artifacts',
      `${count}: ${firstOf(found)}`,
      `A run is in progress (${driven.join(', ')}); repair after it has ended.`,
    );
  const moved: string[] = [];
  for (const { item } of results) {
    const record = context.table.folder(kindOf(item.kind, state.model), item.id);
    moved.push(relative('', await setAside(state.home, record)));
  }
  const repaired =
    moved.length === 0 ? '' : `; moved aside, so that the next run makes them again: ${firstOf(moved)}`;
  const detail = `${count}: ${firstOf(found)}${repaired}`;
  return packages.length > 0
    ? problem('Artifacts', detail, aboutPackages.trim())
    : ok('Artifacts', `repaired: ${detail}`);
}

async function resultsOf({ ledger }: EmbeddedContext): Promise<Result[]> {
  const listed = async <T>(kind: Result['kind'], objectsOf: (value: T) => ObjectVersion[] | undefined) =>
    (await ledger.list<T>(kind, () => {})).map(({ id, value }) => ({
      kind,
      id,
      objects: objectsOf(value) ?? [],
    }));
  return [
    ...(await listed<Prepared>('prepared', ({ objects }) => objects)),
    ...(await listed<TrainedModel>('model', ({ trained }) => trained.objects)),
    ...(await listed<Scored>('scores', ({ objects }) => objects)),
  ];
}

async function packagesOf({ registry }: EmbeddedContext): Promise<ModelPackage[]> {
  const found: ModelPackage[] = [];
  for (const { name } of await registry.list()) {
    const item = await registry.get(name);
    if (item !== null) found.push(item);
  }
  return found;
}

/** A file that must be there. */
interface Part {
  uri: string;
  /** null if it was not recorded. */
  sha256: string | null;
  bytes?: number;
  /** Its role in a package, for messages. */
  what?: string;
}

/** The files of a package that later runs read. */
function partsOf({ objects = [], artifact, config, code, preparation }: ModelPackage): Part[] {
  const { settings, manifest, script } = preparation;
  const named = { configuration: config, 'list of files': code, 'preparation settings': settings, manifest };
  return [
    ...objects.map((object) => ({ ...object, what: 'artifact' })),
    ...(objects.length === 0 ? [{ uri: artifact, sha256: null, what: 'artifact' }] : []),
    ...(script ? [{ ...script, what: 'prepare script' }] : []),
    ...Object.entries(named).map(([what, uri]) => ({ what, uri, sha256: namedHash(uri) })),
  ];
}

type Describe = (uri: string) => Promise<ObjectVersion | null>;

/** Describing reads and hashes a whole file, and a package has the files of the model that it was made of. */
function describeOnce({ storage }: EmbeddedContext): Describe {
  const described = new Map<string, Promise<ObjectVersion | null>>();
  return (uri) => {
    const found = described.get(uri) ?? storage.describe(uri);
    described.set(uri, found);
    return found;
  };
}

/** What is wrong with the first file of a package that is not what was recorded; null if all are. */
export const brokenPart = (found: ModelPackage, { storage }: EmbeddedContext): Promise<string | null> =>
  firstWrong(partsOf(found), (uri) => storage.describe(uri));

/** The items with a file that is not what was recorded, and what is wrong with the first such file. */
async function broken<T>(
  items: readonly T[],
  filesOf: (item: T) => Part[],
  describe: Describe,
): Promise<{ item: T; why: string }[]> {
  const found: { item: T; why: string }[] = [];
  for (const item of items) {
    const why = await firstWrong(filesOf(item), describe);
    if (why !== null) found.push({ item, why });
  }
  return found;
}

async function firstWrong(parts: readonly Part[], describe: Describe): Promise<string | null> {
  for (const part of parts) {
    // Earlier versions of the pipeline recorded fewer URIs.
    if (part.uri === undefined) return `its ${part.what} is missing`;
    const why = wrong(part, await describe(part.uri));
    if (why !== null)
      return `${part.what === undefined ? part.uri : `its ${part.what} (${part.uri})`} ${why}`;
  }
  return null;
}

function wrong({ bytes, sha256 }: Part, now: ObjectVersion | null): string | null {
  if (now === null) return 'is gone';
  if (sha256 === null || now.sha256 === sha256) return null;
  if (bytes !== undefined && now.bytes < bytes) return `is cut short: ${now.bytes} of ${bytes} bytes`;
  return 'has other content than what was recorded';
}

/** The run that made a result: its hash is in the place of the files. */
function runOf({ objects }: Result, runs: readonly string[], state: State): string {
  const run = runs.find((execution) =>
    objects.some(({ uri }) => uri.includes(`/${jobHash(execution, state)}/`)),
  );
  return run === undefined ? 'a run that has no record' : `run ${run}`;
}

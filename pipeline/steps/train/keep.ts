import type { Request } from '../../machines/request.ts';
import type { ObjectVersion } from '../../ports.ts';
import {
  type Manifest,
  type Prepared,
  readJson,
  type Scored,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import { requireStagedInputs } from './inputs.ts';

/** A job's result, as the ledger keeps it for later runs. */
type Item = { prepared: Prepared; model: TrainedModel; scores: Scored };

export type KeepEvent = {
  [Kind in keyof Item]: {
    kind: Kind;
    /** The id of the ledger item. */
    key: string;
    /** The item, with the places where the job wrote. */
    item: Item[Kind];
    /** The prefix for the copies. */
    to: string;
    /** Of scores: the file of the rows that were scored. */
    rows: string | null;
    request: Request;
  };
}[keyof Item];

/** A job wrote something else than it says. */
export class JobOutputError extends Error {
  override readonly name = 'JobOutputError';
}

/**
 * Copies what a job wrote from the folder that jobs may write to one that only this function may, and records the copies
 * in the ledger with their versions and hashes. A job runs code of a pull request, and all jobs of a mode share one role:
 * so only an object that was written exactly once is the job's own. Returns the job's result with the places of the
 * copies. Throws RewrittenError, and JobOutputError if the prepared files are not those of their manifest.
 */
export async function keep(
  event: KeepEvent,
  context: StepContext,
): Promise<Prepared | TrainedModel['trained'] | Scored> {
  const { ledger } = context;
  switch (event.kind) {
    case 'prepared': {
      // The job read the data after Plan had checked them.
      await requireStagedInputs(event.request, context);
      const kept = { ...event.item, ...(await copyFolder(event.item.output, event.to, context)) };
      await requireManifest(kept, context);
      await ledger.put(event.kind, event.key, kept);
      return kept;
    }
    case 'model': {
      const trained = {
        ...event.item.trained,
        ...(await copyModel(event.item.trained.artifact, event.to, context)),
      };
      await ledger.put(event.kind, event.key, { ...event.item, trained });
      return trained;
    }
    case 'scores': {
      const kept = { ...event.item, ...(await copyFolder(event.item.output, event.to, context)) };
      // A transform answers one file by one. Any other was not written by it.
      requireOnly([outputOf(event.rows)], kept);
      await ledger.put(event.kind, event.key, kept);
      return kept;
    }
  }
}

type Kept = Required<Pick<Prepared, 'output' | 'objects'>>;

/** Most objects that a job may leave: the machine's state and the ledger hold their list. */
const mostObjects = 100;

/** Copies a folder that a job wrote to a place that jobs may not write. */
export async function copyFolder(
  from: string,
  to: string,
  { storage, root }: StepContext,
): Promise<{ output: string; objects: ObjectVersion[] }> {
  requireOfJob(from, root);
  const found = await storage.list(from);
  if (found.length === 0 || found.length > mostObjects)
    throw new JobOutputError(`${from}: got ${found.length} objects, expected 1 to ${mostObjects}`);
  const objects: ObjectVersion[] = [];
  for (const { uri } of found) objects.push(await storage.take(uri, to + uri.slice(from.length)));
  return { output: to, objects };
}

/** Copies a model, and the report that its training may have written beside it. */
async function copyModel(
  artifact: string,
  to: string,
  { storage, root }: StepContext,
): Promise<{ artifact: string; objects: ObjectVersion[] }> {
  requireOfJob(artifact, root);
  const model = await storage.take(artifact, `${to}model.tar.gz`);
  const report = artifact.replace(/model\.tar\.gz$/, 'output.tar.gz');
  const objects = [model];
  if (report !== artifact && (await storage.exists(report)))
    objects.push(await storage.take(report, `${to}output.tar.gz`));
  return { artifact: model.uri, objects };
}

/** Throws JobOutputError unless the place is one that jobs may write. */
export function requireOfJob(uri: string, root: string): void {
  if (!uri.replace(/^https:\/\/s3\.[^/]+\//, 's3://').startsWith(`${root}/jobs-`))
    throw new JobOutputError(`${uri}: got another place, expected one below ${root}/jobs-`);
}

/** The name of the file that a transform writes for a file of rows. */
export const outputOf = (rows: string | null): string =>
  `${(rows ?? '').slice((rows ?? '').lastIndexOf('/') + 1)}.out`;

/** Throws JobOutputError unless the folder holds these files and no other: all jobs of a mode may write into it. */
export function requireOnly(expected: readonly string[], { output, objects }: Kept): void {
  const found = objects.map(({ uri }) => uri.slice(output.length)).sort();
  if (found.join('\n') !== [...expected].sort().join('\n'))
    throw new JobOutputError(`${output}: got the files ${found.join(', ')}, expected ${expected.join(', ')}`);
}

/** Throws JobOutputError unless there are the files of the manifest, with the hashes that it gives, and no other. */
async function requireManifest({ output, objects }: Kept, context: StepContext) {
  const manifest = await readJson<Partial<Manifest>>(context, `${output}manifest/manifest.json`);
  const files = Object.entries(manifest.files ?? {});
  if (files.length === 0)
    throw new JobOutputError(`${output}manifest/manifest.json: got no files, expected the holdout`);
  requireOnly(['manifest/manifest.json', ...files.map(([, { path }]) => path)], { output, objects });
  for (const [name, { path, sha256 }] of files) {
    const found = objects.find(({ uri }) => uri === output + path)?.sha256 ?? 'no such file';
    if (found !== sha256)
      throw new JobOutputError(
        `${output}manifest/manifest.json: files.${name}: got ${sha256}, but the file has ${found}`,
      );
  }
}

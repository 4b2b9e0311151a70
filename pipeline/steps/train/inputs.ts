import { InputChangedError } from '../../errors.ts';
import { sha256Json } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import { artifactsOf, type StepContext } from '../context.ts';

type Context = Pick<StepContext, 'storage' | 'root' | 'model'>;

/**
 * Checks that the data and the script of a run are what its request says they are. The fingerprint, by which a merge finds
 * the model of its pull request, is made from both, and whoever starts a run could write anything into its request.
 * @throws InputChangedError
 */
export async function requireInputs(request: Request, context: Context): Promise<void> {
  const { data, script, code } = request;
  // Nobody can replace an object there. Any other place of the artifacts is no place for inputs.
  const staged = artifactsOf(context, `inputs-${request.mode}`);
  const { holdout = null } = data;
  const own = {
    'data.uri': isStaged(data.uri, context) ? data.uri : null,
    'data.holdout.uri': holdout !== null && isStaged(holdout.uri, context) ? holdout.uri : null,
    script: script?.uri ?? null,
    code,
  };
  for (const [name, uri] of Object.entries(own))
    if (uri !== null && (!uri.startsWith(staged) || uri.includes('..')))
      throw new InputChangedError(`request: ${name}: got ${uri}, expected an object below ${staged}`);
  for (const { uri, version: expected } of [data, ...(holdout === null ? [] : [holdout])]) {
    const version = await dataVersion(uri, context);
    if (version !== expected)
      throw new InputChangedError(
        `${uri}: got data of version ${version}, expected ${expected}, with which the run was started: ` +
          'the data changed in the meantime; run again',
      );
  }
  if (script === null) return;
  const found =
    (await context.storage.describe(script.uri))?.sha256 ?? 'none, because there is no such object';
  if (found !== script.sha256)
    throw new InputChangedError(
      `${script.uri}: got a prepare script with the sha256 ${found}, expected ${script.sha256}, with which the run was started`,
    );
}

/** Like requireInputs, but leaves out data in the user's own buckets, where more may have landed since. */
export async function requireStagedInputs(request: Request, context: Context): Promise<void> {
  const { holdout = null, ...data } = request.data;
  const staged = [data, holdout].filter((input) => input !== null && isStaged(input.uri, context));
  const [first, second = null] = staged;
  if (first) await requireInputs({ ...request, data: { ...first, holdout: second } }, context);
}

/**
 * The version of the data at a URI: of files that a run staged, by their names and content, which is the same for every
 * folder; of a user's own objects, by their URIs and versions.
 */
export async function dataVersion(uri: string, context: Context): Promise<string> {
  const { storage } = context;
  if (!isStaged(uri, context)) {
    const objects = await storage.listVersions(uri);
    return sha256Json(objects.map(({ uri, version }) => [uri, version]));
  }
  const files: { name: string; sha256: string }[] = [];
  for (const object of await storage.list(uri)) {
    const sha256 = (await storage.describe(object.uri))?.sha256 ?? '';
    files.push({ name: object.uri.slice(uri.length), sha256 });
  }
  return versionOfFiles(files);
}

/** The version of files by their names, relative to their folder, and their content. */
export const versionOfFiles = (files: readonly { name: string; sha256: string }[]): string =>
  sha256Json(
    files.map(({ name, sha256 }): [string, string] => [name, sha256]).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const isStaged = (uri: string, { root }: Pick<Context, 'root'>): boolean => uri.startsWith(`${root}/`);

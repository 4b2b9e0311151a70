import { stat } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import type { Backend, LocalFile, PushedImages } from '../../backends/backend.ts';
import { byCodePoint } from '../../code-points.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { locate } from '../../config/locate.ts';
import type { Config } from '../../config/schema.ts';
import { ConfigError, problemLine } from '../../errors.ts';
import { formatDuration } from '../../format.ts';
import { canonicalJson, sha256File, sha256Json } from '../../hash.ts';
import {
  type DataInput,
  dataVersionOf,
  type Request,
  type TimeLimit,
  type Trigger,
} from '../../machines/request.ts';
import { artifactsOf } from '../../steps/context.ts';
import { dataVersion, versionOfFiles } from '../../steps/train/inputs.ts';
import { filesBelow } from '../../tables/data-files.ts';
import { checkoutOf } from './git.ts';

export interface RequestOptions {
  backend: Backend;
  /** Its path is for messages, and the paths in it are relative to it. */
  loaded: Pick<LoadedConfig, 'config' | 'path' | 'problemAt'>;
  mode: 'evaluate' | 'promote';
  promote: boolean;
  /** Give `ref` and `commit` if the checkout has others: a pull request's checkout is a merge commit on no branch. */
  trigger: Pick<Trigger, 'kind' | 'reason' | 'actor'> & Partial<Pick<Trigger, 'ref' | 'commit'>>;
  /** @default looked for by the tag of their content */
  pushed?: PushedImages;
  /** The package to compare with if there is no champion. */
  baseline: string | null;
  /** Sentences for the record and the report. */
  notes: string[];
}

/** Makes an execution's input from mlops.yaml and a checkout; stores data, script and code by their content's hash. */
export async function makeRequest(options: RequestOptions): Promise<Request> {
  const { backend, loaded, mode, promote, trigger } = options;
  const { config, path: file } = loaded;
  const at = (path: string) => locate(path, file);
  const checkout = await checkoutOf(dirname(resolve(file)));
  // Check the files first, because the images may take minutes.
  const staged = { file, mode, backend };
  const data = await stageData(config, staged);
  const { scoring: rows } = config.data;
  const scoring = rows === null ? null : await stageFiles('data.scoring', rows, staged);
  const truth = await stageTruth(config, staged);
  const script = config.prepare.script ? await stageScript(config.prepare.script, staged) : null;
  const context = config.model.context === null ? null : await at(config.model.context);
  const {
    code,
    notes = [],
    ...images
  } = await backend.images({
    context,
    image: config.model.image,
    pushed: options.pushed ?? {},
  });
  const codeName = `${sha256Json(code)}.json`;
  const codeFolder = `${artifactsOf(backend.context, `inputs-${mode}`)}code/`;
  await backend.stage([{ name: codeName, text: canonicalJson(code) }], codeFolder);
  return {
    model: config.name,
    mode,
    promote: promote && mode === 'promote',
    trigger: {
      ...trigger,
      ref: trigger.ref ?? checkout?.ref ?? null,
      commit: trigger.commit ?? checkout?.commit ?? null,
      dirty: checkout?.dirty ?? false,
    },
    config,
    seed: 0,
    images,
    data,
    scoring,
    truth,
    script,
    code: `${codeFolder}${codeName}`,
    baseline: options.baseline,
    limits: {
      'prepare.max_runtime': limitOf('prepare.max_runtime', config.prepare, loaded),
      'training.max_runtime': limitOf('training.max_runtime', config.training, loaded),
    },
    notes: [...options.notes, ...notes],
  };
}

const limitOf = (
  setting: TimeLimit,
  { max_runtime }: { max_runtime: number },
  { path, problemAt }: Pick<LoadedConfig, 'path' | 'problemAt'>,
): string => problemLine(path, problemAt(setting, formatDuration(max_runtime)));

/** Where the inputs of a run are staged. Whoever may only evaluate cannot write the folder of runs that promote. */
interface Staging {
  /** The path of mlops.yaml. */
  file: string;
  mode: Request['mode'];
  backend: Backend;
}

async function stageData({ data }: Config, staging: Staging): Promise<Request['data']> {
  const rows = await stageFiles('data.source', data.source, staging);
  if (data.split.by !== 'file') return rows;
  return { ...rows, holdout: await stageFiles('data.split.source', data.split.source, staging) };
}

/**
 * Stages the labels that monitoring reads; null where there are none to read. A folder without files has none yet. Throws
 * ConfigError if nothing is at their path.
 */
export async function stageTruth({ monitoring }: Config, staging: Staging): Promise<DataInput | null> {
  const truth = monitoring?.truth ?? null;
  if (truth === null) return null;
  // Labels may come later to a bucket, and to a folder that is there; a path where nothing is, is a mistake.
  if (!truth.startsWith('s3://'))
    return (await isFolder(await locate(truth, staging.file)))
      ? await stageFolder(truth, staging)
      : await stageFiles('monitoring.truth', truth, staging);
  return { source: truth, uri: truth, version: await dataVersion(truth, staging.backend.context) };
}

/** The version of the training rows as they are now, without staging them. Throws ConfigError if there are none. */
export async function trainingRowsNow(
  { data }: Config,
  staging: Staging,
): Promise<Pick<DataInput, 'source' | 'version'>> {
  const rows = await filesOf('data.source', data.source, staging);
  const holdout =
    data.split.by === 'file' ? await filesOf('data.split.source', data.split.source, staging) : null;
  return { source: data.source, version: dataVersionOf({ ...rows.input, holdout: holdout?.input ?? null }) };
}

/** Stages the files of a setting. Throws ConfigError if there are none. */
export async function stageFiles(path: string, source: string, staging: Staging): Promise<DataInput> {
  const { files, input } = await filesOf(path, source, staging);
  if (files !== null) await staging.backend.stage(files, input.uri);
  return input;
}

/** The files of a setting with their version, and where they are staged; no files: they are on S3 already. */
async function filesOf(
  path: string,
  source: string,
  { file, mode, backend }: Staging,
): Promise<{ files: LocalFile[] | null; input: DataInput }> {
  if (source.startsWith('s3://')) {
    const objects = await backend.context.storage.list(source);
    if (objects.length === 0) throw missing(file, path, source, 'at least one object');
    const input = { source, uri: source, version: await dataVersion(source, backend.context) };
    return { files: null, input };
  }
  const files = await dataFiles(await locate(source, file));
  if (files.length === 0) throw missing(file, path, source, 'a file, or a folder with files');
  return { files, input: await placeOf(files, source, { mode, backend }) };
}

/** The version of files on this machine, and where they are staged. */
async function placeOf(
  files: readonly { path: string; name: string }[],
  source: string,
  { mode, backend }: Pick<Staging, 'mode' | 'backend'>,
): Promise<DataInput> {
  const version = versionOfFiles(
    await Promise.all(files.map(async ({ path, name }) => ({ name, sha256: await sha256File(path) }))),
  );
  return { source, uri: `${artifactsOf(backend.context, `inputs-${mode}`)}data/${version}/`, version };
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() ?? false;

/** Stages the files of a folder, of which there may be none. */
async function stageFolder(source: string, staging: Staging): Promise<DataInput> {
  const files = await dataFiles(await locate(source, staging.file));
  const input = await placeOf(files, source, staging);
  if (files.length > 0) await staging.backend.stage(files, input.uri);
  return input;
}

const missing = (file: string, path: string, got: string, expected: string) =>
  new ConfigError(file, [
    { path, message: `got ${JSON.stringify(got)}, where nothing was found; expected ${expected}` },
  ]);

/**
 * The data files at a path: the file itself, or all files in the folder by name; empty if nothing is there, or nothing
 * that can be read to an end (a FIFO, a socket, a device).
 */
async function dataFiles(path: string): Promise<LocalFile[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) return [];
  if (found.isFile()) return [{ path, name: basename(path) }];
  if (!found.isDirectory()) return [];
  return (await filesBelow(path))
    .map((inner) => ({ path: inner, name: relative(path, inner).replaceAll('\\', '/') }))
    .sort((a, b) => byCodePoint(a.name, b.name));
}

async function stageScript(script: string, { file, mode, backend }: Staging): Promise<Request['script']> {
  const path = await locate(script, file);
  if (!(await stat(path).catch(() => null))?.isFile())
    throw missing(file, 'prepare.script', script, 'a Python file');
  const hash = await sha256File(path);
  const prefix = `${artifactsOf(backend.context, `inputs-${mode}`)}scripts/${hash}/`;
  await backend.stage([{ path, name: 'prepare.py' }], prefix);
  return { uri: `${prefix}prepare.py`, sha256: hash };
}

import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { loadConfig } from './load.ts';
import { locate, real } from './locate.ts';
import { keysOf } from './overrides.ts';

/** What a workflow chooses for one run. */
interface Choices {
  mode: 'evaluate' | 'promote';
  /** The path of mlops.yaml. */
  config: string;
  model?: string | undefined;
  set: readonly string[];
  data?: string | undefined;
}

/** How a model is trained and scored, within what it must show. */
const ofOneRun = ['budget', 'inference', 'training', 'tuning'];

/**
 * Refuses choices of a workflow that would promote a model by what nobody has reviewed: other settings of mlops.yaml than
 * how a model is trained and scored, and data from elsewhere than the checkout or below `data.source`. Mode evaluate takes
 * everything. Throws InputError, and ConfigError if mlops.yaml cannot say what `data.source` is.
 * @param prefix in front of `set` and `data` in messages
 */
export async function requireReviewed(
  { mode, config: file, model, set, data }: Choices,
  prefix = '',
): Promise<void> {
  if (mode !== 'promote') return;
  const found = set.filter((text) => !isOfOneRun(keysOf(text)));
  if (found.length > 0)
    throw new InputError(
      `${prefix}set: got ${found.join(', ')} in mode promote, expected settings of ${ofOneRun.join(', ')} or prepare (not its script) only: all others stand in mlops.yaml, which is reviewed. Mode evaluate tries others`,
    );
  if (!data) return;
  const { config, path } = await loadConfig(file, { model });
  const { source } = config.data;
  const remote = data.startsWith('s3://');
  if (remote ? isBelow(data, source) : await isInCheckout(data, path)) return;
  throw new InputError(
    `${prefix}data: got ${JSON.stringify(data)} in mode promote, expected a path inside the checkout${source.startsWith('s3://') ? `, or data below ${source}` : ''}, without .. (data.source of mlops.yaml, which is reviewed, is ${JSON.stringify(source)}). Mode evaluate tries other data`,
  );
}

/** Text that is no `path=value` has no keys: loading mlops.yaml reports it. */
function isOfOneRun([first, second]: readonly string[]): boolean {
  if (first === undefined || ofOneRun.includes(first)) return true;
  return first === 'prepare' && second !== undefined && second !== 'script';
}

/** Whether a URI is the reviewed one, or continues it after a `/`. */
function isBelow(uri: string, source: string): boolean {
  const root = source.replace(/\/+$/, '');
  if (!root.startsWith('s3://') || uri.split('/').includes('..')) return false;
  return uri === root || uri.startsWith(`${root}/`);
}

/** Whether a path leads, through links too, into the working directory, but not into `.mlops`, where runs keep their files. */
async function isInCheckout(path: string, file: string): Promise<boolean> {
  const inner = relative(await realpath('.'), await real(await locate(path, file)));
  const [first] = inner.split(sep);
  return !isAbsolute(inner) && first !== '..' && first !== '.mlops';
}

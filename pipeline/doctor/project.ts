import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { readPrograms } from '../backends/embedded/images/process-image.ts';
import { findEnvironment } from '../backends/embedded/images/python-environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { locate } from '../config/locate.ts';
import { SetupError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import { hashContext } from '../image/context.ts';
import { prepareContext } from '../repository.ts';
import { checkSource, missingFiles } from '../run/start/check-project.ts';
import { checkoutOf } from '../run/start/git.ts';
import { type Check, ok, problem, warning } from './check.ts';

export async function checkGit(file: string): Promise<Check> {
  const checkout = await checkoutOf(dirname(resolve(file)));
  if (checkout === null) {
    return warning(
      'git',
      'no git checkout with a commit here',
      'Runs work, but record no commit, and --baseline cannot be used: `git init` and commit.',
    );
  }
  const { commit, ref, dirty } = checkout;
  return ok('git', `${commit.slice(0, 7)} on ${ref ?? 'no branch'}${dirty ? ', uncommitted changes' : ''}`);
}

export async function checkData(loaded: LoadedConfig): Promise<Check> {
  const { source } = loaded.config.data;
  const missing = await missingFiles(loaded);
  const data = missing.length > 0 ? null : await checkSource(loaded);
  const messages = [...missing, ...(data?.problems ?? [])].map(({ message }) => message);
  if (messages.length > 0) {
    const count = formatCountOf(messages.length, 'problem');
    return problem('Data', `${count}: ${messages[0]}`, '`mlops validate` lists every problem and its place.');
  }
  if (data === null) return ok('Data', `${source}: checked when a run starts`);
  const { rows, columns } = data;
  const size = `${formatCountOf(rows, 'row')}, ${formatCountOf(columns.length, 'column')}`;
  return ok('Data', `${source}: valid; ${size}`);
}

/** Checks what a model's folder needs to run as plain processes and in Docker. */
export async function checkModel({ config, path }: LoadedConfig): Promise<Check> {
  const { context, image } = config.model;
  if (context === null) {
    return warning(
      'Model',
      `the ready image ${image}`,
      'It runs only in Docker; to run without it, set model.context to a folder.',
    );
  }
  const folder = await locate(context, path);
  const mend = `Fix it in ${context}/: the sample's README says what a model needs.`;
  try {
    const { files } = await hashContext(folder);
    const programs = await readPrograms(join(folder, 'pyproject.toml'), context);
    const missing = ['train', 'serve'].filter((name) => !programs.has(name));
    if (missing.length > 0) {
      return problem('Model', `pyproject.toml: [project.scripts] names no ${missing.join(' and no ')}`, mend);
    }
    const unpinned = await unpinnedPackages(join(folder, 'requirements.txt'), context);
    if (unpinned.length > 0) {
      return problem(
        'Model',
        `requirements.txt: ${formatCountOf(unpinned.length, 'package')} without a hash (${unpinned.slice(0, 3).join(', ')})`,
        'Write it with hashes: `pip-compile --generate-hashes` or `uv pip compile --generate-hashes`.',
      );
    }
    if (!files.some((file) => file.path === 'Dockerfile')) {
      return warning('Model', `${context}: no Dockerfile`, 'AWS and --containers need one.');
    }
    return ok('Model', `${context}: train, serve, a lock with hashes, a Dockerfile`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return problem('Model', error.message, mend);
  }
}

/** Names of the packages in a requirements file that have no hash. */
async function unpinnedPackages(file: string, name: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new SetupError(`${name}: got no requirements.txt, expected one that pins packages by hash`);
  });
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-') && !/\s--hash=\w+:\w+/.test(line))
    .map((line) => /^[\w.-]+/.exec(line)?.[0] ?? line);
}

/** `home` is the folder with all state. */
export async function checkEnvironments({ config, path }: LoadedConfig, home: string): Promise<Check> {
  const { context } = config.model;
  const wanted = [
    ['prepare', prepareContext],
    ...(context === null ? [] : [['model', await locate(context, path)] as const]),
  ] as const;
  const missing: string[] = [];
  for (const [name, folder] of wanted) {
    const requirements = join(folder, 'requirements.txt');
    if ((await stat(requirements).catch(() => null)) === null) continue;
    const found = await findEnvironment({ requirements, root: join(home, 'environments'), name });
    if (found === undefined) missing.push(name);
  }
  if (missing.length === 0)
    return ok('Environments', `installed in ${relative('', join(home, 'environments'))}`);
  return ok('Environments', `not installed yet (${missing.join(', ')}): the next run installs them, once`);
}

import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { isPinned, readModelFolder } from '../backends/embedded/images/model-folder.ts';
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
    const { programs, packages } = await readModelFolder(folder, context);
    const missing = ['train', 'serve'].filter((name) => !programs.has(name));
    if (missing.length > 0) {
      return problem('Model', `pyproject.toml: [project.scripts] names no ${missing.join(' and no ')}`, mend);
    }
    if (packages.note !== null) return warning('Model', packages.note, mend);
    const unpinned =
      packages.file === null ? [] : packages.lines.filter((line) => !isPinned(line)).map(packageName);
    if (unpinned.length > 0) {
      return problem(
        'Model',
        `requirements.txt: ${formatCountOf(unpinned.length, 'package')} without a hash (${unpinned.slice(0, 3).join(', ')}), and others with one`,
        'Write it with hashes: `pip-compile --generate-hashes` or `uv pip compile --generate-hashes`.',
      );
    }
    if (!files.some((file) => file.path === 'Dockerfile')) {
      return warning('Model', `${context}: no Dockerfile`, 'AWS and --containers need one.');
    }
    const lock = packages.file === null ? 'no packages' : 'a lock with hashes';
    return ok('Model', `${context}: train, serve, ${lock}, a Dockerfile`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return problem('Model', error.message, mend);
  }
}

const packageName = (line: string): string => /^[\w.-]+/.exec(line)?.[0] ?? line;

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

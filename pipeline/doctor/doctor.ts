import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { embeddedContext } from '../backends/embedded/embedded-context.ts';
import { deploymentOf } from '../config/environment.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { ConfigError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import { attempt, type Check, ok, problem } from './check.ts';
import { checkDisk, checkDocker, checkNode, checkPython } from './machine.ts';
import { checkMonitoring } from './monitor.ts';
import { checkData, checkEnvironments, checkGit, checkModel } from './project.ts';
import { checkState } from './state.ts';

/**
 * Checks everything that a run on this machine needs; what depends on mlops.yaml, only if that is valid.
 *
 * @param options.file mlops.yaml
 * @param options.model one of the project's; undefined if there is only one
 * @param options.home the folder of all state
 * @param options.repair whether to fix what can be fixed without losing anything
 */
export async function examine(options: {
  file: string;
  model: string | undefined;
  home: string;
  repair: boolean;
}): Promise<Check[]> {
  const { file, model, home, repair } = options;
  const { config, loaded } = await checkConfig(file, model);
  const checks = await Promise.all([
    checkNode(),
    attempt('Python', checkPython),
    attempt('git', () => checkGit(file)),
    attempt('Disk', async () => await checkDisk(await nearest(home))),
    attempt('Docker', checkDocker),
    config,
    ...(loaded === null
      ? []
      : [
          attempt('Data', () => checkData(loaded)),
          attempt('Model', () => checkModel(loaded)),
          attempt('Environments', () => checkEnvironments(loaded, home)),
        ]),
  ]);
  const state =
    loaded === null
      ? []
      : await checkState({ home, project: loaded.config.project, model: loaded.config.name, repair });
  return [...checks, ...state, ...(loaded === null ? [] : await checkLooksHere(loaded.config, home))];
}

/** What looks at production on this machine need; nothing where monitoring is off. */
async function checkLooksHere(
  { monitoring, project, name: model }: LoadedConfig['config'],
  home: string,
): Promise<Check[]> {
  if (monitoring === null) return [];
  const context = embeddedContext({ home, project, model });
  return await checkMonitoring(
    monitoring,
    context,
    '`npx mlops monitor` looks at it. On this machine nobody looks by themselves.',
  );
}

/**
 * Checks everything that a run on AWS needs on this machine and in the environment.
 *
 * @param options.environment one of mlops.yaml's; undefined if there is only one
 */
export async function examineAws(options: {
  file: string;
  model: string | undefined;
  environment: string | undefined;
}): Promise<Check[]> {
  const { file, model, environment } = options;
  const { config, loaded } = await checkConfig(file, model);
  const machine = await Promise.all([
    checkNode(),
    attempt('git', () => checkGit(file)),
    checkDockerForImages(),
  ]);
  if (loaded === null) return [...machine, config];
  const deployment = deploymentOf(loaded.config, environment);
  // The AWS clients load slowly, so they are imported only here.
  const { checkAws } = await import('./aws.ts');
  return [...machine, config, ...(await checkAws(loaded.config, deployment))];
}

async function checkDockerForImages(): Promise<Check> {
  const { mend, ...check } = await checkDocker();
  return { ...check, mend: mend && 'Only `mlops image push` needs it: install or start Docker to use that.' };
}

/** The name of the check of mlops.yaml. A problem there has its own exit code. */
export const configName = 'mlops.yaml';

async function checkConfig(
  file: string,
  model: string | undefined,
): Promise<{ config: Check; loaded: LoadedConfig | null }> {
  try {
    const loaded = await loadConfig(file, { model });
    const { name, problem: kind } = loaded.config;
    return { config: ok(configName, `${loaded.path}: valid; ${name}, ${kind}`), loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first = ''] = error.message.split('\n');
    const config = problem(
      configName,
      `${formatCountOf(error.problems.length, 'problem')}: ${first}`,
      '`mlops validate` lists every problem and its place; data, model and state are checked once it is valid.',
    );
    return { config, loaded: null };
  }
}

/** The folder, or the nearest one above it that exists. */
async function nearest(folder: string): Promise<string> {
  const exists = (await stat(folder).catch(() => null)) !== null;
  return exists ? folder : await nearest(dirname(folder));
}

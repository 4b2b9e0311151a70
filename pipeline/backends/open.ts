import { deploymentOf } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import { resourceNames } from '../names.ts';
import type { StepContext } from '../steps/context.ts';
import type { Promoted, PromoteEvent } from '../steps/train/promote.ts';
import type { Backend } from './backend.ts';

/** The place where a model's runs are. */
export interface Place {
  backend: Backend['name'];
  /** On AWS: an environment of mlops.yaml; undefined or null if it has only one. */
  environment?: string | null | undefined;
}

interface Opening {
  /** The folder where runs on this machine keep all their state. */
  home: string;
  /** Executions on AWS are named after this; null: after their input. */
  runId?: string | null;
  /** Run `train` and `serve` in Docker. */
  containers?: boolean;
  onNote: (line: string) => void;
}

/** Opens a model's backend to run it. Throws SetupError, or InputError for a place that does not exist. */
export async function openBackend(
  { project, name: model, environments }: Pick<Config, 'project' | 'name' | 'environments'>,
  { backend, environment }: Place,
  { home, runId = null, containers = false, onNote }: Opening,
): Promise<Backend> {
  if (backend === 'embedded') {
    requireNoEnvironment(environment);
    const { EmbeddedBackend } = await import('./embedded/embedded-backend.ts');
    await requireKeys(home, project);
    return new EmbeddedBackend({ home, project, model, onSetup: onNote, containers });
  }
  if (containers) {
    throw new InputError('--containers: got it with --backend aws, expected --backend embedded');
  }
  const deployment = deploymentOf({ project, environments }, environment ?? undefined);
  // The AWS clients load slowly, so a run on this machine does not load them.
  const { openAwsBackend } = await import('./aws/aws-backend.ts');
  return await openAwsBackend({ deployment, model, runId, onNote });
}

/**
 * Marks this machine's state as in use by a run, until the returned function is called: nothing is removed from it meanwhile.
 * On AWS there is nothing to mark.
 */
export async function useBackend(
  { backend }: Place,
  { home, onNote }: Pick<Opening, 'home' | 'onNote'>,
): Promise<() => void> {
  if (backend !== 'embedded') return () => {};
  const { useState } = await import('./embedded/state/in-use.ts');
  return await useState(home, onNote);
}

/** Opens the ports of a model's backend to read its runs, without running jobs. Throws like openBackend. */
export async function openContext(
  { project, name: model, environments }: Pick<Config, 'project' | 'name' | 'environments'>,
  { backend, environment }: Place,
  home: string,
): Promise<StepContext> {
  if (backend === 'embedded') {
    requireNoEnvironment(environment);
    const { embeddedContext } = await import('./embedded/embedded-context.ts');
    await requireKeys(home, project);
    return embeddedContext({ home, project, model });
  }
  const { deployedContext, requireDeployed } = await import('./aws/deployed-context.ts');
  const deployment = deploymentOf({ project, environments }, environment ?? undefined);
  await requireDeployed(deployment);
  return deployedContext(deployment, model);
}

/** The ports of a model's backend, and its only way to promote. */
export interface Promotion {
  context: StepContext;
  promote: (event: PromoteEvent) => Promise<Promoted>;
}

/**
 * Opens a model's backend to promote a finished run. On AWS only the function promote may write the champion, so it is called;
 * on this machine the same step runs here. Throws like openBackend.
 */
export async function openPromotion(
  config: Pick<Config, 'project' | 'name' | 'environments'>,
  place: Place,
  home: string,
): Promise<Promotion> {
  const context = await openContext(config, place, home);
  if (place.backend === 'embedded') {
    const { promote } = await import('../steps/train/promote.ts');
    return { context, promote: (event) => promote(event, context) };
  }
  const { invokeFunction } = await import('../aws/invoke-function.ts');
  const deployment = deploymentOf(config, place.environment ?? undefined);
  const { name } = resourceNames(deployment).functions.promote;
  const { region } = deployment;
  return {
    context,
    promote: (event) => invokeFunction({ name, region, payload: { model_name: config.name, ...event } }),
  };
}

/** Throws SetupError where keys of this machine's state name no model, as in an earlier version of the template. */
export async function requireKeys(home: string, project: string): Promise<void> {
  const { requireModelKeys } = await import('./embedded/state/model-keys.ts');
  await requireModelKeys(home, project);
}

/** Throws InputError for an environment, which only AWS has. */
export function requireNoEnvironment(environment: Place['environment']): void {
  if (environment === undefined || environment === null) return;
  throw new InputError('--environment: got it without --backend aws, expected both or neither');
}

import { dirname, resolve } from 'node:path';
import type { Backend, Progress } from '../../backends/backend.ts';
import { openBackend, useBackend } from '../../backends/open.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { ConfigError, InputError } from '../../errors.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import { keepDeployed } from '../../steps/release/deployed.ts';
import { currentId, type Pointer, pointerKind } from '../../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../../steps/release/release-record.ts';
import { missingFiles } from './check-project.ts';
import { checkoutOf } from './git.ts';
import { stageFiles } from './request.ts';

/** What a person or a workflow asks for: the options of `mlops release` and `mlops rollback`. */
export interface ReleaseOptions {
  kind: ReleaseRequest['kind'];
  /** null: the champion, or the one before it. */
  package: string | null;
  /** Only if the package is still the champion when its turn comes. */
  ifChampion?: boolean | undefined;
  reason: string | null;
  /** Rollback: the package that is left may be promoted again without a person's word. */
  allow?: boolean | undefined;
  trigger: Pick<ReleaseRequest['trigger'], 'kind' | 'actor'> & Partial<ReleaseRequest['trigger']>;
  model?: string | undefined;
  backend: Backend['name'];
  environment?: string | undefined;
  config: string;
  set: string[];
  containers?: boolean | undefined;
}

export interface ReleaseSurroundings {
  home: string;
  runId: string | null;
  signal: AbortSignal;
  onNote: (line: string) => void;
  onProgress: (progress: Progress) => void;
  /** Called with the execution's name before it starts. */
  onStart?: ((execution: string) => void) | undefined;
  /** Called once the rows are staged, before anything is recorded or started; what it throws ends the release. */
  onStaged?: (() => Promise<void>) | undefined;
  /** The backend of a run of the same model at the same place that has just ended; default: another one is opened. */
  opened?: Backend | undefined;
}

export interface ReleaseOutcome {
  config: Config;
  execution: string;
  record: ReleaseRecord;
  /** The release that readers see now; null: none yet. */
  pointer: Pointer | null;
  backend: Backend;
}

/**
 * Releases a package, or rolls back to one, and follows it to its end. On this machine the settings and rows are those of
 * mlops.yaml; on AWS those that main deployed last. Throws ConfigError, SetupError or InputError before it starts.
 */
export async function startRelease(
  options: ReleaseOptions,
  surroundings: ReleaseSurroundings,
): Promise<ReleaseOutcome> {
  const leave = await useBackend(options, surroundings);
  try {
    return await release(options, surroundings);
  } finally {
    leave();
  }
}

/** Starts a release or rollback on AWS without following it. Returns the execution's name. */
export async function handOverRelease(
  options: ReleaseOptions,
  surroundings: ReleaseSurroundings,
): Promise<string> {
  if (options.backend !== 'aws')
    throw new InputError(
      'wait: got false with the embedded backend, whose jobs end with this process; expected true',
    );
  const { backend, request } = await prepareRelease(options, surroundings);
  return await backend.begin(request);
}

async function release(options: ReleaseOptions, surroundings: ReleaseSurroundings): Promise<ReleaseOutcome> {
  const { signal, onProgress, onStart } = surroundings;
  const { config, backend, request } = await prepareRelease(options, surroundings);
  const { context } = backend;
  const started = context.clock.now();
  const execution = await backend.executionName(request);
  onStart?.(execution);
  const result = await backend.release(request, { execution, signal, onProgress });
  const recorded = (await context.ledger.get<ReleaseRecord>(releaseKind, execution))?.value;
  const record: ReleaseRecord = {
    ...(recorded ?? {
      release: execution,
      status: result.status,
      started_at: started.toISOString(),
      finished_at: context.clock.now().toISOString(),
      request,
      state: {
        request,
        ...(result.error && { error: { Error: result.error.name, Cause: result.error.cause } }),
      },
    }),
    steps: result.steps,
  };
  await backend.keepRelease(record);
  const pointer = (await context.ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
  return { config, execution, record, pointer, backend };
}

async function prepareRelease(
  options: ReleaseOptions,
  { onNote, onStaged, home, runId, opened }: ReleaseSurroundings,
): Promise<{ config: Config; backend: Backend; request: ReleaseRequest }> {
  const loaded = await loadConfig(options.config, { set: options.set, model: options.model });
  const { config, path: file } = loaded;
  const missing = await missingFiles(loaded);
  if (missing.length > 0) throw new ConfigError(file, missing);
  if (options.backend === 'aws' && options.set.length > 0)
    throw new InputError(
      '--set: got it with --backend aws, where a release has the settings that main deployed last; expected none',
    );
  const containers = options.containers ?? false;
  const backend = opened ?? (await openBackend(config, options, { home, runId, containers, onNote }));
  const { context } = backend;
  if (options.package !== null && (await context.registry.get(options.package)) === null)
    throw new InputError(
      `package: got ${JSON.stringify(options.package)}, expected one of the registry: ` +
        ((await context.registry.list(5)).map(({ name }) => name).join(', ') || 'it is empty'),
    );
  const checkout = await checkoutOf(dirname(resolve(file)));
  const { trigger } = options;
  const request: ReleaseRequest = {
    model: config.name,
    kind: options.kind,
    package: options.package,
    if_champion: options.ifChampion ?? false,
    reason: options.reason,
    trigger: {
      kind: trigger.kind,
      ref: trigger.ref ?? checkout?.ref ?? null,
      commit: trigger.commit ?? checkout?.commit ?? null,
      dirty: checkout?.dirty ?? false,
      actor: trigger.actor,
      reason: options.reason,
    },
    allow: options.allow ?? false,
  };
  if (backend.name === 'embedded') {
    const { scoring: rows } = config.data;
    const staging = { file, mode: 'promote', backend } as const;
    const scoring = rows === null ? null : await stageFiles('data.scoring', rows, staging);
    await onStaged?.();
    const prepare = await backend.prepareImage();
    await keepDeployed({ config, images: { prepare }, scoring, trigger: request.trigger }, context);
  }
  onNote(
    `${config.name}: ${options.kind} on ${backend.name === 'embedded' ? 'this machine' : `AWS, ${backend.environment}`}`,
  );
  return { config, backend, request };
}

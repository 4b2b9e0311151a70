import { dirname, resolve } from 'node:path';
import type { Backend, Progress } from '../../backends/backend.ts';
import { openBackend, useBackend } from '../../backends/open.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { ConfigError, InputError } from '../../errors.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import { unrecordedLook } from '../../steps/monitor/close-look.ts';
import { findingKind, type LookRecord, type RetrainClaim, retrainKind } from '../../steps/monitor/records.ts';
import { keepWatched } from '../../steps/release/deployed.ts';
import { checkoutOf } from './git.ts';
import { stageTruth, trainingRowsNow } from './request.ts';

/** What a person or a schedule asks for: the options of `mlops monitor`. */
export interface MonitorOptions {
  /** ISO 8601; null: now. */
  at: string | null;
  /** Decay may start a run. */
  retrain: boolean;
  reason: string | null;
  trigger: Pick<MonitorRequest['trigger'], 'kind' | 'actor'>;
  model?: string | undefined;
  backend: Backend['name'];
  environment?: string | undefined;
  config: string;
  set: string[];
}

export interface MonitorSurroundings {
  home: string;
  runId: string | null;
  signal: AbortSignal;
  onNote: (line: string) => void;
  onProgress: (progress: Progress) => void;
}

export interface MonitorOutcome {
  config: Config;
  execution: string;
  record: LookRecord;
  backend: Backend;
}

/**
 * Looks at production once, and follows the look to its end. On this machine the settings and labels are those of mlops.yaml; on
 * AWS those that main deployed last. Throws ConfigError, SetupError or InputError before it starts.
 */
export async function startLook(
  options: MonitorOptions,
  surroundings: MonitorSurroundings,
): Promise<MonitorOutcome> {
  const leave = await useBackend(options, surroundings);
  try {
    return await look(options, surroundings);
  } finally {
    leave();
  }
}

async function look(
  options: MonitorOptions,
  { home, runId, signal, onNote, onProgress }: MonitorSurroundings,
): Promise<MonitorOutcome> {
  const { config, path: file } = await loadConfig(options.config, { set: options.set, model: options.model });
  const isLocal = options.backend === 'embedded';
  if (isLocal && config.monitoring === null)
    throw new ConfigError(file, [
      {
        path: 'monitoring',
        message: 'got off, expected a mapping: monitoring looks at production after a release',
      },
    ]);
  if (!isLocal && options.set.length > 0)
    throw new InputError(
      '--set: got it with --backend aws, where a look has the settings that main deployed last; expected none',
    );
  const backend = await openBackend(config, options, { home, runId, onNote });
  const { context } = backend;
  if (isLocal) {
    const staging = { file, mode: 'promote', backend } as const;
    const truth = await stageTruth(config, staging);
    const data = await trainingRowsNow(config, staging);
    const prepare = await backend.prepareImage();
    await keepWatched({ config, images: { prepare }, truth, data }, context);
  }
  const checkout = await checkoutOf(dirname(resolve(file)));
  const request: MonitorRequest = {
    model: config.name,
    at: options.at,
    retrain: options.retrain,
    trigger: {
      ...options.trigger,
      ref: checkout?.ref ?? null,
      commit: checkout?.commit ?? null,
      dirty: checkout?.dirty ?? false,
      reason: options.reason,
    },
  };
  onNote(`${config.name}: monitor on ${isLocal ? 'this machine' : `AWS, ${backend.environment}`}`);
  const started = context.clock.now();
  const execution = await backend.executionName(request);
  const result = await backend.look(request, { execution, signal, onProgress });
  const recorded = (await context.ledger.get<LookRecord>(findingKind, execution))?.value;
  const record: LookRecord = {
    ...(recorded ??
      unrecordedLook({
        execution,
        status: result.status === 'cancelled' ? 'ABORTED' : 'FAILED',
        started_at: started.toISOString(),
        finished_at: context.clock.now().toISOString(),
        request,
        state: null,
        error: result.error,
        steps: result.steps,
      })),
    steps: result.steps,
  };
  await backend.keepLook(record);
  return { config, execution, record, backend };
}

/** Notes that the run of a decay has started, so that no later look starts another one. */
export async function claimStarted(
  { record, backend: { context } }: MonitorOutcome,
  run: string,
): Promise<void> {
  const name = record.state.plan?.package;
  const claim = name ? await context.ledger.get<RetrainClaim>(retrainKind, name) : null;
  if (claim === null || claim.value.look !== record.look) return;
  await context.ledger.putIf<RetrainClaim>(retrainKind, claim.id, { ...claim.value, run }, claim.version);
}

import { join } from 'node:path';
import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';
import { prose } from '../../pipeline/report/github-markdown.ts';
import {
  type ReleaseResult,
  releaseResultHeadline,
  renderReleaseResult,
} from '../../pipeline/report/release-result.ts';
import { placeOf } from '../../pipeline/run/account/place-of.ts';
import { releaseResultOf, writeReleaseResult } from '../../pipeline/run/account/release-result-of.ts';
import { reportOfError } from '../../pipeline/run/account/report-of-error.ts';
import {
  handOverRelease,
  type ReleaseOptions,
  type ReleaseOutcome,
  startRelease,
} from '../../pipeline/run/start/release.ts';
import { attemptOf, runIdOf, runUrl } from '../shared/context.ts';
import { withoutCommands } from '../shared/log.ts';
import { ActionError, type Result } from '../shared/start.ts';
import { environmentFor } from './environment.ts';
import type { Inputs, Output, Surroundings } from './run.ts';
import type { Open } from './stop-open.ts';
import { triggerOf } from './trigger.ts';

/** Inputs of the other machines: what is trained, and the time of a look. A release takes its model from the registry and its settings from mlops.yaml. */
const ofOthers = ['at', 'data', 'image', 'baseline', 'pushed-image', 'pushed-prepare-image'] as const;

/**
 * Releases a package or rolls back to one, and always writes the result's JSON. Throws ActionError, with the outputs, if it
 * could not start.
 */
export async function release(inputs: Inputs, surroundings: Surroundings): Promise<Result<Output>> {
  const { context, core, progress, home, signal } = surroundings;
  const trigger = triggerOf(inputs, context);
  try {
    requireOfRelease(inputs);
    const options: ReleaseOptions = {
      kind: inputs.rollback ? 'rollback' : 'release',
      package: inputs.package ?? null,
      ifChampion: inputs['if-champion'],
      allow: inputs.allow,
      reason: inputs.reason ?? null,
      trigger: { ...trigger, actor: inputs.approver ?? trigger.actor },
      model: inputs.model,
      backend: inputs.backend,
      environment: await environmentFor(inputs),
      config: inputs.config,
      set: [],
      containers: inputs.containers,
    };
    const role = inputs['role-to-assume'];
    if (inputs.backend === 'aws' && role !== undefined)
      (await import('./assume.ts')).assume(role, core, context);
    const around = {
      home,
      runId: runIdOf(context),
      signal,
      onNote: (line: string) => progress.note(line),
      onProgress: (update: Parameters<typeof progress.update>[0]) => progress.update(update),
      onStart: (execution: string) =>
        core.saveState(
          'open',
          JSON.stringify({
            execution,
            machine: 'release',
            backend: options.backend,
            environment: options.environment ?? null,
            config: inputs.config,
            model: inputs.model ?? null,
            role: role ?? null,
          } satisfies Open),
        ),
    };
    if (!inputs.wait) {
      const execution = await handOverRelease(options, around);
      return { outputs: { execution, status: 'running' } };
    }
    const outcome = await startRelease(options, around);
    core.saveState('open', '');
    return await told(await releaseResultOf(outcome), outcome, surroundings);
  } catch (error) {
    const { outputs } = await told(await failedToStart(error, inputs, surroundings), null, surroundings);
    throw new ActionError(error, { ...outputs });
  } finally {
    progress.end();
  }
}

function requireOfRelease(inputs: Inputs): void {
  const found = ofOthers.filter((name) => inputs[name] !== undefined);
  const set = inputs.set.length > 0 ? ['set'] : [];
  const wrong = [...found, ...set].map(
    (name) =>
      `input ${name}: got a value with machine release, expected none: the model comes from the registry, all else from mlops.yaml`,
  );
  if (inputs.rollback && inputs.reason === undefined)
    wrong.push(
      'input reason: got nothing with rollback, expected why: the record and the pull request say it',
    );
  if (inputs.rollback && inputs['if-champion'])
    wrong.push('input if-champion: got true with rollback, expected false: a rollback leaves the champion');
  if (inputs.allow && !inputs.rollback) wrong.push('input allow: got true without rollback, expected false');
  if (inputs['if-champion'] && inputs.package === undefined)
    wrong.push('input if-champion: got true without a package, expected the one that was promoted');
  if (wrong.length > 0) throw new InputError(wrong.join('\n'));
}

/** Shows a result and writes its JSON. */
async function told(
  result: ReleaseResult,
  outcome: ReleaseOutcome | null,
  { context, core, home }: Surroundings,
): Promise<Result<Output>> {
  if (runIdOf(context) !== null) result.links.push({ label: 'Workflow run', url: runUrl(context) });
  const page = outcome?.record.state.page?.uri ?? null;
  const storage = outcome?.backend.context.storage ?? null;
  const files = await writeReleaseResult(result, page, join(home, 'runs', result.execution), storage);
  const { title, why, well } = releaseResultHeadline(result);
  withoutCommands(`${title}: ${why}`);
  await core.summary
    .addRaw(`${renderReleaseResult(result)}\n<sub>Execution ${prose(result.execution)}</sub>\n`)
    .write();
  const { execution, status, predictions } = result;
  return {
    outputs: {
      execution,
      status,
      fingerprint: '',
      run: files.json,
      package: result.package ?? '',
      release: result.release ?? '',
      page: files.page ?? '',
      predictions:
        predictions === null || outcome === null ? '' : placeOf(predictions.path, outcome.backend, home),
      rows: predictions === null ? '' : String(predictions.rows),
    },
    ...(well
      ? {}
      : {
          failed: `${title}: ${why.replace(/[.!?]?$/, '.')}${result.failure ? ` ${result.failure.hint}` : ''}`,
        }),
  };
}

/** The result of a release that could not start; it tells whoever waits why. */
async function failedToStart(
  error: unknown,
  inputs: Inputs,
  { context, signal }: Surroundings,
): Promise<ReleaseResult> {
  const { config: file, model, backend, reason } = inputs;
  const trigger = triggerOf(inputs, context);
  const report = await reportOfError(error, {
    config: file,
    model,
    backend,
    mode: 'promote',
    trigger,
    began: new Date(),
    execution: `${attemptOf(context)}-${inputs.rollback ? 'rollback' : 'release'}`,
    cancelled: signal.aborted,
  });
  const named = await loadConfig(file, { model }).then(
    ({ config }) => config.name,
    () => report.model,
  );
  return {
    version: 1,
    kind: inputs.rollback ? 'rollback' : 'release',
    project: report.project,
    model: named,
    execution: report.run.execution,
    status: signal.aborted ? 'cancelled' : 'failed',
    release: null,
    package: inputs.package ?? null,
    moved: false,
    previous: null,
    left: null,
    predictions: null,
    report: null,
    page_problem: null,
    reason: reason ?? null,
    actor: inputs.approver ?? trigger.actor,
    notes: [],
    failure: report.failure,
    links: [],
  };
}

import { join } from 'node:path';
import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';
import { prose } from '../../pipeline/report/github-markdown.ts';
import { type LookResult, lookHeadline, renderLookResult } from '../../pipeline/report/look-result.ts';
import { lookResultOf, writeLookResult } from '../../pipeline/run/account/look-result-of.ts';
import { reportOfError } from '../../pipeline/run/account/report-of-error.ts';
import { type MonitorOptions, type MonitorOutcome, startLook } from '../../pipeline/run/start/monitor.ts';
import { attemptOf, runIdOf, runUrl } from '../shared/context.ts';
import { withoutCommands } from '../shared/log.ts';
import { ActionError, type Result } from '../shared/start.ts';
import { environmentFor } from './environment.ts';
import type { Inputs, Output, Surroundings } from './run.ts';
import { triggerOf } from './trigger.ts';

/** Inputs of the other machines, which a look has no use for. */
const ofOthers = [
  'data',
  'image',
  'baseline',
  'pushed-image',
  'pushed-prepare-image',
  'package',
  'approver',
] as const;

/**
 * Looks at production once and always writes the result's JSON. What a look finds is a result; only a look that failed fails the
 * step. Throws ActionError, with the outputs, if it could not start.
 */
export async function look(inputs: Inputs, surroundings: Surroundings): Promise<Result<Output>> {
  const { context, core, progress, home, signal } = surroundings;
  try {
    requireOfLook(inputs);
    const { kind, actor } = triggerOf(inputs, context);
    const options: MonitorOptions = {
      at: inputs.at ?? null,
      retrain: true,
      reason: inputs.reason ?? null,
      trigger: { kind, actor },
      model: inputs.model,
      backend: inputs.backend,
      environment: await environmentFor(inputs),
      config: inputs.config,
      set: [],
    };
    const role = inputs['role-to-assume'];
    if (inputs.backend === 'aws' && role !== undefined)
      (await import('./assume.ts')).assume(role, core, context);
    const outcome = await startLook(options, {
      home,
      runId: runIdOf(context),
      signal,
      onNote: (line) => progress.note(line),
      onProgress: (update) => progress.update(update),
    });
    const { record, config, backend } = outcome;
    return await told(await lookResultOf(record, config, backend.context), outcome, surroundings);
  } catch (error) {
    const { outputs } = await told(await failedToStart(error, inputs, surroundings), null, surroundings);
    throw new ActionError(error, { ...outputs });
  } finally {
    progress.end();
  }
}

function requireOfLook(inputs: Inputs): void {
  const given = [
    ...ofOthers.filter((name) => inputs[name] !== undefined),
    ...(['if-champion', 'rollback', 'allow', 'containers'] as const).filter((name) => inputs[name]),
    ...(inputs.set.length > 0 ? ['set'] : []),
    ...(inputs.wait ? [] : ['wait']),
  ];
  if (given.length > 0)
    throw new InputError(
      given
        .map((name) => `input ${name}: got a value with machine monitor, expected it with another machine`)
        .join('\n'),
    );
}

/** Shows a result and writes its JSON. */
async function told(
  result: LookResult,
  outcome: MonitorOutcome | null,
  { context, core, home }: Surroundings,
): Promise<Result<Output>> {
  if (runIdOf(context) !== null) result.links.push({ label: 'Workflow run', url: runUrl(context) });
  const page = outcome?.record.state.page?.uri ?? null;
  const storage = outcome?.backend.context.storage ?? null;
  const files = await writeLookResult(result, page, join(home, 'runs', result.execution), storage);
  const { title, why } = lookHeadline(result);
  withoutCommands(`${title}: ${why}`);
  await core.summary
    .addRaw(`${renderLookResult(result)}\n<sub>Execution ${prose(result.execution)}</sub>\n`)
    .write();
  const hint = result.failure === null ? '' : ` ${result.failure.hint}`;
  return {
    outputs: {
      execution: result.execution,
      status: result.status,
      run: files.json,
      package: result.package ?? '',
      page: files.page ?? '',
      finding: result.finding ?? '',
    },
    ...(result.finding === null && { failed: `${title}: ${why.replace(/[.!?]?$/, '.')}${hint}` }),
  };
}

/** The result of a look that could not start; it tells whoever waits why. */
async function failedToStart(
  error: unknown,
  inputs: Inputs,
  { context, signal }: Surroundings,
): Promise<LookResult> {
  const { config: file, model, backend } = inputs;
  const report = await reportOfError(error, {
    config: file,
    model,
    backend,
    mode: 'promote',
    trigger: triggerOf(inputs, context),
    began: new Date(),
    execution: `${attemptOf(context)}-monitor`,
    cancelled: signal.aborted,
  });
  const named = await loadConfig(file, { model }).then(
    ({ config }) => config.name,
    () => report.model,
  );
  return {
    version: 1,
    project: report.project,
    model: named,
    execution: report.run.execution,
    status: signal.aborted ? 'cancelled' : 'failed',
    at: null,
    package: null,
    finding: null,
    reason: 'The look could not start.',
    superseded: false,
    retrain: { wanted: false, why: 'The look could not start.' },
    cool_down: 0,
    report: null,
    failure: report.failure,
    links: [],
  };
}

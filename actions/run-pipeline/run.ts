import { join } from 'node:path';
import { requireReviewed } from '../../pipeline/config/reviewed.ts';
import { InputError } from '../../pipeline/errors.ts';
import { prose } from '../../pipeline/report/github-markdown.ts';
import { publishable } from '../../pipeline/report/publishable.ts';
import { headlineOf, subjectOf, timingOf } from '../../pipeline/report/reading.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { renderTerminal } from '../../pipeline/report/terminal.ts';
import { reportOfError } from '../../pipeline/run/account/report-of-error.ts';
import { writeReportValue } from '../../pipeline/run/account/write-report-value.ts';
import type { RunProgress } from '../../pipeline/run/start/run-progress.ts';
import { handOver, type RunChoices, type RunOptions, startRun } from '../../pipeline/run/start/start-run.ts';
import { attemptOf, type Context, runIdOf, runUrl } from '../shared/context.ts';
import { group, withoutCommands } from '../shared/log.ts';
import { ActionError, type Result } from '../shared/start.ts';
import { type EnvironmentInputs, environmentFor } from './environment.ts';
import type { Open } from './stop-open.ts';
import type { Toolkit } from './toolkit.ts';
import { triggerOf } from './trigger.ts';

export interface Inputs extends RunOptions, EnvironmentInputs {
  machine: 'train' | 'release' | 'monitor';
  package?: string | undefined;
  'if-champion': boolean;
  rollback: boolean;
  allow: boolean;
  approver?: string | undefined;
  at?: string | undefined;
  reason?: string | undefined;
  'pushed-image'?: string | undefined;
  'pushed-prepare-image'?: string | undefined;
  wait: boolean;
}

export interface Surroundings {
  context: Context;
  core: Toolkit;
  progress: RunProgress;
  /** The folder in which runs keep their files. */
  home: string;
  signal: AbortSignal;
}

export type Output =
  | 'execution'
  | 'status'
  | 'fingerprint'
  | 'run'
  | 'package'
  | 'release'
  | 'page'
  | 'predictions'
  | 'rows'
  | 'finding';

/**
 * Runs the pipeline once and always writes the run's JSON. A verdict that says no is a result; only a failed run fails the
 * step. Throws ActionError, with the outputs, if the run could not start.
 */
export async function run(inputs: Inputs, surroundings: Surroundings): Promise<Result<Output>> {
  const { context, core, progress, home, signal } = surroundings;
  const began = new Date();
  let choices: RunChoices | null = null;
  let report: Report;
  try {
    choices = await choicesOf(inputs, context);
    const role = inputs['role-to-assume'];
    if (choices.backend === 'aws' && role !== undefined)
      (await import('./assume.ts')).assume(role, core, context);
    const { backend, environment = null } = choices;
    const around = {
      home,
      runId: runIdOf(context),
      signal,
      onNote: (line: string) => progress.note(line),
      onProgress: (update: Parameters<RunProgress['update']>[0]) => progress.update(update),
      onStart: (execution: string) =>
        core.saveState(
          'open',
          JSON.stringify({
            execution,
            machine: 'train',
            backend,
            environment,
            config: inputs.config,
            model: inputs.model ?? null,
            role: role ?? null,
          } satisfies Open),
        ),
    };
    if (!inputs.wait) {
      const execution = await handOver(choices, around);
      return { outputs: { execution, status: 'running', fingerprint: '', run: '' } };
    }
    const outcome = await startRun(choices, around);
    report = publishable(outcome.report);
  } catch (error) {
    const failed = await reportOfError(error, {
      config: inputs.config,
      model: inputs.model,
      backend: inputs.backend,
      mode: inputs.mode,
      trigger: choices?.trigger ?? triggerOf(inputs, context),
      began,
      execution: attemptOf(context),
      cancelled: signal.aborted,
    });
    throw new ActionError(error, await outputsOf(publishable(failed), surroundings));
  } finally {
    progress.end();
  }
  core.saveState('open', '');
  return { outputs: await outputsOf(report, surroundings), ...failureOf(report) };
}

/** Shows a publishable report and writes its JSON. */
async function outputsOf(
  report: Report,
  { context, core, home }: Surroundings,
): Promise<Record<string, string>> {
  if (runIdOf(context) !== null) report.links.push({ label: 'Workflow run', url: runUrl(context) });
  const path = await writeReportValue(report, join(home, 'runs', report.run.execution));
  const { title, why } = headlineOf(report);
  await group(`${title}: ${subjectOf(report)}`, async (write) =>
    write(renderTerminal(report, { color: true, columns: 120 })),
  );
  withoutCommands(`${title}: ${why}`);
  const { total, reuse, cost } = timingOf(report);
  const facts = [`Run ${report.run.execution}`, total, reuse.replace(/\.$/, ''), cost].filter(
    (text) => text !== '',
  );
  await core.summary
    .addRaw(
      `**${prose(title)}**: ${prose(subjectOf(report))}. ${prose(why, 600)}\n\n<sub>${prose(facts.join(', '))}</sub>\n`,
    )
    .write();
  return {
    execution: report.run.execution,
    status: report.run.status,
    fingerprint: report.run.fingerprint,
    run: path,
    package: report.run.promotion.package ?? '',
  };
}

function failureOf(report: Report): { failed?: string } {
  if (report.run.status === 'succeeded') return {};
  const { title, why } = headlineOf(report);
  const hint = report.failure?.hint ?? '';
  return { failed: `${title}: ${why}${hint === '' ? '' : ` ${hint}`}` };
}

/** Inputs of the machine release would do nothing here. */
function requireOfTraining(inputs: Inputs): void {
  const given = [
    inputs.package === undefined ? '' : 'package',
    inputs['if-champion'] ? 'if-champion' : '',
    inputs.rollback ? 'rollback' : '',
    inputs.allow ? 'allow' : '',
    inputs.approver === undefined ? '' : 'approver',
    inputs.at === undefined ? '' : 'at',
  ].filter((name) => name !== '');
  if (given.length > 0)
    throw new InputError(
      given
        .map(
          (name) =>
            `input ${name}: got a value with machine train, expected it with machine ${name === 'at' ? 'monitor' : 'release'}`,
        )
        .join('\n'),
    );
}

async function choicesOf(inputs: Inputs, context: Context): Promise<RunChoices> {
  requireOfTraining(inputs);
  await requireReviewed(inputs, 'input ');
  return {
    ...inputs,
    pushed: { model: inputs['pushed-image'], prepare: inputs['pushed-prepare-image'] },
    environment: await environmentFor(inputs),
    // gate-promotion promotes exactly this run in a later step. handOver serves runs that nobody waits for.
    promote: false,
    trigger: triggerOf(inputs, context),
  };
}

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openPromotion } from '../../pipeline/backends/open.ts';
import { loadConfig, modelNames } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';
import type { Verdict } from '../../pipeline/gate/verdict.ts';
import { cleanOutput, cleanText } from '../../pipeline/report/clean-text.ts';
import { prose } from '../../pipeline/report/github-markdown.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import { publishable } from '../../pipeline/report/publishable.ts';
import { checkCounts, headlineOf, subjectOf } from '../../pipeline/report/reading.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { promoteRun } from '../../pipeline/run/start/promote-run.ts';
import type { Context } from '../shared/context.ts';
import { withoutCommands } from '../shared/log.ts';
import { reportPath } from '../shared/report-path.ts';
import { ActionError, type Result } from '../shared/start.ts';

interface Inputs {
  run: string;
  config: string;
  'fail-on': string[];
  promote: 'true' | 'false' | 'approved';
  approver?: string | undefined;
}

interface Surroundings {
  context: Context;
  summary: { addRaw(text: string, newLine?: boolean): { write(): Promise<unknown> } };
  /** The folder in which runs on this machine keep their files. */
  home: string;
}

type Output = 'outcome' | 'reason' | 'checks' | 'verdict' | 'package' | 'promoted';

/**
 * Prints the verdict of a run, and promotes its candidate if the inputs ask for it. A run without a verdict always fails
 * the step. Throws ActionError with the outputs if the promotion itself fails.
 */
export async function run(inputs: Inputs, surroundings: Surroundings): Promise<Result<Output>> {
  const run = await reportPath(inputs.run);
  const report = await readRun(run);
  const { verdict } = report;
  const { title, why } = headlineOf(report);
  withoutCommands(`${subjectOf(report)}: ${title}. ${why}`);
  if (report.run.status !== 'succeeded' || verdict === null) {
    await tell(report, surroundings);
    return { outputs: outputsOf(report, ''), failed: `${subjectOf(report)}: no verdict. ${title}: ${why}` };
  }
  const path = join(dirname(run), 'verdict.json');
  await writeFile(path, `${JSON.stringify(verdict, undefined, 2)}\n`);
  if (inputs.promote !== 'false' && mayBePromoted(verdict, inputs)) {
    try {
      const { promotion, opened } = await promote(report, verdict, inputs, surroundings);
      report.run.promotion = promotion;
      // A promotion opens a sealed verdict, which may hold what only the private report shows.
      if (opened !== null) Object.assign(report, publishable({ ...report, ...opened }));
    } catch (error) {
      throw new ActionError(error, outputsOf(report, path));
    }
    await writeFile(run, `${JSON.stringify(report, undefined, 2)}\n`);
    await writeFile(path, `${JSON.stringify(report.verdict, undefined, 2)}\n`);
    withoutCommands(report.run.promotion.detail);
  }
  await tell(report, surroundings);
  const outputs = outputsOf(report, path);
  if (report.run.promotion.promoted || !inputs['fail-on'].includes(verdict.outcome)) return { outputs };
  if (!verdict.enforced) {
    withoutCommands('gate.enforce is false: the verdict is shown and not enforced.');
    return { outputs };
  }
  return { outputs, failed: `${subjectOf(report)}: ${title}: ${verdict.reason}` };
}

async function readRun(path: string): Promise<Report> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `input run: got ${JSON.stringify(path)} (${error.code}), expected the JSON that run-pipeline wrote`,
    );
  });
  return parseReport(text);
}

const mayBePromoted = ({ outcome, enforced }: Verdict, { promote }: Inputs): boolean =>
  outcome === 'promote' || !enforced || (outcome === 'hold' && promote === 'approved');

async function promote(
  report: Report,
  verdict: Verdict,
  inputs: Inputs,
  { context, home }: Surroundings,
): ReturnType<typeof promoteRun> {
  const { model } = report;
  const { config } = await loadConfig(inputs.config, { model: (await modelNames(inputs.config)) && model });
  if (config.project !== report.project)
    throw new InputError(
      `input run: got a run of ${subjectOf(report)}, expected one of ${config.project} (${inputs.config})`,
    );
  const { execution, fingerprint } = report.run;
  return await promoteRun(
    { execution, fingerprint, package: report.run.promotion.package, verdict },
    await openPromotion(config, report, home),
    { approved: inputs.promote === 'approved', actor: inputs.approver ?? (context.actor || null) },
  );
}

const outputsOf = ({ verdict, run }: Report, path: string): Record<Output, string> => ({
  outcome: verdict?.outcome ?? '',
  reason: cleanOutput(cleanText(verdict?.reason ?? '', 1000)),
  checks: verdict === null ? '' : checkCounts(verdict),
  verdict: path,
  package: run.promotion.package ?? '',
  promoted: String(run.promotion.promoted),
});

async function tell(report: Report, { summary }: Surroundings): Promise<void> {
  const { title, why, outcome } = headlineOf(report);
  await summary
    .addRaw(
      `**${prose(title)}**: ${prose(subjectOf(report))}. ${prose(why, 600)} ${prose(outcome.join(' '), 600)}\n`,
    )
    .write();
}

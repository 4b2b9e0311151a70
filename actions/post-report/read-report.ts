import { readFile } from 'node:fs/promises';
import { parseReport, parseVerdict } from '../../pipeline/report/parse-report.ts';
import { publishable } from '../../pipeline/report/publishable.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { reportOfError } from '../../pipeline/run/account/report-of-error.ts';
import { attemptOf, type Context, runIdOf, runUrl } from '../shared/context.ts';

/** The inputs that say where the report comes from. */
export interface ReportInputs {
  run?: string | undefined;
  verdict?: string | undefined;
  config: string;
  'artifact-url'?: string | undefined;
}

/**
 * The run's report, with links to the workflow run and artifact. If the run left none, or none that can be read, the report
 * says so and `left` is false.
 */
export async function readReport(
  inputs: ReportInputs,
  { context, now }: { context: Context; now: Date },
): Promise<{ report: Report; left: boolean }> {
  const found = await theReport(inputs).catch((error: Error) => error);
  const left = !(found instanceof Error);
  const report = left ? found : await died(found, inputs, { context, now });
  return { left, report: publishable({ ...report, links: linksOf(report, inputs, context) }) };
}

async function theReport({ run, verdict: verdictPath }: ReportInputs): Promise<Report> {
  const text = run === undefined ? null : await textOf(run);
  if (text === null) throw new Error(`no report was left${run === undefined ? '' : `: ${run} is not there`}`);
  const report = parseReport(text);
  // A run that did not reach the gate has no verdict.
  const verdict = verdictPath === undefined ? null : await textOf(verdictPath);
  return verdict === null ? report : { ...report, verdict: parseVerdict(verdict) };
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function died(
  error: Error,
  { config }: ReportInputs,
  { context, now }: { context: Context; now: Date },
): Promise<Report> {
  const { payload, eventName, sha = '', ref = '' } = context;
  const head = payload.pull_request?.head ?? { sha: payload.workflow_run?.head_sha ?? sha, ref };
  const report = await reportOfError(error, {
    config,
    model: undefined,
    backend: 'embedded',
    mode: payload.pull_request || payload.workflow_run ? 'evaluate' : 'promote',
    trigger: { kind: 'manual', reason: null },
    began: now,
    execution: attemptOf(context),
    cancelled: false,
  });
  return {
    ...report,
    run: {
      ...report.run,
      trigger: eventName || 'manual',
      commit: head.sha === '' ? null : { sha: head.sha, ref: head.ref, dirty: false },
    },
    failure: {
      step: 'Run',
      error: '',
      cause: `The run died or was cancelled before it wrote a report (${error.message.split('\n')[0]}).`,
      log: error.message.includes('\n') ? error.message.split('\n') : [],
      hint: "See the log of the workflow's run.",
    },
  };
}

function linksOf(
  report: Report,
  { 'artifact-url': artifact }: ReportInputs,
  context: Context,
): Report['links'] {
  const { workflow_run: followed } = context.payload;
  const links = [
    ...report.links,
    ...(followed ? [{ label: 'Workflow run', url: followed.html_url }] : []),
    ...(runIdOf(context) === null
      ? []
      : [{ label: followed ? 'Report' : 'Workflow run', url: runUrl(context) }]),
    ...(artifact === undefined ? [] : [{ label: 'Artifact', url: artifact }]),
  ];
  return links.filter(({ url }, i) => links.findIndex((other) => other.url === url) === i);
}

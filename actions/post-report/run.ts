import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { prose } from '../../pipeline/report/github-markdown.ts';
import { renderHtml } from '../../pipeline/report/html.ts';
import { marker, renderComment, renderSummary } from '../../pipeline/report/markdown.ts';
import { headlineOf, subjectOf } from '../../pipeline/report/reading.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { annotate, annotateWarning } from '../shared/annotate.ts';
import type { Context } from '../shared/context.ts';
import type { Octokit } from '../shared/github.ts';
import { whyRefused } from '../shared/github-error.ts';
import { withoutCommands } from '../shared/log.ts';
import { reportPath } from '../shared/report-path.ts';
import type { Result } from '../shared/start.ts';
import { annotationsOf } from './annotations.ts';
import { postCheckRun } from './check-run.ts';
import { commentsOf, issuesOf, titleOf } from './places.ts';
import { type ReportInputs, readReport } from './read-report.ts';
import { type Entry, Sticky } from './sticky.ts';
import { type Target, targetOf } from './target.ts';

export interface Inputs extends ReportInputs {
  release?: string | undefined;
  look?: string | undefined;
  token?: string | undefined;
  target: 'comment' | 'summary' | 'both';
  'pull-request'?: number | undefined;
  environment?: string | undefined;
  workflow?: string | undefined;
}

/** The part of the runner's toolkit that the action uses. */
interface Toolkit {
  summary: { addRaw(text: string, newLine?: boolean): { write(): Promise<unknown> } };
}

export interface Surroundings {
  context: Context;
  core: Toolkit;
  connect: (token: string) => Octokit;
  now: () => Date;
}

export type Output = 'comment-id' | 'comment-url' | 'report' | 'retrain' | 'reason';

/**
 * Posts the report of a run. A refusal by GitHub is only a warning, because gate-promotion decides about the candidate and
 * not whether its report could be posted.
 */
export async function run(given: Inputs, surroundings: Surroundings): Promise<Result<Output>> {
  const { context, core, now } = surroundings;
  const inputs = given.run === undefined ? given : { ...given, run: await reportPath(given.run) };
  const { report, left } = await readReport(inputs, { context, now: now() });
  const { title, why } = headlineOf(report);
  withoutCommands(`${subjectOf(report)}: ${title}. ${why}`);

  const folder = inputs.run === undefined ? join('.mlops/runs', report.run.execution) : dirname(inputs.run);
  await mkdir(folder, { recursive: true });
  const page = join(folder, 'report.html');
  await writeFile(page, renderHtml(report));
  // The summary comes first, because it needs no call to GitHub's API.
  if (inputs.target !== 'comment') await core.summary.addRaw(renderSummary(report), true).write();

  const posted = inputs.target === 'summary' ? null : await post(report, { ...surroundings, inputs, left });
  return {
    outputs: {
      report: page,
      'comment-id': String(posted?.id ?? ''),
      'comment-url': posted?.url ?? '',
    },
  };
}

interface Posting extends Surroundings {
  inputs: Inputs;
  /** Whether the run left a report. */
  left: boolean;
}

/** Writes the comment or issue. Null if there is none to write or GitHub refuses it; log and summary say why. */
async function post(report: Report, posting: Posting): Promise<Entry | null> {
  const { inputs, context } = posting;
  const token = inputs.token ?? '';
  const octokit = posting.connect(token);
  let permission = 'pull-requests: read';
  try {
    const commit = posting.left ? (report.run.commit?.sha ?? null) : null;
    const target = await targetOf(inputs['pull-request'], { octokit, context, commit });
    if (target.kind === 'none') {
      await tell(`No comment: ${target.why}.`, posting);
      return null;
    }
    permission = target.kind === 'issue' ? 'issues: write' : 'pull-requests: write';
    const entry = await write(report, target, { ...posting, octokit, token });
    if (entry !== null) withoutCommands(`Report: ${entry.url}`);
    if (target.kind === 'pull request') await check(report, target.sha, { ...posting, octokit, entry });
    return entry;
  } catch (error) {
    const why = whyRefused(error, permission);
    annotateWarning(why, { title: 'The report was not posted' });
    await tell(`The report was not posted: ${why}.`, posting);
    return null;
  }
}

async function write(
  report: Report,
  target: Exclude<Target, { kind: 'none' }>,
  { octokit, token, inputs, context }: Posting & { octokit: Octokit; token: string },
): Promise<Entry | null> {
  const { environment, workflow = context.workflow } = inputs;
  const mark = marker(subjectOf(report), workflow ?? '', ...(environment === undefined ? [] : [environment]));
  const body = renderComment(report, mark);
  if (target.kind === 'pull request')
    return await new Sticky(commentsOf(octokit, context.repo, target.number), { mark, octokit, token }).put(
      body,
    );
  const { tone, title } = headlineOf(report);
  // A person may have approved what the gate held.
  const healthy = tone === 'promote' || (tone === 'hold' && report.run.promotion.promoted);
  const where = environment === undefined ? '' : ` (${environment})`;
  const issues = issuesOf(octokit, context.repo, {
    title: titleOf(`${subjectOf(report)}${where}: ${title}`),
    state: healthy ? 'closed' : 'open',
  });
  const sticky = new Sticky(issues, { mark, octokit, token });
  // A promotion or a cancelled run opens no issue; it only updates an open one.
  return healthy || tone === 'cancelled' ? await sticky.update(body) : await sticky.put(body);
}

/** Writes a check with annotations. If the token may not, annotates the job instead. */
async function check(
  report: Report,
  sha: string,
  { octokit, context, inputs, now, entry }: Posting & { octokit: Octokit; entry: Entry | null },
): Promise<void> {
  const { config } = inputs;
  const annotations = await annotationsOf(report, config);
  try {
    const details = entry?.url;
    await postCheckRun(report, { octokit, context, sha, config, annotations, details, now: now() });
  } catch (error) {
    annotateWarning(whyRefused(error, 'checks: write'), { title: 'No check was made' });
    for (const { level, message, title, line } of annotations)
      annotate(level === 'failure' ? 'error' : 'warning', message, { title, file: config, line });
  }
}

/** Writes a message to the log and the summary. */
async function tell(message: string, { core }: Posting): Promise<void> {
  withoutCommands(message);
  await core.summary.addRaw(`\n> [!NOTE]\n> ${prose(message, 600)}\n`).write();
}

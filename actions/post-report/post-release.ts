import { readFile } from 'node:fs/promises';
import { cleanText } from '../../pipeline/report/clean-text.ts';
import { marker } from '../../pipeline/report/markdown.ts';
import { parseReleaseResult } from '../../pipeline/report/parse-release-result.ts';
import {
  publishableResult,
  type ReleaseResult,
  releaseResultHeadline,
  renderReleaseResult,
} from '../../pipeline/report/release-result.ts';
import { reportOfError } from '../../pipeline/run/account/report-of-error.ts';
import { annotateWarning } from '../shared/annotate.ts';
import { attemptOf, runUrl } from '../shared/context.ts';
import { whyRefused } from '../shared/github-error.ts';
import { withoutCommands } from '../shared/log.ts';
import type { Result } from '../shared/start.ts';
import { commentsOf, issuesOf, titleOf } from './places.ts';
import type { Inputs, Output, Surroundings } from './run.ts';
import { cutToComment } from './size.ts';
import { type Entry, Sticky } from './sticky.ts';
import { targetOf } from './target.ts';

/** Posts what came of a release or a rollback: in a comment of its own, or in an issue where there is no pull request. */
export async function postRelease(
  path: string,
  inputs: Inputs,
  surroundings: Surroundings,
): Promise<Result<Output>> {
  const { core } = surroundings;
  const result = await readResult(path, inputs, surroundings);
  const { title, why } = releaseResultHeadline(result);
  withoutCommands(`${title}: ${why}`);
  const body = renderReleaseResult(result);
  if (inputs.target !== 'comment') await core.summary.addRaw(body, true).write();
  const entry = inputs.target === 'summary' ? null : await post(result, body, inputs, surroundings);
  return {
    outputs: { report: '', 'comment-id': String(entry?.id ?? ''), 'comment-url': entry?.url ?? '' },
  };
}

async function post(
  result: ReleaseResult,
  body: string,
  inputs: Inputs,
  { context, connect }: Surroundings,
): Promise<Entry | null> {
  const { environment, workflow = context.workflow ?? '', token = '' } = inputs;
  const { well, title } = releaseResultHeadline(result);
  const { project, model } = result;
  const subject = project === model ? project : `${project}/${model}`;
  // Apart from the report's own comment.
  const mark = marker(subject, workflow, environment ?? '', 'release');
  const text = `${mark}\n${cutToComment(body, mark.length + 1)}`;
  const octokit = connect(token);
  let permission = 'pull-requests: read';
  try {
    const target = await targetOf(inputs['pull-request'], { octokit, context, commit: null });
    if (target.kind === 'none') {
      withoutCommands(`No comment: ${target.why}.`);
      return null;
    }
    permission = target.kind === 'issue' ? 'issues: write' : 'pull-requests: write';
    const keys = { mark, octokit, token };
    const where = environment === undefined ? '' : ` (${environment})`;
    const place =
      target.kind === 'pull request'
        ? commentsOf(octokit, context.repo, target.number)
        : issuesOf(octokit, context.repo, {
            title: titleOf(`${subject}${where}: ${title}`),
            state: well ? 'closed' : 'open',
          });
    const sticky = new Sticky(place, keys);
    // Only a failure opens an issue; what went well closes it.
    const isQuiet = target.kind === 'issue' && (well || result.status === 'cancelled');
    const entry = isQuiet ? await sticky.update(text) : await sticky.put(text);
    if (entry !== null) withoutCommands(`Release: ${entry.url}`);
    return entry;
  } catch (error) {
    annotateWarning(whyRefused(error, permission), { title: 'The release was not posted' });
    return null;
  }
}

/** The result with links; if there is none that can be read, one that says so. */
async function readResult(path: string, inputs: Inputs, surroundings: Surroundings): Promise<ReleaseResult> {
  const { context } = surroundings;
  const url = runUrl(context);
  const { 'artifact-url': artifact } = inputs;
  const more = artifact === undefined ? [] : [{ label: 'Page', url: artifact }];
  try {
    const result = publishableResult(parseReleaseResult(await readFile(path, 'utf8')));
    const links = [...more, ...result.links];
    return {
      ...result,
      links: links.filter((link, i) => links.findIndex((each) => each.url === link.url) === i),
    };
  } catch (error) {
    return await died(error as Error, url, inputs, surroundings);
  }
}

async function died(
  error: Error,
  url: string,
  { config }: Inputs,
  { context, now }: Surroundings,
): Promise<ReleaseResult> {
  const execution = attemptOf(context);
  const { project, model } = await reportOfError(error, {
    config,
    model: undefined,
    backend: 'embedded',
    mode: 'promote',
    trigger: { kind: 'manual', reason: null },
    began: now(),
    execution,
    cancelled: false,
  });
  return {
    version: 1,
    kind: 'release',
    project,
    model,
    execution,
    status: 'failed',
    release: null,
    package: null,
    moved: false,
    previous: null,
    left: null,
    predictions: null,
    report: null,
    page_problem: null,
    reason: null,
    actor: null,
    notes: [],
    failure: {
      step: 'Release',
      error: 'NoResult',
      cause: cleanText(
        `it died or was cancelled before it wrote its result (${error.message.split('\n')[0]}); the history says what readers see`,
        600,
      ),
      log: [],
      hint: "See the log of the workflow's run.",
    },
    links: [{ label: 'Workflow run', url }],
  };
}

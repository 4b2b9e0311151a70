import { readFile } from 'node:fs/promises';
import { loadConfig } from '../../pipeline/config/load.ts';
import { cleanText } from '../../pipeline/report/clean-text.ts';
import { prose } from '../../pipeline/report/github-markdown.ts';
import {
  type LookResult,
  lookHeadline,
  publishableLook,
  renderLookResult,
} from '../../pipeline/report/look-result.ts';
import { marker } from '../../pipeline/report/markdown.ts';
import { parseLookResult } from '../../pipeline/report/parse-look-result.ts';
import { annotateWarning } from '../shared/annotate.ts';
import { attemptOf, runUrl } from '../shared/context.ts';
import { whyRefused } from '../shared/github-error.ts';
import { withoutCommands } from '../shared/log.ts';
import type { Result } from '../shared/start.ts';
import { type Memory, memoryIn, memoryLine, shouldRetrain } from './look-memory.ts';
import { lookIssues, titleOf } from './places.ts';
import type { Inputs, Output, Surroundings } from './run.ts';
import { cutToComment } from './size.ts';
import { type Entry, Sticky } from './sticky.ts';

/**
 * Keeps one issue per model, and environment, on its looks at production: opened where there is something to do, updated by
 * every look, closed with a comment once the model is healthy again. The issue also remembers for which package a run was asked
 * for, so the output `retrain` is true once a package.
 */
export async function postLook(
  path: string,
  inputs: Inputs,
  surroundings: Surroundings,
): Promise<Result<Output>> {
  const { core } = surroundings;
  const result = await readResult(path, inputs, surroundings);
  const { title, why } = lookHeadline(result);
  withoutCommands(`${title}: ${why}`);
  if (result.finding === 'cannot tell') annotateWarning(why, { title });
  const body = renderLookResult(result);
  if (inputs.target !== 'comment') await core.summary.addRaw(body, true).write();
  const kept = inputs.target === 'summary' ? null : await keepIssue(result, body, inputs, surroundings);
  return {
    outputs: {
      report: '',
      'comment-id': String(kept?.entry?.id ?? ''),
      'comment-url': kept?.entry?.url ?? '',
      retrain: String(kept?.retrain ?? false),
      reason: kept?.retrain ? cleanText(result.retrain.why, 300) : '',
    },
  };
}

interface Kept {
  entry: Entry | null;
  /** Whether a run is to be asked for. The issue remembers it already. */
  retrain: boolean;
}

/** Null if GitHub refuses, or if nothing asks for an issue: then nothing is asked for either, because nobody would remember. */
async function keepIssue(
  result: LookResult,
  body: string,
  inputs: Inputs,
  { context, connect, now }: Surroundings,
): Promise<Kept | null> {
  const { environment, workflow = context.workflow ?? '', token = '' } = inputs;
  const { project, model } = result;
  const { standing, title, why, mark: sign } = lookHeadline(result);
  const subject = project === model ? project : `${project}/${model}`;
  const mark = marker(subject, workflow, environment ?? '', 'look');
  const where = environment === undefined ? '' : ` (${environment})`;
  const octokit = connect(token);
  try {
    const before = await new Sticky(lookIssues(octokit, context.repo, null), { mark, octokit, token }).find();
    // The first look at a model that is well has nothing to say.
    if (before === null && standing !== 'trouble') return { entry: null, retrain: false };
    const isOpen = standing === 'trouble' || (standing === 'open' && before?.isOpen === true);
    if (before !== null && !before.isOpen && !isOpen) return { entry: before, retrain: false };
    const memory = memoryIn(before?.body ?? '');
    const retrain = shouldRetrain(result, memory, now());
    const next: Memory = {
      finding: result.finding ?? 'failed',
      asked: retrain ? { package: result.package ?? '', at: now().toISOString() } : memory.asked,
    };
    const head = `${mark}\n${memoryLine(next)}\n`;
    const place = lookIssues(octokit, context.repo, {
      title: titleOf(`${subject}${where}: ${title}`),
      state: isOpen ? 'open' : 'closed',
    });
    const sticky = new Sticky(place, { mark, octokit, token });
    const entry = await sticky.put(`${head}${cutToComment(body, head.length)}`);
    // An issue that is edited tells nobody; a comment does.
    if (before !== null && (before.isOpen !== isOpen || memory.finding !== next.finding))
      await octokit.rest.issues.createComment({
        ...context.repo,
        issue_number: Number(entry.id),
        body: `${sign} **${prose(title, 120)}.** ${prose(why, 600)}\n\n<sub>[Workflow run](<${runUrl(context)}>)</sub>`,
      });
    withoutCommands(`Issue: ${entry.url}`);
    return { entry, retrain };
  } catch (error) {
    annotateWarning(whyRefused(error, 'issues: write'), { title: 'The look was not posted' });
    return null;
  }
}

/** The result with links; if there is none that can be read, one that says so. */
async function readResult(path: string, inputs: Inputs, surroundings: Surroundings): Promise<LookResult> {
  const { context } = surroundings;
  const { 'artifact-url': artifact } = inputs;
  const more = [
    ...(artifact === undefined ? [] : [{ label: 'Page', url: artifact }]),
    { label: 'Workflow run', url: runUrl(context) },
  ];
  const withLinks = (result: LookResult): LookResult => {
    const links = [...more, ...result.links];
    return {
      ...result,
      links: links.filter((link, i) => links.findIndex((each) => each.url === link.url) === i),
    };
  };
  try {
    return withLinks(publishableLook(parseLookResult(await readFile(path, 'utf8'))));
  } catch (error) {
    return withLinks(await died(error as Error, inputs, surroundings));
  }
}

async function died(error: Error, { config: file }: Inputs, { context }: Surroundings): Promise<LookResult> {
  const known = await loadConfig(file, {}).then(
    ({ config }) => ({ project: config.project, model: config.name }),
    () => ({ project: context.repo.repo, model: context.repo.repo }),
  );
  return {
    version: 1,
    ...known,
    execution: attemptOf(context),
    status: 'failed',
    at: null,
    package: null,
    finding: null,
    reason: 'The look left no result.',
    superseded: false,
    retrain: { wanted: false, why: 'The look left no result.' },
    cool_down: 0,
    report: null,
    failure: {
      step: 'Look',
      error: 'NoResult',
      cause: cleanText(
        `it died or was cancelled before it wrote its result (${error.message.split('\n')[0]}): nobody knows whether the model is still good`,
        600,
      ),
      log: [],
      hint: "See the log of the workflow's run.",
    },
    links: [],
  };
}

import { prose } from './github-markdown.ts';
import { publishableRelease } from './publishable-release.ts';
import { renderReleaseMarkdown } from './release-markdown.ts';
import { packageName } from './release-reading.ts';
import type { ReleaseReport } from './release-report.ts';
import type { Failure } from './report.ts';

/**
 * What came of a release or a rollback, as plain JSON: run-pipeline writes it, post-report reads it. What it holds, everybody
 * may see.
 */
export interface ReleaseResult {
  version: 1;
  kind: 'release' | 'rollback';
  project: string;
  /** The model's name: the project's if it is the only model. */
  model: string;
  execution: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  /** The release that readers see now because of it; null: it was left out, or it failed. */
  release: string | null;
  package: string | null;
  /** Whether readers saw another release before it. */
  moved: boolean;
  previous: { release: string; package: string } | null;
  /** A rollback: the champion that it took the place of, and the commit that this one was made from. */
  left: { package: string; commit: string | null } | null;
  predictions: { rows: number; path: string } | null;
  /** The publishable report that the page shows; null without a page. */
  report: ReleaseReport | null;
  /** Why there is no page although there is a release. */
  page_problem: string | null;
  reason: string | null;
  /** Who asked for it, or approved it. */
  actor: string | null;
  /** Notes for the reader, one sentence each. */
  notes: string[];
  failure: Failure | null;
  links: { label: string; url: string }[];
}

/** A release in a few words, for logs, titles and summaries. Sentences may contain text from users. */
export function releaseResultHeadline(result: ReleaseResult): {
  /** Whether all went as it was asked for; a release that was left out did. */
  well: boolean;
  title: string;
  why: string;
} {
  const { kind, status, release, failure, notes, predictions, previous, moved } = result;
  const noun = kind === 'rollback' ? 'Rollback' : 'Release';
  if (status === 'cancelled')
    return { well: false, title: `${noun} cancelled`, why: 'Readers see what they saw before.' };
  if (status === 'failed') {
    const cause = failure === null ? 'no reason was given' : `${failure.error}: ${failure.cause}`;
    return { well: false, title: `${noun} failed in ${failure?.step ?? 'an unknown step'}`, why: cause };
  }
  if (release === null)
    return { well: true, title: `${noun} left out`, why: notes.join(' ') || 'Nothing was released.' };
  const name = packageName(result.package ?? '');
  const rows = predictions === null ? '' : `, ${predictions.rows} predictions`;
  const before = previous === null || !moved ? '' : `; before: ${packageName(previous.package)}`;
  const verb = kind === 'rollback' ? 'Rolled back' : moved ? 'Released' : 'Released already';
  return { well: true, title: verb, why: `${name}${rows}${before}.` };
}

/** The result as a section of a comment or of a summary. Text from users cannot mention anybody, link, break a table or run. */
export function renderReleaseResult(result: ReleaseResult): string {
  const { title, why, well } = releaseResultHeadline(result);
  const { report, links, notes, page_problem, failure, actor, reason, project, model } = result;
  const by =
    result.kind === 'rollback' && result.left !== null
      ? `Away from ${packageName(result.left.package)}${actor === null ? '' : `, approved by ${actor}`}: ${reason ?? 'no reason given'}. The same model is not promoted again by itself.`
      : '';
  if (report !== null)
    return `${renderReleaseMarkdown(report, links)}${by === '' ? '' : `\n${prose(by, 600)}\n`}`;
  const subject = project === model ? project : `${project}/${model}`;
  const lines = [
    `### ${well ? '⚪' : '🔴'} ${prose(title, 120)}: ${prose(subject, 120)}`,
    prose(why, 1000),
    by === '' ? '' : prose(by, 600),
    ...(failure === null ? [] : [prose(failure.hint, 300)]),
    ...(page_problem === null ? [] : [prose(`The page was not made: ${page_problem}`, 600)]),
    ...(notes.length === 0 || result.release === null
      ? []
      : notes.slice(0, 10).map((note) => `- ${prose(note)}`)),
  ];
  return `${lines.filter((line) => line !== '').join('\n\n')}\n`;
}

/** The result as everybody may see it, whatever wrote it. */
export const publishableResult = (result: ReleaseResult): ReleaseResult => ({
  ...result,
  report: result.report && publishableRelease(result.report),
});

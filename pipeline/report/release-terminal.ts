import { formatCountOf } from '../format.ts';
import { cleanText } from './clean-text.ts';
import { publishableRelease } from './publishable-release.ts';
import * as words from './release-reading.ts';
import type { ReleaseReport } from './release-report.ts';
import { painter, wrap } from './terminal-text.ts';

const MOST_NOTES = 8;

/** Where the pages of a release are: paths or addresses; null for those that were not written. */
export interface ReleasePages {
  page: string | null;
  /** The private copy, with rows by id. */
  private: string | null;
}

/**
 * A release in a terminal: what was released, what changed, what to know of the rows, how to read the predictions, and the page.
 * Shows aggregates alone, since logs may be public.
 * @param columns the terminal's width; at least 40 is assumed.
 */
export function renderReleaseTerminal(
  release: ReleaseReport,
  pages: ReleasePages,
  options: { color: boolean; columns: number },
): string {
  const width = Math.max(40, Math.min(options.columns, 120)) - 2;
  const paint = painter(options.color);
  const told = publishableRelease(release);
  const { tone, title, why, outcome } = words.releaseHeadline(told);
  const [first = '', ...rest] = wrap(`${title.toUpperCase()}  ${cleanText(why, 600)}`, width, '');
  const headline = [
    first.replace(
      title.toUpperCase(),
      paint(['bold', tone === 'hold' ? 'yellow' : 'green'], title.toUpperCase()),
    ),
    ...rest,
    ...outcome.flatMap((line) => wrap(cleanText(line, 400), width, '')),
  ];
  const known = told.predictions === null ? [] : words.inputSentences(told.predictions);
  const notes = [...known, ...words.releaseNotes(told)];
  const more = notes.length - MOST_NOTES;
  const blocks = [
    headline,
    [
      ...notes.slice(0, MOST_NOTES).flatMap((note) => wrap(`- ${cleanText(note)}`, width, '  ')),
      ...(more > 0 ? [`  and ${formatCountOf(more, 'more note')}, on the page`] : []),
    ],
    placeLines(told, pages),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

/** Lines to copy from, so none is wrapped or cut. */
function placeLines(release: ReleaseReport, pages: ReleasePages): string[] {
  const { predictions } = release;
  const count = predictions === null ? '' : formatCountOf(predictions.summary.rows, 'prediction');
  const lines: [name: string, value: string][] = [
    ...(predictions === null ? [] : [[count, `npx mlops query "${queryOf(release)}"`] as [string, string]]),
    ...(pages.page === null ? [] : [['page', pages.page] as [string, string]]),
    ...(pages.private === null ? [] : [['with rows by id', pages.private] as [string, string]]),
  ];
  return lines.map(([name, value]) => `${name}: ${cleanText(value, 4000)}`);
}

/** The predictions of the current release; of this model, if the project has several. */
function queryOf({ project, model }: ReleaseReport): string {
  const where = model === project ? '' : ` where model = '${model.replaceAll("'", "''")}'`;
  return `select * from predictions_current${where} limit 10`;
}

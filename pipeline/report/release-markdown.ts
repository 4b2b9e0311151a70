import { formatCount, formatCountOf, formatInterval, formatPercent, formatValue } from '../format.ts';
import type { Summary } from '../steps/release/delivery.ts';
import { code, details, httpUrl, prose, table } from './github-markdown.ts';
import { publishableRelease } from './publishable-release.ts';
import * as words from './release-reading.ts';
import type { ReleaseReport } from './release-report.ts';

const MOST_ROWS = 20;
const MOST_LINKS = 20;

/**
 * A release as a section for a step's summary or a pull request's comment: aggregates alone. Text from users cannot mention
 * anybody, link, break a table or run; account ids are taken out of ARNs.
 * @param links pages and artifacts; one whose address is no absolute http(s) address is named without a link
 */
export function renderReleaseMarkdown(
  release: ReleaseReport,
  links: { label: string; url: string }[] = [],
): string {
  const told = publishableRelease(release);
  const { title, why, outcome } = words.releaseHeadline(told);
  const [, ...parts] = words.releaseParts(told);
  const icon = told.kind === 'rollback' ? '⏪' : '🚀';
  const known = told.predictions === null ? [] : words.inputSentences(told.predictions);
  const notes = [...known, ...words.releaseNotes(told)];
  return `${[
    `### ${icon} ${title}: ${prose(words.releaseSubject(told), 120)}`,
    [`**${prose(why, 600)}**`, ...outcome.map((line) => prose(line, 400))].join('  \n'),
    told.predictions === null ? '' : decisionTable(told.predictions.summary),
    listOf(notes),
    told.predictions === null ? '' : groupTable(told.predictions.summary),
    facts(told),
    links
      .slice(0, MOST_LINKS)
      .map(({ label, url }) => {
        const target = httpUrl(url);
        return target === null ? prose(label, 80) : `[${prose(label, 80)}](<${target}>)`;
      })
      .join(' · '),
    `<sub>${parts.map((part) => prose(part, 120)).join(' · ')} · ${code(told.release, 120)}</sub>`,
  ]
    .filter((section) => section !== '')
    .join('\n\n')}\n`;
}

function listOf(notes: string[]): string {
  const shown = notes.slice(0, MOST_ROWS).map((note) => `- ${prose(note)}`);
  return [...shown, ...(notes.length > MOST_ROWS ? [`- ${more(notes.length, 'note')}`] : [])].join('\n');
}

function decisionTable({ decisions, flips, rows }: Summary): string {
  if (decisions.length === 0) return '';
  const compared = decisions.some(({ previous_rows }) => previous_rows !== null);
  const body = decisions
    .slice(0, MOST_ROWS)
    .map(({ label, rows: count, previous_rows: before }) => [
      prose(label, 60),
      `${formatCount(count)} <sub>${rows === 0 ? '' : formatPercent(count / rows)}</sub>`,
      ...(compared ? [before === null ? '–' : formatCount(before)] : []),
    ]);
  const changes = (flips?.changes ?? [])
    .slice(0, MOST_ROWS)
    .map(({ from, to, rows: count }) => `${prose(from, 60)} → ${prose(to, 60)}: ${formatCount(count)}`);
  return [
    table(['Decision', 'Now', ...(compared ? ['Before'] : [])], body, ['', '-:', '-:']),
    more(decisions.length, 'decision'),
    changes.length === 0 ? '' : `Changed: ${changes.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function groupTable({ slices, positive }: Summary): string {
  if (slices.length === 0) return '';
  const shares = slices.some(({ share }) => share !== null);
  const before = slices.some(({ previous_share }) => previous_share !== null);
  const body = slices
    .slice(0, MOST_ROWS)
    .map((slice) => [
      `${prose(slice.column, 60)}: ${prose(slice.value, 60)}`,
      formatCount(slice.rows),
      shares ? shareOf(slice.share) : formatValue(slice.mean_score),
      ...(before ? [shareOf(slice.previous_share)] : []),
    ]);
  const title = shares ? `Share of ${prose(positive ?? 'the positive class', 60)} by group` : 'Mean by group';
  const head = ['Group', 'n', shares ? 'Now' : 'Mean', ...(before ? ['Before'] : [])];
  return details(
    title,
    [table(head, body, ['', '-:', '-:', '-:']), more(slices.length, 'group')].join('\n\n').trim(),
    false,
  );
}

const shareOf = (share: number | null): string => (share === null ? '–' : formatPercent(share));

function facts(release: ReleaseReport): string {
  const { card, predictions, previous } = release;
  const [metric] = words.cardMetrics(card);
  const rows = [
    ['Package', code(words.packageName(release.package), 160)],
    ['Before it', previous === null ? '' : code(words.packageName(previous.package), 160)],
    [
      'Judged by',
      metric === undefined
        ? ''
        : `${prose(metric.label, 60)} ${formatValue(metric.value)} ${formatInterval(metric.interval)} on ${formatCountOf(card.holdout.rows, 'row')}`,
    ],
    ['Image', code(card.image, 200)],
    ['Fingerprint', code(card.fingerprint, 80)],
    ['Commit', card.commit === null ? '' : code(card.commit, 80)],
    [
      'Rows',
      predictions === null ? '' : `${code(predictions.source, 200)} at ${code(predictions.data_version, 80)}`,
    ],
    ['Predictions', predictions === null ? '' : code(predictions.path, 300)],
  ].filter(([, value]) => value !== '');
  return details('Model and data', table(['', ''], rows), false);
}

const more = (rows: number, one: string): string =>
  rows > MOST_ROWS ? `<sub>and ${formatCountOf(rows - MOST_ROWS, `more ${one}`)}, on the page</sub>` : '';

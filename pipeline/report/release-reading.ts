import { formatCount, formatCountOf, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import type { Summary } from '../steps/release/delivery.ts';
import { subjectOf } from './reading.ts';
import type { ReleaseReport } from './release-report.ts';

/*
 * The words and numbers of a release, which all renderings share. Sentences may contain text from users, so each rendering
 * escapes them.
 */

const MOST_CLASSES = 4;

export interface ReleaseHeadline {
  tone: 'promote' | 'hold';
  /** "Released" or "Rolled back". */
  title: string;
  /** One sentence: what readers and callers get now. */
  why: string;
  /** More sentences: where it came from, what was reused. */
  outcome: string[];
}

export function releaseHeadline(release: ReleaseReport): ReleaseHeadline {
  const { kind, reused, predictions } = release;
  const outcome = [
    kind === 'rollback' ? rollbackText(release) : release.reason === null ? '' : sentence(release.reason),
    reused === null || predictions === null
      ? ''
      : `Nothing was predicted again: these are the predictions of release ${reused}, from the same model and the same rows.`,
    release.previous === null ? 'It is the first release.' : takenPlace(release),
  ];
  return {
    tone: kind === 'rollback' ? 'hold' : 'promote',
    title: kind === 'rollback' ? 'Rolled back' : 'Released',
    why: whatIsReleased(release),
    outcome: outcome.filter((text) => text !== ''),
  };
}

/** "200 predictions by attrition/3: 32 Yes, 168 No; 5 decisions changed since the last release." */
function whatIsReleased(release: ReleaseReport): string {
  const { predictions, mode } = release;
  const name = packageName(release.package);
  if (predictions === null)
    return mode === 'batch'
      ? `${name} is the released model. There are no rows to predict: data.scoring names none.`
      : `${name} answers requests now, on a${mode === 'serverless' ? ' serverless' : 'n'} endpoint.`;
  const { summary } = predictions;
  const parts = [valuesText(summary), changeText(release)].filter((text) => text !== '').join('; ');
  return `${formatCountOf(summary.rows, 'prediction')} by ${name}${parts === '' ? '' : `: ${parts}`}.`;
}

/** "32 Yes, 168 No", the positive class first; of a regression, the mean. */
function valuesText({ decisions, positive, score, problem }: Summary): string {
  if (decisions.length === 0)
    return problem === 'regression' && score !== null ? `${formatValue(score.mean)} on average` : '';
  const ordered = [...decisions].sort(
    (a, b) => Number(b.label === positive) - Number(a.label === positive) || b.rows - a.rows,
  );
  const shown = ordered.slice(0, ordered.length > MOST_CLASSES + 1 ? MOST_CLASSES : ordered.length);
  const rest = ordered.slice(shown.length);
  const other = rest.reduce((sum, { rows }) => sum + rows, 0);
  return [
    ...shown.map(({ label, rows }) => `${formatCount(rows)} ${label}`),
    ...(rest.length === 0 ? [] : [`${formatCount(other)} of ${rest.length} other classes`]),
  ].join(', ');
}

/** What changed since the release before, as the end of a sentence; empty without one to compare with. */
export function changeText({ predictions, previous }: ReleaseReport): string {
  const summary = predictions?.summary;
  if (previous === null || !summary) return '';
  const { flips, score, problem, rows } = summary;
  if (flips === null) {
    if (problem !== 'regression' || score === null || score.previous_mean === null) return '';
    return `${formatValue(score.previous_mean)} in the last release`;
  }
  if (flips.compared === 0) return 'no row was in the last release';
  const changed = changedDecisions(flips);
  const of = flips.compared < rows ? `, of the ${formatCountOf(flips.compared, 'row')} in both` : '';
  const what = changed === 0 ? 'no decision' : formatCountOf(changed, 'decision');
  return `${what} changed since the last release${of}`;
}

export const changedDecisions = ({ changes }: NonNullable<Summary['flips']>): number =>
  changes.reduce((sum, { rows }) => sum + rows, 0);

/** Without predictions nothing else says what was released before. */
function takenPlace({ kind, predictions, previous, package: now }: ReleaseReport): string {
  if (kind === 'rollback' || predictions !== null || previous === null || previous.package === now) return '';
  return `It takes the place of ${packageName(previous.package)}.`;
}

function rollbackText({ package: now, previous, reason }: ReleaseReport): string {
  const from = previous === null ? '' : ` from ${packageName(previous.package)}`;
  const why = reason === null ? '' : `: ${reason}`;
  return sentence(`Back${from} to ${packageName(now)}${why}`);
}

/** The release's subject: the project, and the model if there are several. */
export const releaseSubject = (release: ReleaseReport): string => subjectOf(release);

/** A package as people name it: attrition/3, without the ARN and the group's prefix. */
export const packageName = (name: string): string =>
  /^arn:aws[\w-]*:sagemaker:[^:]*:[^:]*:model-package\/(?:.*--)?([^/]+\/\d+)$/.exec(name)?.[1] ?? name;

/** "batch · release · after a promotion": how it came about. */
export const releaseParts = (release: ReleaseReport): string[] => [
  releaseSubject(release),
  MODES[release.mode],
  release.trigger.replaceAll('_', ' '),
];

const MODES = { batch: 'batch predictions', endpoint: 'endpoint', serverless: 'serverless endpoint' };

/** Sentences on rows that were left out and cells that training never saw; none where all is well. */
export function inputSentences({
  rejected,
  unseen,
  rows,
}: NonNullable<ReleaseReport['predictions']>): string[] {
  const total = rows + rejected.rows;
  return [
    ...(rejected.rows === 0
      ? []
      : [
          `${formatCountOf(rejected.rows, 'row')} of ${formatCount(total)} could not be read and ${rejected.rows === 1 ? 'has' : 'have'} no prediction.`,
        ]),
    ...unseen.map(
      ({ column, rows }) =>
        `${column}: ${formatCountOf(rows, 'row')} ${rows === 1 ? 'has a category' : 'have categories'} that training never saw.`,
    ),
  ];
}

/** Notes of the release, without duplicates. */
export const releaseNotes = ({ notes, predictions }: ReleaseReport): string[] => [
  ...new Set([...notes, ...(predictions?.summary.kept_back ?? [])].map(sentence)),
];

/** The metrics of the card, with labels. */
export const cardMetrics = ({ metrics }: ReleaseReport['card']) =>
  metrics.map((metric) => ({ ...metric, ...metricText(metric.name) }));

/** A text as a sentence: with a capital and a full stop. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const ended = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

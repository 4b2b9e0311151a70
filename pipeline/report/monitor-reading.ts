import {
  formatCount,
  formatCountOf,
  formatDuration,
  formatInterval,
  formatPercent,
  formatValue,
} from '../format.ts';
import { isMetric, metricFacts } from '../metrics.ts';
import type { Evidence, Finding, FindingName } from '../monitor/finding.ts';
import { cleanText } from './clean-text.ts';
import type { Count, MonitorEvent, MonitorReport, MonitorWindow } from './monitor-report.ts';
import { subjectOf } from './reading.ts';
import { packageName } from './release-reading.ts';

/*
 * The words and numbers of a look at production, which all renderings share. Sentences may contain text from users, so each
 * rendering escapes them.
 */

/** The class of the page's headline, and the colour of the word in a terminal. */
export const TONES = {
  healthy: 'promote',
  watch: 'hold',
  decayed: 'reject',
  'cannot tell': 'unknown',
} as const satisfies Record<FindingName, string>;

export const TITLES: Record<FindingName, string> = {
  healthy: 'Healthy',
  watch: 'Watch',
  decayed: 'Decayed',
  'cannot tell': 'Cannot tell',
};

export const monitorSubject = (report: MonitorReport): string => subjectOf(report);

/** "attrition · look at production · schedule": how it came about. */
export const monitorParts = (report: MonitorReport): string[] => [
  subjectOf(report),
  'look at production',
  report.trigger.replaceAll('_', ' '),
];

/** "ROC AUC"; a name that is no metric's as one clean line. */
export const metricLabel = (name: string): string =>
  isMetric(name) ? metricFacts(name).label : cleanText(name, 60);

/** Whether a value of the metric is beyond a limit on the bad side. */
export function isWorse(metric: string, value: number, limit: number): boolean {
  return isMetric(metric) && metricFacts(metric).better === 'lower' ? value > limit : value < limit;
}

/** Evidence grows by factors; beyond this nobody needs its digits. */
const MOST_EVIDENCE = 1e9;

/** The value of a test as text. */
export function evidenceValue({ kind, value }: Evidence): string {
  if (value === null) return '';
  if (kind === 'labels' || kind === 'breach')
    return value > MOST_EVIDENCE ? `over ${formatCount(MOST_EVIDENCE)}` : formatValue(value);
  return kind === 'missing' || kind === 'categories' ? formatPercent(value) : formatValue(value, 3);
}

const KINDS: Record<Evidence['kind'], string> = {
  scores: 'Scores',
  column: 'Values',
  missing: 'Missing values',
  categories: 'New categories',
  estimate: 'Estimate before labels',
  labels: 'Evidence of decay',
  breach: 'Ever beyond the limit',
};

/** "Values of MonthlyIncome", "Evidence of decay: ROC AUC" */
export function evidenceLabel({ kind, name }: Evidence): string {
  const what = KINDS[kind];
  if (kind === 'scores') return name === '' || name.toLowerCase() === 'score' ? what : `${what} of ${name}`;
  if (kind === 'column' || kind === 'missing') return `${what} of ${name}`;
  return kind === 'categories' ? `${what} in ${name}` : `${what}: ${metricLabel(name)}`;
}

export const OUTCOMES: Record<Evidence['outcome'], string> = {
  alarm: 'Alarm',
  'cannot tell': 'Cannot tell',
  'not yet': 'Not yet',
  pass: 'No alarm',
};

const ORDER: Evidence['outcome'][] = ['alarm', 'cannot tell', 'not yet', 'pass'];
const KIND_ORDER: Evidence['kind'][] = [
  'labels',
  'breach',
  'estimate',
  'scores',
  'column',
  'missing',
  'categories',
];

/** Alarms first, then what is not known; labels before estimates before drift. */
export const orderedEvidence = (evidence: readonly Evidence[]): Evidence[] =>
  evidence.toSorted(
    (a, b) =>
      ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) ||
      KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind),
  );

export const EVENTS: Record<MonitorEvent['kind'], string> = {
  'decay alarm': 'Decay alarm',
  'drift alarm': 'Drift alarm',
  promotion: 'Promotion',
  rollback: 'Rollback',
  return: 'Return',
  release: 'Release',
};

const DAY = 86_400_000;

/** "2026-10-19" for a day, "2026-10-19 to 2026-10-25" for days, with times for windows of hours. */
export function windowText({ start, end }: { start: string; end: string }): string {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  if (Number.isNaN(from) || Number.isNaN(to)) return cleanText(`${start} to ${end}`, 80);
  const time = (at: number) => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  if (from % DAY !== 0 || to % DAY !== 0) return `${time(from)} to ${time(to)} UTC`;
  const day = (at: number) => time(at).slice(0, 10);
  return to - from <= DAY ? day(from) : `${day(from)} to ${day(to - DAY)}`;
}

/** The few numbers that most readers look for. */
export function keyFigures(report: MonitorReport): { label: string; value: string; detail: string }[] {
  const { watched, windows, reference, drift, finding } = report;
  const figures: { label: string; value: string; detail: string }[] = [];
  const own = windows.filter((window) => window.package === finding.package);
  const { metric, limit } = watched;
  const measured = own.findLast((window) => window.measured !== null);
  if (measured?.measured)
    figures.push({
      label: `${metricLabel(metric)}, measured`,
      value: formatValue(measured.measured.value),
      detail: formatInterval(measured.measured.interval),
    });
  const estimated = own.findLast((window) => window.estimate !== null);
  if (estimated?.estimate)
    figures.push({
      label: `${metricLabel(metric)}, estimated`,
      value: formatValue(estimated.estimate.value),
      detail: formatInterval(estimated.estimate.interval),
    });
  const before = reference?.metrics[metric];
  if (before !== undefined)
    figures.push({
      label: 'When it was judged',
      value: formatValue(before.value),
      detail: limit === null ? formatInterval(before.interval) : `the limit is ${formatValue(limit)}`,
    });
  const worst = drift?.scores.map(({ evidence }) => evidence).find((evidence) => evidence !== null);
  if (worst?.value != null)
    figures.push({
      label: 'Drift of the scores',
      value: formatValue(worst.value, 3),
      detail: worst.limit === null ? '' : `an alarm takes ${formatValue(worst.limit, 3)}`,
    });
  const last = own.at(-1);
  if (last !== undefined)
    figures.push({
      label: 'Last window',
      value: formatCount(last.rows),
      detail: last.rows === 1 ? 'prediction' : 'predictions',
    });
  const mature = own.filter(({ labels }) => labels.state === 'mature').length;
  if (watched.truth && own.length > 0)
    figures.push({
      label: 'Windows with labels',
      value: formatCount(mature),
      detail: `of ${formatCount(own.length)}${report.earlier > 0 ? ' shown' : ''}`,
    });
  return figures;
}

/** Rows as text; few rows are not told. */
export const countText = (count: Count, least: number): string =>
  count === 'few' ? `fewer than ${formatCount(least)}` : formatCount(count);

/** A share of rows as text; that of few rows is not told. */
export function shareText(count: Count, rows: Count): string {
  if (count === 'few' || rows === 'few') return 'few';
  return rows === 0 ? '–' : formatPercent(count / rows);
}

/** What the look compares, in one sentence. */
export function watchedText({ watched, finding }: MonitorReport): string {
  const window = formatDuration(watched.window);
  const name = finding.package === null ? 'no package' : packageName(finding.package);
  return `Windows of ${window} of the predictions of ${name}.`;
}

/** Sentences on the false alarms that are allowed and what is spent of them. */
export function budgetSentences({ card }: Pick<Finding, 'card'>): string[] {
  const { drift, labels } = card.budget;
  return [
    ...(drift === null
      ? []
      : [
          `Drift: ${formatPercent(drift.false_alarms_per_year)} of healthy years have a false alarm, at ${formatCountOf(Math.round(drift.windows_per_year), 'window')} a year. ${formatCountOf(drift.judged, 'window was', 'windows were')} judged so far: a healthy model has had a false alarm by now with a probability of ${drift.spent > 0 && drift.spent < 0.001 ? 'less than 0.1 %' : formatPercent(drift.spent)}.`,
        ]),
    ...(labels === null
      ? []
      : [
          `Labels: a model that is just as good as the limit has a false alarm once in ${formatCount(labels.mean_labels_between_false_alarms)} labels on average. ${formatCountOf(labels.read, 'was', 'were')} read so far.`,
        ]),
  ];
}

/** Why there is nothing of a kind to show for a window. */
export const whyText = ({ why, labels }: MonitorWindow): string => why ?? labels.why ?? '';

/** Sentences on what became of the labels. */
export function truthSentences({ truth }: MonitorReport): string[] {
  if (truth === null) return [];
  const { rows, matched, conflicts, unknown, early, future, bad } = truth;
  const of = (count: number, one: string, many: string) =>
    count === 0 ? [] : [`${formatCount(count)} ${count === 1 ? one : many}`];
  return [
    `${formatCountOf(rows, 'label')} so far; ${formatCount(matched)} belong to a prediction.`,
    ...of(
      conflicts,
      'row has labels that differ, so none of them counts.',
      'rows have labels that differ, so none of them counts.',
    ),
    ...of(
      unknown,
      'label is of a row that was never predicted.',
      'labels are of rows that were never predicted.',
    ),
    ...of(
      early,
      'label was known before the first prediction of its row.',
      'labels were known before the first prediction of their row.',
    ),
    ...of(future, 'label becomes known after this look.', 'labels become known after this look.'),
    ...of(bad, 'label cannot be used.', 'labels cannot be used.'),
  ];
}

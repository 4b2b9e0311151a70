import { formatCount, formatCountOf, formatInterval, formatPercent, formatValue } from '../format.ts';
import { isMetric } from '../metrics.ts';
import { code, details, httpUrl, prose, table } from './github-markdown.ts';
import { decimal, xychart } from './mermaid.ts';
import * as words from './monitor-reading.ts';
import type { MonitorReport } from './monitor-report.ts';
import { publishableMonitor } from './publishable-monitor.ts';
import { packageName } from './release-reading.ts';

const MOST_ROWS = 20;
const MOST_WINDOWS = 15;
const MOST_LINKS = 20;
/** Windows of the plot: more points than that are no longer apart. */
const MOST_POINTS = 60;

const ICONS = { healthy: '✅', watch: '👀', decayed: '🔻', 'cannot tell': '❔' } as const;

/**
 * A look at production as the body of an issue or a section of a step's summary: aggregates alone. Text from users cannot mention
 * anybody, link, break a table or run; account ids are taken out of ARNs.
 * @param links pages and artifacts; one whose address is no absolute http(s) address is named without a link
 */
export function renderMonitorMarkdown(
  look: MonitorReport,
  links: { label: string; url: string }[] = [],
): string {
  const report = publishableMonitor(look);
  const { finding, notes } = report;
  const [, ...parts] = words.monitorParts(report);
  return `${[
    `### ${ICONS[finding.finding]} ${words.TITLES[finding.finding]}: ${prose(words.monitorSubject(report), 120)}`,
    `**${prose(finding.reason, 600)}**`,
    finding.next.length === 0 ? '' : `#### What to do next\n\n${numbered(finding.next)}`,
    figures(report),
    plot(report),
    evidenceTable(report),
    finding.blind.length === 0 ? '' : `#### What this look could not have seen\n\n${bullets(finding.blind)}`,
    windowTable(report),
    alarmCard(report),
    bullets([...new Set(notes)]),
    links
      .slice(0, MOST_LINKS)
      .map(({ label, url }) => {
        const target = httpUrl(url);
        return target === null ? prose(label, 80) : `[${prose(label, 80)}](<${target}>)`;
      })
      .join(' · '),
    `<sub>${parts.map((part) => prose(part, 120)).join(' · ')} · ${code(report.execution, 120)}</sub>`,
  ]
    .filter((section) => section !== '')
    .join('\n\n')}\n`;
}

const bullets = (lines: readonly string[]): string =>
  lines
    .slice(0, MOST_ROWS)
    .map((line) => `- ${prose(line, 600)}`)
    .join('\n');

const numbered = (lines: readonly string[]): string =>
  lines
    .slice(0, MOST_ROWS)
    .map((line, i) => `${i + 1}. ${prose(line, 600)}`)
    .join('\n');

function figures(report: MonitorReport): string {
  const shown = words.keyFigures(report);
  if (shown.length === 0) return '';
  return table(
    shown.map(({ label }) => prose(label, 40)),
    [
      shown.map(
        ({ value, detail }) =>
          `**${prose(value, 40)}**${detail === '' ? '' : `<br><sub>${prose(detail, 60)}</sub>`}`,
      ),
    ],
  );
}

/** The metric by window as GitHub draws it: measured, estimated and the limit. */
function plot({ windows, watched, finding }: MonitorReport): string {
  const own = windows.filter((window) => window.package === finding.package && window.estimate !== null);
  const shown = own.slice(-MOST_POINTS);
  const measured = shown.filter((window) => window.measured !== null);
  if (measured.length < 2) return '';
  const points = measured.map((window) => ({
    measured: window.measured?.value ?? 0,
    estimated: window.estimate?.value ?? 0,
  }));
  const { limit, metric } = watched;
  const values = [
    ...points.flatMap((point) => [point.measured, point.estimated]),
    ...(limit === null ? [] : [limit]),
  ];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = 0.1 * (high - low || 1);
  const lines = [
    { name: 'measured', color: '#3b82f6', points: points.map((point) => point.measured) },
    { name: 'estimated', color: '#8886', points: points.map((point) => point.estimated) },
    ...(limit === null ? [] : [{ name: 'limit', color: '#e05252', points: points.map(() => limit) }]),
  ];
  const label = words.metricLabel(metric);
  const times = measured.map(({ start }, i) => `"${timeLabel(start, watched.window) ?? i + 1}"`).join(', ');
  const source = xychart(
    'Line of time',
    [
      `x-axis "window" [${times}]`,
      `y-axis "${isMetric(metric) ? label : 'metric'}" ${decimal(low - pad)} --> ${decimal(high + pad)}`,
    ],
    lines,
  );
  const legend = `${prose(label, 60)} by window with labels: measured blue, estimated before them grey${limit === null ? '' : ', limit red'}`;
  return `<sub>${legend}</sub>\n\n\`\`\`mermaid\n${source}\n\`\`\``;
}

/** A time that is safe in a quoted Mermaid string; null for any other text. */
function timeLabel(start: string, window: number): string | null {
  const found = /^\d{4}-(\d\d-\d\d)T(\d\d:\d\d)/.exec(start);
  return found === null ? null : window < 86_400 ? `${found[1]} ${found[2]}` : (found[1] ?? null);
}

function evidenceTable({ finding }: MonitorReport): string {
  const ordered = words.orderedEvidence(finding.evidence);
  if (ordered.length === 0) return '';
  const rows = ordered
    .slice(0, MOST_ROWS)
    .map((found) => [
      prose(words.evidenceLabel(found), 120),
      found.outcome === 'alarm' ? `**${words.OUTCOMES.alarm}**` : words.OUTCOMES[found.outcome],
      prose(found.detail, 400),
    ]);
  const more = ordered.length - rows.length;
  const body = `${table(['What', 'Outcome', 'Numbers'], rows)}${more > 0 ? `\n\n<sub>and ${formatCountOf(more, 'more test')}, on the page</sub>` : ''}`;
  const alarms = ordered.filter(({ outcome }) => outcome === 'alarm').length;
  return details(
    `What was judged: ${formatCountOf(alarms, 'alarm')} in ${formatCountOf(ordered.length, 'test')}`,
    body,
    alarms > 0,
  );
}

function windowTable({ windows, watched }: MonitorReport): string {
  if (windows.length === 0) return '';
  const label = prose(words.metricLabel(watched.metric), 60);
  const rows = windows
    .slice(-MOST_WINDOWS)
    .reverse()
    .map((window) => {
      const { scores, estimate, measured, labels } = window;
      return [
        `${prose(words.windowText(window), 80)} <sub>${prose(packageName(window.package), 80)}</sub>`,
        formatCount(window.rows),
        scores === null ? '–' : `${formatValue(scores.value, 3)}${scores.outcome === 'alarm' ? ' ⚠️' : ''}`,
        estimate === null
          ? '–'
          : `${formatValue(estimate.value)} <sub>${formatInterval(estimate.interval)}</sub>`,
        measured === null
          ? '–'
          : `**${formatValue(measured.value)}** <sub>${formatInterval(measured.interval)}</sub>`,
        labels.state === 'mature' ? formatCount(labels.count) : 'not yet',
      ];
    });
  const more = windows.length - rows.length;
  const head = ['Window', 'Rows', 'PSI of the scores', `${label}, estimated`, 'measured', 'Labels'];
  const body = `${table(head, rows, ['', '-:', '-:', '-:', '-:', '-:'])}${more > 0 ? `\n\n<sub>and ${formatCountOf(more, 'earlier window')}, on the page</sub>` : ''}`;
  return details('Windows', body, false);
}

function alarmCard(report: MonitorReport): string {
  const { card } = report.finding;
  const groups: [string, string[]][] = [
    ['What is watched', card.watched],
    ['False alarms', words.budgetSentences(report.finding)],
    ['The smallest change that would have been seen', card.smallest],
    ['What it cannot see', card.cannot_see],
    [
      'Record of the estimates',
      report.record.map(
        ({ metric, held, of }) =>
          `${words.metricLabel(metric)}: the interval held what labels showed later in ${formatCount(held)} of ${formatCountOf(of, 'window')} (${formatPercent(of === 0 ? 0 : held / of)}).`,
      ),
    ],
  ];
  const body = groups
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `**${title}**\n\n${bullets(lines)}`)
    .join('\n\n');
  return body === '' ? '' : details('Alarm card', body, false);
}

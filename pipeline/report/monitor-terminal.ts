import { formatCountOf } from '../format.ts';
import { cleanText } from './clean-text.ts';
import * as words from './monitor-reading.ts';
import type { MonitorReport } from './monitor-report.ts';
import { publishableMonitor } from './publishable-monitor.ts';
import { padEnd, painter, widthOf, wrap } from './terminal-text.ts';

const MOST_EVIDENCE = 10;
const MOST_NOTES = 8;
const COLORS = { healthy: 'green', watch: 'yellow', decayed: 'red', 'cannot tell': 'yellow' } as const;
const OUTCOME_COLORS = { alarm: 'red', 'cannot tell': 'yellow', 'not yet': 'yellow', pass: 'dim' } as const;

/**
 * A look at production in a terminal: what was found and why, what to do, the numbers, what was judged, what the look could not
 * have seen, the false alarms that are allowed, and the page. Shows aggregates alone, since logs may be public.
 * @param options.columns the terminal's width; at least 40 is assumed
 */
export function renderMonitorTerminal(
  look: MonitorReport,
  page: string | null,
  options: { color: boolean; columns: number },
): string {
  const width = Math.max(40, Math.min(options.columns, 120)) - 2;
  const paint = painter(options.color);
  const report = publishableMonitor(look);
  const { finding, notes } = report;
  const title = words.TITLES[finding.finding].toUpperCase();
  const [first = '', ...rest] = wrap(`${title}  ${cleanText(finding.reason, 600)}`, width, '');
  const lines = (items: readonly string[]) =>
    items.flatMap((item) => wrap(`- ${cleanText(item, 600)}`, width, '  '));
  const titled = (name: string, items: readonly string[]) =>
    items.length === 0 ? [] : [paint('bold', name), ...lines(items)];
  const blocks = [
    [first.replace(title, paint(['bold', COLORS[finding.finding]], title)), ...rest],
    figureLines(report, width),
    titled('What to do next', finding.next),
    evidenceLines(),
    titled('What this look could not have seen', finding.blind),
    titled('False alarms', words.budgetSentences(report)),
    lines([...new Set(notes)].slice(0, MOST_NOTES)),
    page === null ? [] : [`page: ${cleanText(page, 4000)}`],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n')}\n`;

  function evidenceLines(): string[] {
    const ordered = words.orderedEvidence(finding.evidence);
    const more = ordered.length - MOST_EVIDENCE;
    return [
      ...ordered.slice(0, MOST_EVIDENCE).flatMap((found) => {
        const outcome = words.OUTCOMES[found.outcome];
        const label = cleanText(words.evidenceLabel(found), 80);
        const [head = '', ...tail] = wrap(
          `${padEnd(outcome, 11)} ${label}: ${cleanText(found.detail, 400)}`,
          width,
          ' '.repeat(12),
        );
        return [head.replace(outcome, paint(OUTCOME_COLORS[found.outcome], outcome)), ...tail];
      }),
      ...(more > 0 ? [`and ${formatCountOf(more, 'more test')}, on the page`] : []),
    ];
  }
}

/** "ROC AUC, measured  .750  [.703, .797]" */
function figureLines(report: MonitorReport, width: number): string[] {
  const figures = words.keyFigures(report).map(({ label, value, detail }) => ({
    label: cleanText(label, 40),
    value: cleanText(value, 40),
    detail: cleanText(detail, 60),
  }));
  const [most, wide] = [
    Math.max(0, ...figures.map(({ label }) => widthOf(label))),
    Math.max(0, ...figures.map(({ value }) => widthOf(value))),
  ];
  return figures.flatMap(({ label, value, detail }) =>
    wrap(`${padEnd(label, most)}  ${padEnd(value, wide)}  ${detail}`.trimEnd(), width, '  '),
  );
}

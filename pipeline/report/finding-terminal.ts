import { formatCount, formatCountOf, formatInterval, formatValue } from '../format.ts';
import type { Evidence, Finding } from '../monitor/finding.ts';
import type { TruthSummary } from '../monitor/window.ts';
import { cleanText } from './clean-text.ts';
import {
  budgetSentences,
  evidenceLabel,
  evidenceValue,
  OUTCOMES,
  orderedEvidence,
} from './monitor-reading.ts';
import { cut, padEnd, painter, widthOf, wrap } from './terminal-text.ts';

const mostEvidence = 8;
const colours = { healthy: 'green', watch: 'yellow', decayed: 'red', 'cannot tell': 'yellow' } as const;

/**
 * What a look found, in a terminal: the finding in one line and why, a table of what was judged, what the look cannot see, and
 * what to do next.
 * @param options.columns the terminal's width; at least 40 is assumed
 * @param options.truth what became of the labels; null: none were read
 */
export function renderFinding(
  finding: Finding,
  options: { color: boolean; columns: number; truth: TruthSummary | null; notes: readonly string[] },
): string {
  const width = Math.max(40, Math.min(options.columns, 120)) - 2;
  const paint = painter(options.color);
  const title = finding.finding.toUpperCase();
  const [first = '', ...rest] = wrap(`${title}  ${cleanText(finding.reason, 600)}`, width, '');
  const lines = (items: readonly string[]) =>
    items.flatMap((item) => wrap(`- ${cleanText(item, 600)}`, width, '  '));
  const titled = (name: string, items: readonly string[]) =>
    items.length === 0 ? [] : [paint('bold', name), ...lines(items)];
  const blocks = [
    [first.replace(title, paint(['bold', colours[finding.finding]], title)), ...rest],
    [...evidenceTable(finding.evidence, width), ...labelLines(options.truth, width)],
    titled('It cannot see', finding.blind),
    titled('Next', finding.next),
    titled('False alarms', budgetSentences(finding)),
    lines(options.notes),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

/** The alarms first. Columns without an alarm have one line together. */
function evidenceTable(evidence: readonly Evidence[], width: number): string[] {
  if (evidence.length === 0) return [];
  const isQuiet = ({ kind, outcome }: Evidence) =>
    outcome === 'pass' && ['column', 'missing', 'categories'].includes(kind);
  const told = orderedEvidence(evidence.filter((each) => !isQuiet(each)));
  const quiet = evidence.filter(isQuiet);
  const rows = [
    ['', 'outcome', 'value', 'interval', 'limit', 'rows'],
    ...told
      .slice(0, mostEvidence)
      .map((each) => [
        cut(cleanText(evidenceLabel(each), 100), 44),
        OUTCOMES[each.outcome],
        evidenceValue(each),
        each.interval === null ? '' : formatInterval(each.interval),
        each.limit === null ? '' : formatValue(each.limit),
        each.n === 0 ? '' : formatCount(each.n),
      ]),
    ...(quiet.length === 0 ? [] : [quietRow(quiet)]),
  ];
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? '')))) ?? [];
  const padded = rows.map((row) =>
    cut(
      row
        .map((cell, at) => padEnd(cell, widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
      width,
    ),
  );
  const more = told.length - mostEvidence;
  return more > 0 ? [...padded, `and ${formatCount(more)} more, on the page`] : padded;
}

/** The labels that count for nothing, by kind. */
function labelLines(truth: TruthSummary | null, width: number): string[] {
  if (truth === null) return [];
  const { conflicts, unknown, early, future, bad } = truth;
  const kinds = [
    [conflicts, 'in conflict'],
    [unknown, 'of no prediction'],
    [early, 'known before the prediction'],
    [future, 'of the future'],
    [bad, 'not usable'],
  ] as const;
  const told = kinds.flatMap(([count, kind]) => (count === 0 ? [] : [`${formatCount(count)} ${kind}`]));
  return told.length === 0 ? [] : wrap(`Labels that do not count: ${told.join(', ')}.`, width, '  ');
}

function quietRow(quiet: readonly Evidence[]): string[] {
  const columns = new Set(quiet.map(({ name }) => name)).size;
  const most = Math.max(...quiet.map(({ n }) => n));
  return [formatCountOf(columns, 'column'), OUTCOMES.pass, '', '', '', most === 0 ? '' : formatCount(most)];
}

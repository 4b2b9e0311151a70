import { formatConfidence, formatCount } from '../format.ts';
import type { Check, Verdict } from '../gate/verdict.ts';
import { cleanLogLine, cleanText } from './clean-text.ts';
import * as reading from './reading.ts';
import type { Report } from './report.ts';
import { cut, type Paint, padEnd, padStart, painter, widthOf, wrap } from './terminal-text.ts';

const TONES = {
  promote: 'green',
  hold: 'yellow',
  reject: 'red',
  failed: 'red',
  cancelled: 'yellow',
} as const;
const MARK_STYLES = { pass: 'green', fail: 'red', inconclusive: 'yellow', not_judged: 'dim' } as const;
const MOST_CHANGES = 8;
const MOST_CHECKS = 12;

/**
 * A run's result in a terminal: verdict, metrics, checks that did not pass, changes and moved metrics, reuse.
 * @param columns the terminal's width; at least 40 is assumed.
 */
export function renderTerminal(report: Report, options: { color: boolean; columns: number }): string {
  const width = Math.max(40, Math.min(options.columns, 120)) - 2;
  const paint = painter(options.color);
  const { verdict, failure } = report;
  const blocks = [headline(report, width, paint)];
  if (failure !== null) blocks.push(failureLines(failure, width, paint));
  if (verdict !== null) {
    if (!verdict.sealed) blocks.push(metricLines(report, verdict, width, paint));
    blocks.push(checkLines(verdict, width, paint));
    blocks.push(changeLines(report, verdict, width, paint));
  }
  const { tuning } = report;
  const started = tuning?.warm_start === undefined ? [] : [`Tuning: ${reading.tuningTitle(tuning)}.`];
  const guidance = tuning === null ? [] : reading.guidanceLines(tuning);
  const notes = [...started, ...guidance, ...reading.notesOf(report)].flatMap((note) =>
    wrap(`- ${cleanText(note)}`, width, '  '),
  );
  blocks.push(notes.slice(0, 12), timeLines(report, width, paint));
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

function headline(report: Report, width: number, paint: Paint): string[] {
  const { tone, title, why, outcome, warning } = reading.headlineOf(report);
  const name = cleanText(title, 80).toUpperCase();
  const lines = wrap(`${name}  ${cleanText(why, 600)}`, width, '');
  const first = (lines[0] ?? '').replace(name, paint(['bold', TONES[tone]], name));
  return [
    first,
    ...lines.slice(1),
    ...outcome.flatMap((text) => wrap(cleanText(text, 400), width, '')),
    ...(warning === null
      ? []
      : ['', ...wrap(warning.replaceAll('`', ''), width, '').map((line) => paint(['bold', 'yellow'], line))]),
  ];
}

function failureLines(failure: NonNullable<Report['failure']>, width: number, paint: Paint): string[] {
  // The terminal wraps a long line itself: cut or wrapped here, it could be neither read nor copied.
  const log = failure.log.map((line) => paint('dim', `| ${cleanLogLine(line)}`));
  const hint = failure.hint === '' ? [] : wrap(`Try: ${cleanText(failure.hint, 600)}`, width, '     ');
  return [...log, ...(log.length > 0 && hint.length > 0 ? [''] : []), ...hint];
}

function metricLines(report: Report, verdict: Verdict, width: number, paint: Paint): string[] {
  const rival = reading.rivalName(report);
  const groups = report.data?.groups;
  const champion = reading.hasChampion(verdict);
  const interval = `${formatConfidence(verdict.confidence)} interval`;
  const head = champion ? ['', 'Candidate', rival, 'Difference', interval] : ['', 'Candidate', interval];
  const rows = reading.metricRows(verdict).map((row) => {
    const name = `${cleanText(row.label, 24)}${row.better === 'lower' ? ' ↓' : ''}`;
    return champion
      ? [name, row.candidate, row.champion, row.difference, row.differenceInterval, row.effect ?? '']
      : [name, row.candidate, row.interval];
  });
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(widthOf)),
  );
  const line = (cells: string[]) =>
    cells
      .map((text, column) =>
        column === 0
          ? padEnd(text, widths[0] ?? 0)
          : column < widths.length
            ? padStart(text, widths[column] ?? 0)
            : text,
      )
      .join('  ')
      .trimEnd();
  const body = rows.map((cells, i) => {
    const text = cut(line(cells), width);
    const effect = cells[5] ?? '';
    if (effect !== '') return paint(effect === 'better' ? 'green' : 'red', text);
    return i === 0 ? paint('bold', text) : text;
  });
  return [
    paint('dim', cut(line(head), width)),
    ...body,
    ...wrap(reading.evidence(verdict, groups).join(' '), width, '').map((text) => paint('dim', text)),
  ];
}

function checkLines(verdict: Verdict, width: number, paint: Paint): string[] {
  const open = reading.orderedChecks(verdict).filter(reading.isOpen);
  const line = (check: Check) => {
    const [first = '', ...rest] = wrap(
      `${reading.OUTCOME_MARKS[check.outcome]} ${cleanText(check.name, 60)}: ${cleanText(check.detail)}`,
      width,
      '  ',
    );
    return [paint(MARK_STYLES[check.outcome], first.slice(0, 1)) + first.slice(1), ...rest];
  };
  return [
    ...wrap(`Checks: ${reading.checkCounts(verdict)}`, width, '  '),
    ...open.slice(0, MOST_CHECKS).flatMap(line),
    ...(open.length > MOST_CHECKS ? [`  and ${formatCount(open.length - MOST_CHECKS)} more`] : []),
  ];
}

/** Changes and moved metrics in two columns, or one below the other in a narrow terminal. */
function changeLines(report: Report, verdict: Verdict, width: number, paint: Paint): string[] {
  if (report.changes === null) return [];
  const rows = reading.changeRows(report);
  const side = width >= 70 ? Math.floor((width - 3) * 0.58) : width;
  const changed = rows
    .slice(0, MOST_CHANGES)
    .flatMap((row) =>
      wrap(
        `${row.kind === '' ? '' : `${row.kind} `}${cleanText(row.path, 80)}: ${cleanText(row.how, 80)}`,
        side,
        '  ',
      ),
    );
  if (rows.length === 0) changed.push('nothing');
  if (rows.length > MOST_CHANGES) changed.push(`and ${formatCount(rows.length - MOST_CHANGES)} more`);
  const moved = reading.movedLines(verdict).map(({ text, effect }) => {
    const said = cleanText(text, 60);
    if (effect === null) return said;
    return effect === 'not clear'
      ? `${said}, not clear`
      : `${said} ${paint(effect === 'better' ? 'green' : 'red', effect)}`;
  });
  const titles: [string, string] = [`Changed since the ${reading.rivalName(report).toLowerCase()}`, 'Moved'];
  if (side === width) return [paint('dim', titles[0]), ...changed, '', paint('dim', titles[1]), ...moved];
  return [
    `${paint('dim', padEnd(titles[0], side))}   ${paint('dim', titles[1])}`,
    ...Array.from({ length: Math.max(changed.length, moved.length) }, (_, i) =>
      `${padEnd(changed[i] ?? '', side)}   ${moved[i] ?? ''}`.trimEnd(),
    ),
  ];
}

function timeLines(report: Report, width: number, paint: Paint): string[] {
  const { total, reuse, cost } = reading.timingOf(report);
  const parts = [`Took ${total}.`, reuse, cost === '' ? '' : `Cost: ${cost}.`].filter((text) => text !== '');
  return wrap(parts.join(' '), width, '').map((line) => paint('dim', line));
}

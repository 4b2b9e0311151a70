import {
  formatConfidence,
  formatCount,
  formatCountOf,
  formatDuration,
  formatInterval,
  formatPercent,
  formatValue,
} from '../format.ts';
import type { Evidence } from '../monitor/finding.ts';
import { figure, navigation, type Part, page, pageHeader, section, unbroken } from './html-page.ts';
import {
  cell,
  code,
  column,
  details,
  type Fact,
  factList,
  foldedTable,
  hidden,
  key,
  list,
  numbers,
  stacked,
  table,
  timeElement,
} from './html-pieces.ts';
import { type Html, html, text, withCode } from './markup.ts';
import { scoresChart, timeCharts } from './monitor-charts.ts';
import * as words from './monitor-reading.ts';
import type { ColumnDrift, Drift, LabelFacts, MonitorReport } from './monitor-report.ts';
import { MONITOR_STYLE } from './monitor-style.ts';
import { publishableMonitor } from './publishable-monitor.ts';
import { packageName } from './release-reading.ts';
import { tickedBarMark } from './row-marks.ts';

const OPEN_WINDOWS = 12;
const OPEN_EVIDENCE = 12;
const OPEN_COLUMNS = 20;
/** Columns whose distributions are drawn. */
const DRAWN_COLUMNS = 6;
const DRAWN_BINS = 12;
const DRAWN_SCORES = 6;
const MOST_EVENTS = 20;

/** A look at production as one self-contained page that everybody may see; works in print and on a phone. */
export function monitorHtml(look: MonitorReport): string {
  const report = publishableMonitor(look);
  const { finding } = report;
  const title = words.TITLES[finding.finding];
  const parts = partsOf(report);
  const body = html`
    ${pageHeader(words.monitorParts(report), finding.at)}
    <main>
    <section class="verdict ${words.TONES[finding.finding]}" aria-labelledby="finding">
      <h1 id="finding"><span class="word">${title}</span> <span class="why">${withCode(finding.reason, 600)}</span></h1>
      ${keyFigures(report)}
    </section>
    ${navigation(parts)}
    ${parts.map(section)}
    </main>
    <footer><p>${text(report.execution, 200)}, ${timeElement(finding.at)}.</p></footer>`;
  return page(`${title}: ${words.monitorSubject(report)}`, unbroken(body), MONITOR_STYLE);
}

function partsOf(report: MonitorReport): Part[] {
  const { drift, finding } = report;
  const parts: Part[] = [
    { id: 'next', title: 'What to do next', aside: '', body: nextBody(report) },
    { id: 'time', title: 'Line of time', aside: timeAside(report), body: timeBody(report) },
    {
      id: 'evidence',
      title: 'What was judged',
      aside: 'Alarms first.',
      body: evidenceBody(finding.evidence),
    },
    { id: 'scores', title: 'Scores', aside: scoresAside(report), body: scoresBody(report) },
    {
      id: 'columns',
      title: 'Columns',
      aside:
        drift === null || drift.columns.length === 0
          ? ''
          : 'The most drifted first. They say where to look, not whether the model is worse.',
      body: columnsBody(report),
    },
    { id: 'labels', title: 'Labels', aside: labelsAside(report), body: labelsBody(report) },
    {
      id: 'record',
      title: 'Record of the estimates',
      aside:
        'Estimates assume that equal scores still mean equal probabilities. Where that fails, their intervals miss what labels show.',
      body: recordBody(report),
    },
    {
      id: 'card',
      title: 'Alarm card',
      aside: 'What an alarm of this monitor means, and what it cannot see.',
      body: cardBody(report),
    },
    { id: 'events', title: 'Alarms, promotions and releases', aside: '', body: eventsBody(report) },
    { id: 'notes', title: 'Notes', aside: '', body: notesBody(report) },
  ];
  return parts.filter(({ body }) => String(body) !== '');
}

function keyFigures(report: MonitorReport): Html | '' {
  const figures = words.keyFigures(report);
  if (figures.length === 0) return '';
  return html`<dl class="figures">
    ${figures.map(
      ({ label, value, detail }) => html`<div>
        <dt>${text(label, 40)}</dt>
        <dd><span class="value">${text(value, 40)}</span><span class="detail">${text(detail, 60)}</span></dd>
      </div>`,
    )}
  </dl>`;
}

const sentences = (lines: readonly string[]): Html => list(lines.map((line) => withCode(line, 600)));

function nextBody({ finding: { next, blind } }: MonitorReport): Html | '' {
  if (next.length + blind.length === 0) return '';
  return html`
    ${next.length === 0 && html`<p>Nothing for now.</p>`}
    ${next.length > 0 && html`<ol class="todo">${next.map((line) => html`<li>${withCode(line, 600)}</li>`)}</ol>`}
    ${blind.length > 0 && html`<h3>What this look could not have seen</h3>${sentences(blind)}`}`;
}

// Line of time

function timeAside(report: MonitorReport): string {
  const earlier =
    report.earlier === 0
      ? ''
      : ` ${formatCountOf(report.earlier, 'earlier window is', 'earlier windows are')} not shown.`;
  return `${words.watchedText(report)}${earlier}`;
}

function timeBody(report: MonitorReport): Html {
  const charts = timeCharts(report);
  if (charts === null) return html`<p>No window yet: nothing was predicted.</p>`;
  const { windows, watched, reference } = report;
  const label = words.metricLabel(watched.metric);
  const has = (test: (window: MonitorReport['windows'][number]) => boolean) => windows.some(test);
  return html`
    <p class="legend">
      ${has(({ estimate }) => estimate !== null) && key('estimate', `${label}, estimated before labels`)}
      ${has(({ measured }) => measured !== null) && key('measured', 'measured with labels')}
      ${watched.limit !== null && key('limit', 'limit')}
      ${reference !== null && reference.metrics[watched.metric] !== undefined && key('reference', 'when it was judged')}
      ${watched.truth && key('mature', 'labels are complete enough')}
    </p>
    <div class="time">
      <figure class="wide">${charts.wide.svg}</figure>
      <figure class="slim">${charts.narrow.svg}</figure>
      ${details(`All ${formatCountOf(windows.length, 'window')} as a table`, windowTable(report))}
    </div>`;
}

function windowTable({ windows, watched }: MonitorReport): Html {
  const packages = new Set(windows.map((window) => window.package)).size > 1;
  const body = windows.toReversed().map((window) => {
    const { estimate, measured, labels, scores } = window;
    const drift = scores === null ? '–' : formatValue(scores.value, 3);
    return html`<tr>
      <th scope="row">${text(words.windowText(window), 80)}${packages && html`<small>${text(packageName(window.package), 80)}</small>`}</th>
      ${cell('number', formatCount(window.rows))}
      ${cell(`number${scores?.outcome === 'alarm' ? ' strong' : ''}`, stacked(drift, window.columns.length === 0 ? '' : `${formatCountOf(window.columns.length, 'column')} alarmed`))}
      ${cell('number', estimate === null ? '–' : stacked(formatValue(estimate.value), formatInterval(estimate.interval)))}
      ${cell('number strong', measured === null ? '–' : stacked(formatValue(measured.value), formatInterval(measured.interval)))}
      <td>${labels.state === 'mature' ? `${formatCount(labels.count)} labels${labels.late > 0 ? `, ${formatCount(labels.late)} late` : ''}` : html`<span class="how">not yet</span>`}${words.whyText(window) !== '' && html`<small>${text(words.whyText(window), 300)}</small>`}</td>
    </tr>`;
  });
  const label = words.metricLabel(watched.metric);
  const head = [
    column('Window'),
    numbers('Rows', 'Drift of scores', `${label}, estimated`, 'measured'),
    column('Labels'),
  ];
  return foldedTable('Windows', head, body, 'windows', OPEN_WINDOWS);
}

// What was judged

const CHECKS: Record<Evidence['outcome'], string> = {
  alarm: 'alarm',
  'cannot tell': 'unsure',
  'not yet': 'unsure',
  pass: 'pass',
};

function evidenceBody(evidence: readonly Evidence[]): Html {
  if (evidence.length === 0) return html`<p>Nothing could be judged.</p>`;
  // Columns without an alarm are in a table of their own.
  const isOpen = ({ kind, outcome }: Evidence) =>
    outcome !== 'pass' || !['column', 'missing', 'categories'].includes(kind);
  const ordered = words.orderedEvidence(evidence);
  const open = ordered.filter(isOpen);
  const closed = ordered.filter((found) => !isOpen(found));
  const row = (found: Evidence) => html`<tr>
      <th scope="row">${text(words.evidenceLabel(found), 120)}</th>
      <td class="check ${CHECKS[found.outcome]}">${words.OUTCOMES[found.outcome]}</td>
      <td class="prose">${withCode(found.detail, 600)}</td>
    </tr>`;
  const head = [column('What'), column('Outcome'), column('Numbers')];
  return html`
    ${open.length > 0 && foldedTable('Evidence', head, open.map(row), 'evidence', OPEN_EVIDENCE)}
    ${closed.length > 0 && details(`${formatCountOf(closed.length, 'test')} of columns without an alarm`, table('Columns without an alarm', head, closed.map(row), 'evidence'))}`;
}

// Drift

function scoresAside({ drift }: MonitorReport): string {
  return drift === null ? '' : `${words.windowText(drift)}: ${formatCountOf(drift.rows, 'prediction')}.`;
}

function scoresBody({ drift, watched, problem, windows, finding }: MonitorReport): Html | '' {
  if (watched.drift === null && drift === null) return '';
  if (drift === null) {
    const why = windows.findLast((window) => window.package === finding.package)?.why;
    return html`<p>No window was compared with the reference yet.${why != null && html` ${text(why, 400)}`}</p>`;
  }
  if (drift.decisions.length > 0) return decisionsBody(drift);
  if (drift.scores.length === 0)
    return html`<p>The window has too few rows to show how its scores are distributed.</p>`;
  const bad = drift.scores.reduce((sum, scores) => Math.max(sum, scores.bad), 0);
  return html`
    <p class="legend">${key('candidate', 'This window')}${key('champion', 'When the model was judged')}</p>
    <div class="charts">${drift.scores.slice(0, DRAWN_SCORES).map((scores, i) => figure(scoresChart(scores, i, problem)))}${drift.scores.length === 1 && scoreFacts(drift)}</div>
    ${drift.scores.length > DRAWN_SCORES && html`<p class="after">${formatCountOf(drift.scores.length - DRAWN_SCORES, 'more class', 'more classes')}, which drifted less, in the table of what was judged.</p>`}
    ${bad > 0 && html`<p class="after">${formatCountOf(bad, 'row has', 'rows have')} no finite score.</p>`}`;
}

/** The decisions of a model that answers classes alone. */
function decisionsBody({ decisions }: Drift): Html {
  const sum = (of: 'reference' | 'window') => decisions.reduce((total, each) => total + each[of], 0) || 1;
  const [all, now] = [sum('reference'), sum('window')];
  const shares = decisions.map((each) => ({
    label: each.label,
    before: each.reference / all,
    after: each.window / now,
  }));
  const most = Math.max(...shares.flatMap(({ before, after }) => [before, after])) * 1.04;
  const rows = shares.map(
    ({ label, before, after }) => html`<tr>
      <th scope="row">${text(label, 60)}</th>
      ${cell('plot', tickedBarMark(after, before, most))}
      ${cell('number strong', formatPercent(after))}
      ${cell('number', formatPercent(before))}
    </tr>`,
  );
  const head = [column('Decision'), column(hidden('Share'), 'plot'), numbers('Now', 'When judged')];
  return foldedTable('Decisions', head, rows, 'coverage', OPEN_COLUMNS);
}

/** The test of the scores beside their drawing. */
function scoreFacts({ scores, rows, reference }: Drift): Html | '' {
  const found = scores[0]?.evidence;
  if (found == null || found.value === null) return '';
  const facts: Fact[] = [
    ['Outcome', html`<span class="check ${CHECKS[found.outcome]}">${words.OUTCOMES[found.outcome]}</span>`],
    ['PSI', formatValue(found.value, 3)],
    ['Alarm from', found.limit === null ? '' : formatValue(found.limit, 3)],
    ['Rows', `${formatCount(rows)} now, ${formatCount(reference)} when judged`],
    [
      'Level',
      found.level === null
        ? ''
        : `${formatConfidence(Number(found.level.toPrecision(2)))} of false alarms a window`,
    ],
  ];
  return html`<div class="facts-beside"><h3>Population stability index</h3>${factList(facts)}</div>`;
}

function columnsBody({ drift, privacy }: MonitorReport): Html | '' {
  if (drift === null || drift.columns.length === 0) return '';
  const drawn = drift.columns
    .filter(({ absent, bins }) => !absent && bins.length > 0)
    .slice(0, DRAWN_COLUMNS);
  return html`
    <p class="legend">${key('candidate', 'bar: share of this window')}<span class="key"><svg class="swatch tick" width="10" height="12" aria-hidden="true"><line x1="5" x2="5" y1="0" y2="12"/></svg>tick: share of the training rows</span></p>
    <div class="columns">${drawn.map((each) => columnFigure(each))}</div>
    <h3>All columns</h3>
    ${columnTable(drift.columns, privacy.min_group)}
    ${drift.more > 0 && html`<p class="after">${formatCountOf(drift.more, 'less drifted column is', 'less drifted columns are')} not shown.</p>`}`;
}

const isAlarmed = ({ evidence }: ColumnDrift): boolean => evidence.some(({ outcome }) => outcome === 'alarm');

const shiftOf = ({ evidence }: ColumnDrift): Evidence | undefined =>
  evidence.find(({ kind }) => kind === 'column');

/** The bins of a column as a table whose bars compare it with the training rows. */
function columnFigure(drift: ColumnDrift): Html {
  const { name, bins, type } = drift;
  const sum = (of: 'reference' | 'window') => bins.reduce((total, bin) => total + bin[of], 0) || 1;
  const [all, now] = [sum('reference'), sum('window')];
  const shares = bins.map(({ label, reference, window }) => ({
    label,
    before: reference / all,
    after: window / now,
  }));
  const shown =
    shares.length <= DRAWN_BINS
      ? shares
      : type === 'number'
        ? shares.slice(0, DRAWN_BINS)
        : shares
            .toSorted((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
            .slice(0, DRAWN_BINS);
  const most = Math.max(...shown.flatMap(({ before, after }) => [before, after])) * 1.04;
  const rows = shown.map(
    ({ label, before, after }) => html`<tr>
      <th scope="row">${text(label, 40)}</th>
      ${cell('plot', tickedBarMark(after, before, most))}
      ${cell('number strong', formatPercent(after))}
      ${cell('number', formatPercent(before))}
    </tr>`,
  );
  const head = [
    column(type === 'number' ? 'Value' : 'Category'),
    column(hidden('Share'), 'plot'),
    numbers('Now', 'Training'),
  ];
  const details = drift.evidence
    .filter(({ kind, outcome }) => kind === 'column' || outcome === 'alarm')
    .map(({ detail }) => detail);
  return html`<div>
    <h3>${text(name, 80)}${isAlarmed(drift) && html`<span class="check alarm">Alarm</span>`}</h3>
    <p>${details.map((detail, i) => html`${i > 0 && ' '}${text(detail, 300)}`)}</p>
    ${table(`Values of ${text(name, 80)}`, head, rows, 'bins')}
    ${shares.length > shown.length && html`<p class="after">${formatCountOf(shares.length - shown.length, 'more category', 'more categories')}, which moved less.</p>`}
  </div>`;
}

function columnTable(columns: readonly ColumnDrift[], least: number): Html {
  const most = Math.max(
    0.01,
    ...columns.map((each) => shiftOf(each)).flatMap((found) => [found?.value ?? 0, found?.limit ?? 0]),
  );
  const hasUnseen = columns.some(({ unseen }) => unseen !== null);
  const body = columns.map((each) => {
    const shift = shiftOf(each);
    const { missing, rows, unseen } = each;
    const labelled = (title: string, content: string | Html) =>
      html`<td class="number" data-label="${title}">${content}</td>`;
    const isShifted = shift?.outcome === 'alarm';
    return html`<tr>
      <th scope="row">${text(each.name, 80)}</th>
      ${cell('plot', shift?.value != null && tickedBarMark(Math.max(0, shift.value), shift.limit, most * 1.05, isShifted ? 'alarm' : ''))}
      ${labelled('PSI', each.absent ? 'absent' : shift?.value == null ? '–' : stacked(formatValue(shift.value, 3), shift.limit === null ? '' : `limit ${formatValue(shift.limit, 3)}`))}
      ${labelled('missing', stacked(words.shareText(missing.window, rows.window), `training ${words.shareText(missing.reference, rows.reference)}`))}
      ${hasUnseen && labelled('new', unseen === null ? '–' : words.countText(unseen, least))}
      <td class="check ${each.absent || isAlarmed(each) ? 'alarm' : 'pass'}">${each.absent ? 'Gone' : isAlarmed(each) ? 'Alarm' : each.evidence.length === 0 ? '' : 'No alarm'}</td>
    </tr>`;
  });
  const head = [
    column('Column'),
    column(hidden('PSI'), 'plot'),
    numbers('PSI', 'Missing', ...(hasUnseen ? ['New categories'] : [])),
    column('Outcome'),
  ];
  return foldedTable('Columns', head, body, 'drifted', OPEN_COLUMNS);
}

// Labels

function labelsAside({ labels, watched }: MonitorReport): string {
  if (!watched.truth) return '';
  const delay =
    watched.label_delay === 0 ? 'at once' : `${formatDuration(watched.label_delay)} after a window`;
  const when = `Labels are due ${delay}; ${formatPercent(watched.coverage)} of each tenth of the scores must have one.`;
  return labels === null
    ? when
    : `${when} The last window with enough of them is ${words.windowText(labels)}.`;
}

function labelsBody(report: MonitorReport): Html | '' {
  const { watched, labels, finding } = report;
  if (!watched.truth)
    return html`<p>No labels are read: <code>monitoring.truth</code> names none. A relation that changes would not show.</p>`;
  const read = finding.evidence.find(({ kind }) => kind === 'labels');
  const truth = words.truthSentences(report);
  return html`
    ${labels === null && html`<p>No window has enough labels yet. That is not the same as healthy.</p>`}
    ${read !== undefined && detectorBody(read)}
    ${
      labels !== null &&
      html`<div class="groups">
      <div><h3>Measured with labels</h3>${metricTable(labels)}</div>
      <div><h3>Labels by tenth of the scores</h3>${coverageTable(report, labels)}</div>
    </div>`
    }
    ${truth.length > 0 && html`<h3>All labels</h3>${sentences(truth)}`}`;
}

/** The detector on a logarithmic scale: it grows by factors. */
function detectorBody(found: Evidence): Html {
  const { value, limit, outcome, detail, name } = found;
  const size = (of: number) => Math.log10(1 + Math.max(0, of));
  const bar =
    value !== null &&
    limit !== null &&
    html`<table class="coverage"><tbody><tr>
      <th scope="row">e-SR</th>
      ${cell('plot', tickedBarMark(size(value), size(limit), 1.15 * size(limit), outcome === 'alarm' ? 'alarm' : ''))}
      ${cell('number strong', stacked(words.evidenceValue(found), `alarm at ${formatCount(limit)}`))}
    </tr></tbody></table>`;
  return html`<h3>Detector of ${text(words.metricLabel(name), 60)}, on a logarithmic scale</h3>${bar}<p class="after">${text(detail, 600)}</p>`;
}

function metricTable({ metrics, count, late, version }: LabelFacts): Html {
  const body = metrics.map(
    ({ name, measured, estimate, reference }) => html`<tr>
      <th scope="row">${text(words.metricLabel(name), 60)}<small>${formatCountOf(measured.n, 'row')}</small></th>
      ${cell('number strong', stacked(formatValue(measured.value), formatInterval(measured.interval)))}
      ${cell('number', estimate === null ? '–' : stacked(formatValue(estimate.value), formatInterval(estimate.interval)))}
      ${cell('number', formatValue(reference))}
    </tr>`,
  );
  const again =
    version > 1
      ? ` They were computed again ${formatCountOf(version - 1, 'time')}: ${formatCountOf(late, 'label')} came late. Alarms stay as they were.`
      : '';
  return html`${table('Metrics', [column('Metric'), numbers('Measured', 'Estimated', 'When judged')], body, 'measured')}
    <p class="after">${formatCountOf(count, 'label')}.${again}</p>`;
}

function coverageTable({ watched, privacy }: MonitorReport, { coverage }: LabelFacts): Html {
  const body = coverage.map(({ rows, labelled }, i) => {
    const share = rows === 'few' || labelled === 'few' || rows === 0 ? null : labelled / rows;
    const end = i === 0 ? ' (lowest)' : i === coverage.length - 1 ? ' (highest)' : '';
    return html`<tr>
      <th scope="row">${i + 1}${end}</th>
      ${cell('plot', share !== null && tickedBarMark(share, watched.coverage, 1, share < watched.coverage ? 'alarm' : ''))}
      ${cell('number strong', share === null ? `${words.countText(labelled, privacy.min_group)} of ${words.countText(rows, privacy.min_group)}` : formatPercent(share))}
    </tr>`;
  });
  return table(
    'Labels by tenth of the scores',
    [column('Tenth'), column(hidden('Share'), 'plot'), numbers('With a label')],
    body,
    'coverage bins',
  );
}

function recordBody({ record }: MonitorReport): Html | '' {
  if (record.length === 0) return '';
  const body = record.map(
    ({ metric, held, of }) => html`<tr>
      <th scope="row">${text(words.metricLabel(metric), 60)}</th>
      ${cell('plot', tickedBarMark(of === 0 ? 0 : held / of, 0.95, 1, held / of < 0.8 ? 'alarm' : ''))}
      ${cell('number strong', stacked(`${formatCount(held)} of ${formatCount(of)}`, formatPercent(of === 0 ? 0 : held / of)))}
    </tr>`,
  );
  return html`${table('Record of the estimates', [column('Metric'), column(hidden('Share'), 'plot'), numbers('Windows held')], body, 'coverage')}
    <p class="after">Windows in which the interval of the estimate held the value that labels showed later; the tick is 95 %.</p>`;
}

// The alarm card

function cardBody(report: MonitorReport): Html {
  const { card } = report.finding;
  const groups: [title: string, lines: string[]][] = [
    ['What is watched', card.watched],
    ['False alarms', words.budgetSentences(report.finding)],
    ['The smallest change that would have been seen', card.smallest],
    ['What it cannot see', card.cannot_see],
  ];
  const { watched } = report;
  const facts: Fact[] = [
    ['Windows', formatDuration(watched.window)],
    [
      'Drift',
      watched.drift === null
        ? 'off'
        : `PSI of ${formatValue(watched.drift.tolerance)} beyond chance is tolerated`,
    ],
    ['Decay', decayText(report)],
    [
      'Retrains',
      watched.decay === null
        ? ''
        : watched.decay.retrains
          ? 'yes, in mode promote: the gate decides'
          : html`no: <code>triggers.decay</code> is false`,
    ],
  ];
  return html`<div class="groups">
    ${groups.map(([title, lines]) => lines.length > 0 && html`<div><h3>${title}</h3>${sentences(lines)}</div>`)}
  </div>
  <h3>Settings</h3>${factList(facts)}`;
}

function decayText({ watched: { decay, metric, limit } }: MonitorReport): string {
  if (decay === null) return 'off';
  const label = words.metricLabel(metric);
  return limit === null ? label : `${label}, limit ${formatValue(limit)}`;
}

function eventsBody({ events }: MonitorReport): Html | '' {
  if (events.length === 0) return '';
  const body = events.toReversed().map(
    ({ at, kind, package: name, details }) => html`<tr>
      <th scope="row">${words.EVENTS[kind]}<small>${timeElement(at)}</small></th>
      <td>${code(packageName(name), 120)}</td>
      <td class="prose">${withCode(details.join('; '), 400)}</td>
    </tr>`,
  );
  return foldedTable(
    'Events',
    [column('What'), column('Package'), column('Why')],
    body,
    'evidence',
    MOST_EVENTS,
  );
}

function notesBody({ notes }: MonitorReport): Html | '' {
  return notes.length === 0 ? '' : sentences([...new Set(notes)]);
}

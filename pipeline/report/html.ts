import {
  decimalsFor,
  formatCount,
  formatCountOf,
  formatPercent,
  formatSeconds,
  formatSigned,
  formatTime,
  formatUsd,
  formatValue,
} from '../format.ts';
import type { Check, MetricResult, Verdict } from '../gate/verdict.ts';
import { metricText } from '../metrics.ts';
import type { ModelPlots } from '../statistics/plots.ts';
import type { Explanation, Plots, TuningFacts } from '../steps/train/evidence.ts';
import { type Chart, CLASS_COLOR_COUNT, curveCharts, tuningCharts } from './charts.ts';
import { cleanLogLine, shortDigests } from './clean-text.ts';
import { escapeHtml } from './escape-html.ts';
import { PAGE_STYLE } from './html-style.ts';
import {
  changeRows,
  checkCounts,
  countsOf,
  evidence,
  featureGroups,
  hasChampion,
  headlineOf,
  intervalsText,
  type MetricRow,
  metricRows,
  movedLines,
  notesOf,
  orderedChecks,
  rivalName,
  runParts,
  settingsText,
  sliceRows,
  timingOf,
  tuningTitle,
} from './reading.ts';
import type { ModelFacts, Report } from './report.ts';
import { barMark, differenceMark, signedBarMark, valueMark } from './row-marks.ts';

/** A page shows the first of them, folds the next away and leaves the rest to the model's own files. */
const MOST_FEATURES = 500;
const OPEN_FEATURES = 20;
const MOST_TRIALS = 12;

interface Part {
  id: string;
  title: string;
  /** Says what the part shows, beside its title. */
  aside: string;
  body: string;
}

/**
 * The report as one page that needs nothing else: no script, no request, charts as inline SVG. Light and dark by the
 * reader's setting; prints; reads on a phone.
 */
export function renderHtml(report: Report): string {
  const parts = partsOf(report).filter((part) => part.body !== '');
  const { title } = headlineOf(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${title}: ${report.project}`, 120)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${pageHeader(report)}
<main>
${unbroken(verdictBlock(report))}
${navigation(parts)}
${unbroken(parts.map(section).join('\n'))}
</main>
<footer>${footer(report)}</footer>
</body>
</html>
`;
}

function partsOf(report: Report): Part[] {
  const { verdict, plots, explanation, tuning, failure } = report;
  const parts: Part[] = [];
  const rival = rivalName(report);
  if (failure !== null)
    parts.push({
      id: 'failure',
      title: 'What failed',
      aside: `The last lines of the log of ${failure.step}.`,
      body: failureBody(failure),
    });
  if (verdict !== null) {
    parts.push(
      {
        id: 'metrics',
        title: 'Metrics',
        aside: [intervalsText(verdict), ...evidence(verdict)]
          .filter((text) => text !== '')
          .map((text) => (text.endsWith('.') ? text : `${text}.`))
          .join(' '),
        body: metricsBody(verdict, rival),
      },
      {
        id: 'checks',
        title: 'Checks',
        aside: capital(`${checkCounts(verdict)}.`),
        body: checksBody(verdict),
      },
    );
  }
  parts.push({
    id: 'changes',
    title: 'What changed, what moved',
    aside: `Since the ${rival.toLowerCase()} was trained. One stands beside the other; neither is proof of a cause.`,
    body: changesBody(report),
  });
  parts.push({ id: 'notes', title: 'Notes', aside: '', body: notesBody(report) });
  if (plots !== null)
    parts.push({
      id: 'curves',
      title: 'Behaviour on the holdout',
      aside: '',
      body: curvesBody(report, plots),
    });
  if (verdict !== null)
    parts.push({
      id: 'slices',
      title: 'Slices',
      aside: slicesAside(verdict, rival),
      body: slicesBody(verdict, rival),
    });
  if (explanation !== null)
    parts.push({
      id: 'model',
      title: capital(explanation.kind),
      aside: `${capital(explanation.unit)}.${explanation.features.some((feature) => typeof feature.champion === 'number') ? ` The tick is the ${rival.toLowerCase()}.` : ''}`,
      body: explanationBody(explanation, rival),
    });
  if (tuning !== null)
    parts.push({ id: 'tuning', title: 'Tuning', aside: `${tuningTitle(tuning)}.`, body: tuningBody(tuning) });
  const { reuse } = timingOf(report);
  parts.push(
    { id: 'time', title: 'Time and cost', aside: reuse, body: timeBody(report) },
    { id: 'facts', title: 'Data, models, run', aside: '', body: factsBody(report) },
  );
  return parts;
}

// The top of the page

function pageHeader(report: Report): string {
  const [project = '', ...rest] = runParts(report);
  return `<header class="page"><p class="project">${escapeHtml(project, 80)}</p><p class="run">${rest
    .map((part) => `<span>${escapeHtml(part, 120)}</span>`)
    .join('')}<span>${timeElement(report.run.started_at)}</span></p></header>`;
}

function verdictBlock(report: Report): string {
  const { tone, title, why, outcome, warning } = headlineOf(report);
  const loud = warning === null ? '' : `<p class="loud" role="note">${withCode(warning)}</p>`;
  return `${loud}<section class="verdict ${tone}" aria-labelledby="verdict"><h1 id="verdict"><span class="word">${escapeHtml(title, 80)}</span> <span class="why">${escapeHtml(why, 600)}</span></h1>${outcome
    .map((text) => `<p class="outcome">${withCode(text, 400)}</p>`)
    .join('')}${keyFigures(report)}</section>`;
}

/** The few numbers that most readers come for. */
function keyFigures(report: Report): string {
  const figures: [label: string, value: string, detail: string][] = [];
  const { verdict } = report;
  if (verdict !== null) {
    const row = metricRows(verdict).find((metric) => metric.primary);
    if (row !== undefined) {
      figures.push([
        row.label,
        row.candidate,
        row.result.champion === null ? row.interval : `${rivalName(report).toLowerCase()} ${row.champion}`,
      ]);
      if (row.result.difference !== null)
        figures.push(['Difference', row.difference, row.differenceInterval]);
    }
    figures.push([
      'Holdout',
      formatCount(verdict.n),
      verdict.positives === null ? 'rows' : `rows, ${formatCount(verdict.positives)} positive`,
    ]);
  }
  const timing = timingOf(report);
  const saved = report.steps.reduce((sum, step) => sum + (step.reused ? step.saved_seconds : 0), 0);
  figures.push(['Time', timing.total, timing.reuse === '' ? '' : `reuse saved ${formatSeconds(saved)}`]);
  const { actual_usd: actual, estimated_usd: estimated } = report.cost;
  if (timing.cost !== '')
    figures.push([
      'Cost',
      formatUsd(actual ?? estimated),
      actual === null ? 'estimated' : estimated === null ? '' : `estimated ${formatUsd(estimated)}`,
    ]);
  return `<dl class="figures">${figures
    .map(
      ([label, value, detail]) =>
        `<div><dt>${escapeHtml(label, 40)}</dt><dd><span class="value">${escapeHtml(value, 40)}</span><span class="detail">${escapeHtml(detail, 60)}</span></dd></div>`,
    )
    .join('')}</dl>`;
}

function navigation(parts: Part[]): string {
  return `<nav aria-label="Sections"><ul>${parts
    .map((part) => `<li><a href="#${part.id}">${escapeHtml(part.title, 60)}</a></li>`)
    .join('')}</ul></nav>`;
}

/** A number and its percent sign stay on one line. */
function unbroken(html: string): string {
  return html.replace(/(\d) %/g, '$1&nbsp;%');
}

function section(part: Part): string {
  const aside = part.aside === '' ? '' : `<p>${escapeHtml(part.aside, 600)}</p>`;
  return `<section class="part" id="${part.id}" aria-labelledby="${part.id}-heading"><div class="heading"><h2 id="${part.id}-heading">${escapeHtml(part.title, 80)}</h2>${aside}</div><div class="body">${part.body}</div></section>`;
}

// The parts

function failureBody(failure: NonNullable<Report['failure']>): string {
  const hint =
    failure.hint === ''
      ? ''
      : `<p class="hint"><strong>What to try.</strong> ${withCode(failure.hint, 1000)}</p>`;
  const log = failure.log.map((line) => indented(cleanLogLine(line))).join('\n');
  return `${hint}${log === '' ? '<p>The step left no log.</p>' : `<pre tabindex="0" aria-label="Log">${log}</pre>`}`;
}

function metricsBody(verdict: Verdict, rival: string): string {
  const champion = hasChampion(verdict);
  const rows = metricRows(verdict);
  const body = rows.map((row) => {
    const head = `<th scope="row">${escapeHtml(row.label, 60)}${row.primary ? '<span class="tag">primary</span>' : ''}<small>${directionText(row)}</small></th>`;
    const candidate = stacked(row.candidate, row.interval);
    if (!champion)
      return `<tr>${head}<td class="number">${candidate}</td><td class="plot">${shareMark(row.result)}</td></tr>${noteRow(row.note, 3)}`;
    const { difference, difference_interval } = row.result;
    const effect = row.effect === null ? '' : `<span class="effect ${row.effect}">${row.effect}</span>`;
    return `<tr>${head}<td class="number strong">${candidate}</td><td class="number">${stacked(row.champion, row.championInterval)}</td><td class="number">${stacked(row.difference, row.differenceInterval)}${narrowEffect(row)}</td><td class="plot">${
      difference === null || row.better === 'near 1'
        ? ''
        : differenceMark(difference, difference_interval, row.better === 'lower')
    }</td><td class="effects">${effect}</td></tr>${noteRow(row.note, 6)}`;
  });
  const head = champion
    ? `<th scope="col">Metric</th><th scope="col" class="number">Candidate</th><th scope="col" class="number">${rival}</th><th scope="col" class="number">Difference</th><th scope="col" class="plot axis"><span>← worse</span><span>better →</span></th><th scope="col"><span class="hidden">Clear effect</span></th>`
    : '<th scope="col">Metric</th><th scope="col" class="number">Candidate</th><th scope="col" class="plot"><span class="scale"><span>0</span><span>1</span></span></th>';
  return table('Metrics', head, body, 'metrics');
}

/** For a phone, which has no room for the plot: the direction in a word. */
function narrowEffect({ effect, better, result: { difference } }: MetricRow): string {
  if (effect !== null) return `<small class="narrow ${effect}">${effect}</small>`;
  if (difference === null || difference === 0 || better === 'near 1') return '';
  const word = difference > 0 === (better === 'higher') ? 'better' : 'worse';
  return `<small class="narrow not-clear">${word}, not clear</small>`;
}

/** Where there is nothing to compare with: the value and its interval from 0 to 1; nothing for what has other ends. */
function shareMark({ candidate, interval }: MetricResult): string {
  const [low, high] = interval ?? [candidate, candidate];
  return low >= 0 && high <= 1 ? valueMark(candidate, interval, null, [0, 1]) : '';
}

function directionText(row: MetricRow): string {
  return { higher: '', lower: 'lower is better', 'near 1': 'ideal is 1' }[row.better];
}

function noteRow(note: string, columns: number): string {
  return note === '' ? '' : `<tr class="note"><td colspan="${columns}">${escapeHtml(note)}</td></tr>`;
}

const OUTCOME_MARKS = { pass: '✓', fail: '✗', inconclusive: '?' };
const OUTCOME_WORDS = { pass: 'passes', fail: 'fails', inconclusive: 'inconclusive' };

function outcomeText(outcome: Check['outcome']): string {
  return `<span class="check ${outcome}"><span aria-hidden="true">${OUTCOME_MARKS[outcome]}</span> ${OUTCOME_WORDS[outcome]}</span>`;
}

/** Slices that pass are folded away: their table has them too. */
function checksBody(verdict: Verdict): string {
  const [shown, folded] = [false, true].map((fold) =>
    orderedChecks(verdict)
      .filter((check) => fold === (check.outcome === 'pass' && check.name.startsWith('slices ')))
      .map(
        (check) =>
          `<tr><th scope="row">${escapeHtml(check.name, 120)}</th><td>${outcomeText(check.outcome)}</td><td class="prose">${withCode(check.detail, 400)}</td></tr>`,
      ),
  ) as [string[], string[]];
  if (shown.length + folded.length === 0) return '<p>The policy asks for no checks.</p>';
  const head = '<th scope="col">Check</th><th scope="col">Outcome</th><th scope="col">Why</th>';
  const rest =
    folded.length === 0
      ? ''
      : `<details><summary>${formatCountOf(folded.length, 'slice passes', 'slices pass')}</summary>${table('Slices that pass', head, folded, 'checks')}</details>`;
  return `${shown.length === 0 ? '' : table('Checks', head, shown, 'checks')}${rest}`;
}

function changesBody(report: Report): string {
  if (report.changes === null) return '';
  const rows = changeRows(report);
  const changed =
    rows.length === 0
      ? '<p>Nothing: the same code, data, settings and image.</p>'
      : `<ul class="plain">${rows.map((row) => `<li>${row.kind === '' ? '' : `${row.kind} `}<code>${escapeHtml(row.path, 160)}</code> <span class="how">${escapeHtml(row.how, 300)}</span></li>`).join('')}</ul>`;
  const moved = `<ul class="plain">${movedLines(report.verdict)
    .map(
      ({ text, effect }) =>
        `<li>${escapeHtml(text, 120)}${effect === null ? '' : ` <span class="effect ${effect.replace(' ', '-')}">${effect}</span>`}</li>`,
    )
    .join('')}</ul>`;
  return `<div class="pair"><div><h3>Changed</h3>${changed}</div><div><h3>Moved</h3>${moved}</div></div>`;
}

function curvesBody(report: Report, { candidate, champion }: Plots): string {
  const rival = rivalName(report);
  const charts = curveCharts(candidate, champion);
  const matrices = [
    ['Candidate', candidate.confusion],
    [rival, champion?.confusion],
  ] as const;
  const tables = matrices
    .map(([who, matrix]) => (matrix === undefined ? '' : confusionTable(who, matrix)))
    .join('');
  if (charts.length === 0) return tables;
  const keys = {
    binary:
      key('candidate', 'Candidate') +
      (champion === null ? '' : key('champion', rival)) +
      key('reference', 'Chance, or perfect calibration'),
    multiclass:
      (candidate.roc_by_class ?? [])
        .map((curve, i) => key(`class-${(i % CLASS_COLOR_COUNT) + 1}`, curve.class))
        .join('') +
      (champion === null ? '' : key('dashed', rival)) +
      key('reference', 'Chance, or as confident as right'),
    regression:
      key('candidate', 'Candidate') +
      (champion === null ? '' : key('champion', rival)) +
      key('reference', 'Exact'),
  };
  return `<p class="legend">${keys[report.problem]}</p><div class="charts">${charts.map((chart) => figure(chart)).join('')}</div>${tables}`;
}

function key(kind: string, label: string): string {
  return `<span class="key"><svg class="swatch ${kind}" width="22" height="10" aria-hidden="true"><line x1="1" x2="21" y1="5" y2="5"/></svg>${escapeHtml(label, 60)}</span>`;
}

function figure(chart: Chart, title = escapeHtml(chart.title, 80)): string {
  return `<figure><figcaption><strong>${title}</strong> ${escapeHtml(chart.caption)}</figcaption>${chart.svg}</figure>`;
}

function confusionTable(who: string, { classes, counts }: NonNullable<ModelPlots['confusion']>): string {
  const rows = counts.map((row, truth) => {
    const total = row.reduce((a, b) => a + b, 0);
    const cells = row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      const kind = truth === predicted ? 'right' : 'wrong';
      return `<td class="number ${kind}" style="--share:${(share * 100).toFixed(0)}%">${formatCount(count)}<small>${formatPercent(share)}</small></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(classes[truth] ?? '', 60)}</th>${cells.join('')}</tr>`;
  });
  const head = `<th scope="col">Actual, across: predicted</th>${classes.map((name) => `<th scope="col" class="number">${escapeHtml(name, 60)}</th>`).join('')}`;
  return `<h3>Confusion matrix: ${who.toLowerCase()}</h3>${table(`Confusion matrix: ${who.toLowerCase()}`, head, rows, 'confusion')}`;
}

function slicesAside(verdict: Verdict, rival: string): string {
  const metrics = [...new Set(verdict.slices.map((slice) => metricText(slice.metric).label))].join(', ');
  const champion = verdict.slices.some((slice) => slice.champion !== null);
  const intervals = verdict.slices.some((slice) => slice.interval !== undefined && slice.interval !== null);
  return `${metrics} by group${intervals ? ', with its interval' : ''}${champion ? `; the tick is the ${rival.toLowerCase()}` : ''}. Small groups say little: mind n.`;
}

function slicesBody(verdict: Verdict, rival: string): string {
  const rows = sliceRows(verdict);
  if (rows.length === 0) return '';
  const champion = rows.some((row) => row.result.champion !== null);
  const positives = rows.some((row) => row.result.positives !== null);
  const judged = rows.some((row) => row.outcome !== null);
  const ends = rows.flatMap((row) => [
    ...[row.result.candidate, row.result.champion].filter((value) => value !== null),
    ...(row.result.interval ?? []),
  ]);
  const scale = [Math.min(...ends), Math.max(...ends)] as const;
  const body = rows.map((row) => {
    const { result } = row;
    const mark =
      result.candidate === null
        ? `<small>${escapeHtml(row.note === '' ? 'not measured' : row.note, 120)}</small>`
        : valueMark(result.candidate, result.interval ?? null, result.champion, scale);
    return `<tr><th scope="row"><small>${escapeHtml(row.column, 60)}</small>${escapeHtml(row.value, 80)}${result.candidate === null || row.note === '' ? '' : `<small>${escapeHtml(row.note, 120)}</small>`}</th><td class="number">${formatCount(result.n)}</td>${positives ? `<td class="number">${result.positives === null ? '' : formatCount(result.positives)}</td>` : ''}<td class="plot">${mark}</td><td class="number strong">${stacked(row.candidate, row.interval)}</td>${champion ? `<td class="number">${row.champion}</td><td class="number">${row.difference}</td>` : ''}${judged ? `<td class="judged">${row.outcome === null ? '' : outcomeText(row.outcome)}</td>` : ''}</tr>`;
  });
  const head = `<th scope="col">Slice</th><th scope="col" class="number">n</th>${positives ? '<th scope="col" class="number">Positive</th>' : ''}<th scope="col" class="plot"><span class="hidden">Interval</span></th><th scope="col" class="number">Candidate</th>${champion ? `<th scope="col" class="number">${rival}</th><th scope="col" class="number">Difference</th>` : ''}${judged ? '<th scope="col" class="judged">Check</th>' : ''}`;
  return table('Slices', head, body, positives ? 'slices positives' : 'slices');
}

function explanationBody(explanation: Explanation, rival: string): string {
  const groups = featureGroups(explanation).map((group) => ({
    ...group,
    features: group.features.slice(0, MOST_FEATURES),
  }));
  const all = groups.flatMap((group) => group.features);
  const champion = all.some((feature) => typeof feature.champion === 'number');
  const most = all.reduce((max, f) => Math.max(max, Math.abs(f.value), Math.abs(f.champion ?? 0)), 0);
  const decimals = decimalsFor(most);
  const head = `<th scope="col">Feature</th><th scope="col" class="plot"><span class="hidden">Size</span></th><th scope="col" class="number">Candidate</th>${champion ? `<th scope="col" class="number">${rival}</th>` : ''}`;
  return groups
    .map((group) => {
      const rows = group.features.map(
        (feature) =>
          `<tr><th scope="row">${escapeHtml(feature.name, 80)}</th><td class="plot">${signedBarMark(feature.value, feature.champion ?? null, most)}</td><td class="number strong">${formatSigned(feature.value, decimals)}</td>${champion ? `<td class="number">${formatSigned(feature.champion, decimals)}</td>` : ''}</tr>`,
      );
      if (group.class === null) return foldedTable('Features', head, rows, 'features', OPEN_FEATURES);
      const name = escapeHtml(group.class, 60);
      const open = Math.max(5, Math.ceil(OPEN_FEATURES / groups.length));
      return `<h3>${name}</h3>${foldedTable(`Features of ${name}`, head, rows, 'features', open)}`;
    })
    .join('');
}

function tuningBody(tuning: TuningFacts): string {
  const charts = tuningCharts(tuning);
  const decimals = decimalsFor(...tuning.trials.map((trial) => trial.value));
  const sign = tuning.objective.goal === 'maximize' ? -1 : 1;
  const complete = tuning.trials.every((trial) => trial.status === 'completed');
  const rows = [...tuning.trials]
    .sort((a, b) => (a.value === null ? 1 : b.value === null ? -1 : sign * (a.value - b.value)))
    .map(
      (trial) =>
        `<tr${trial.name === tuning.best ? ' class="best"' : ''}><th scope="row">${escapeHtml(trial.name, 60)}${trial.name === tuning.best ? '<span class="tag">best</span>' : ''}</th><td class="number strong">${formatValue(trial.value, decimals)}</td><td class="prose">${escapeHtml(settingsText(trial.hyperparameters), 300)}</td><td class="number">${formatSeconds(trial.seconds)}</td>${complete ? '' : `<td class="status">${trial.status === 'completed' ? '' : trial.status}</td>`}</tr>`,
    );
  const head = `<th scope="col">Trial</th><th scope="col" class="number">Objective</th><th scope="col" class="prose">Hyperparameters</th><th scope="col" class="number">Time</th>${complete ? '' : '<th scope="col" class="status">Status</th>'}`;
  return `<div class="charts">${charts
    .map((chart) =>
      figure(chart, chart.parameter === null ? escapeHtml(chart.title) : escapeHtml(chart.parameter, 80)),
    )
    .join('')}</div>${foldedTable('Trials', head, rows, 'trials', MOST_TRIALS)}`;
}

function timeBody(report: Report): string {
  const most = Math.max(0, ...report.steps.map((step) => step.seconds));
  const rows = report.steps.map(
    (step) =>
      `<tr><th scope="row">${escapeHtml(step.name, 80)}</th><td class="plot">${barMark(step.seconds, most, step.reused)}</td><td class="number">${formatSeconds(step.seconds)}</td><td>${step.reused ? `reused, saved ${formatSeconds(step.saved_seconds)}` : ''}</td></tr>`,
  );
  const { cost } = timingOf(report);
  const money = [cost === '' ? '' : `${capital(cost)}.`, report.cost.note]
    .filter((text) => text !== '')
    .join(' ');
  const head =
    '<th scope="col">Step</th><th scope="col" class="plot"><span class="hidden">Share of the longest</span></th><th scope="col" class="number">Time</th><th scope="col">Reuse</th>';
  return `${rows.length === 0 ? '' : table('Steps', head, rows, 'steps')}${money === '' ? '' : `<p class="after">${escapeHtml(money, 600)}</p>`}`;
}

function factsBody(report: Report): string {
  const { data, candidate, champion, run } = report;
  const groups: [title: string, facts: [name: string, value: string][]][] = [];
  if (candidate !== null) groups.push(['Candidate', modelFacts(candidate)]);
  if (champion !== null) groups.push([rivalName(report), modelFacts(champion)]);
  if (data !== null)
    groups.push([
      'Data',
      [
        ['Source', `<code>${escapeHtml(data.source, 200)}</code>`],
        ['Version', digest(data.version)],
        [
          'Target',
          escapeHtml(data.target, 100) +
            (data.positive === null ? '' : `, positive is ${escapeHtml(data.positive, 60)}`) +
            (data.labels.length > 2 ? `: ${escapeHtml(data.labels.join(', '), 300)}` : ''),
        ],
        ['Training', countsOf(data.train.rows, data.train.positives)],
        ['Holdout', countsOf(data.holdout.rows, data.holdout.positives)],
      ],
    ]);
  groups.push([
    'Run',
    [
      ['Execution', `<code>${escapeHtml(run.execution, 300)}</code>`],
      ['Fingerprint', digest(run.fingerprint)],
      ['Backend', report.backend === 'aws' ? 'AWS' : 'embedded, on one machine'],
      ['Commit', run.commit ? digest(run.commit.sha) : ''],
      ['Reason', run.reason === null ? '' : escapeHtml(run.reason)],
      ['Links', report.links.map(link).join('<br>')],
    ],
  ]);
  return `<div class="groups">${groups.map(([title, facts]) => `<div><h3>${title}</h3>${factList(facts)}</div>`).join('')}</div>`;
}

function modelFacts(model: ModelFacts): [string, string][] {
  return [
    ['Package', model.package === null ? '' : `<code>${escapeHtml(model.package, 160)}</code>`],
    ['Image', digest(model.image)],
    ['Trained', model.trained_at === null ? '' : timeElement(model.trained_at)],
    ['Settings', escapeHtml(settingsText(model.hyperparameters), 400)],
    ['Threshold', model.threshold === null ? '' : formatValue(model.threshold)],
  ];
}

function factList(facts: [string, string][]): string {
  return `<dl class="facts">${facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
    .join('')}</dl>`;
}

/** Cut to what a person compares; the whole of it on hovering. */
function digest(text: string): string {
  return `<code title="${escapeHtml(text, 300)}">${escapeHtml(shortDigests(text), 200)}</code>`;
}

function link({ label, url }: { label: string; url: string }): string {
  const target = URL.parse(url);
  return target !== null && ['http:', 'https:'].includes(target.protocol)
    ? `<a href="${escapeHtml(target.href)}" rel="noopener noreferrer">${escapeHtml(label, 80)}</a>`
    : escapeHtml(label, 80);
}

function notesBody(report: Report): string {
  const notes = notesOf(report);
  return notes.length === 0
    ? ''
    : `<ul class="plain">${notes.map((note) => `<li>${withCode(note, 600)}</li>`).join('')}</ul>`;
}

function footer(report: Report): string {
  return `<p>${escapeHtml(report.run.execution, 200)}, finished ${timeElement(report.run.finished_at)}.</p>`;
}

// Pieces

/** A table that scrolls on its own where the page is narrow. */
function table(label: string, head: string, rows: string[], kind: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function foldedTable(label: string, head: string, rows: string[], kind: string, most: number): string {
  const first = table(label, head, rows.slice(0, most), kind);
  const rest = rows.slice(most);
  if (rest.length === 0) return first;
  return `${first}<details><summary>${formatCount(rest.length)} more</summary>${table(`More: ${label.toLowerCase()}`, head, rest, kind)}</details>`;
}

function stacked(value: string, below: string): string {
  return below === '' ? value : `${value}<small>${below}</small>`;
}

function timeElement(iso: string): string {
  return `<time datetime="${escapeHtml(iso, 40)}">${escapeHtml(formatTime(iso), 40)}</time>`;
}

/** Escaped text with what stands in backticks as code. */
function withCode(text: string, most?: number): string {
  return escapeHtml(text, most).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** cleanText trims; a log's indentation is put back. */
function indented(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return indent + escapeHtml(line);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

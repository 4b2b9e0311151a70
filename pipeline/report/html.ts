import {
  decimalsFor,
  formatConfidence,
  formatCount,
  formatCountOf,
  formatPercent,
  formatSeconds,
  formatSigned,
  formatUsd,
  formatValue,
} from '../format.ts';
import type { Check, MetricResult, Verdict } from '../gate/verdict.ts';
import { metricText } from '../metrics.ts';
import type { ModelPlots } from '../statistics/plots.ts';
import type { Explanation, Plots, TuningFacts } from '../steps/train/evidence.ts';
import { CLASS_COLOR_COUNT, curveCharts, tuningCharts } from './charts.ts';
import { cleanLogLine } from './clean-text.ts';
import { figure, navigation, type Part, page, pageHeader, section, unbroken } from './html-page.ts';
import {
  cell,
  code,
  column,
  details,
  digest,
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
import { type Html, html, raw, text, withCode } from './markup.ts';
import * as reading from './reading.ts';
import type { ModelFacts, Report } from './report.ts';
import { barMark, differenceMark, signedBarMark, valueMark } from './row-marks.ts';

/** Features that the page shows and that it folds away; the rest is only in the model's own files. */
const MOST_FEATURES = 500;
const OPEN_FEATURES = 20;
const MOST_TRIALS = 12;

/** The report as one self-contained page, with charts as inline SVG; works in print and on a phone. */
export function renderHtml(report: Report): string {
  const parts = partsOf(report);
  const { title } = reading.headlineOf(report);
  return page(
    `${title}: ${reading.subjectOf(report)}`,
    html`
      ${pageHeader(reading.runParts(report), report.run.started_at)}
      <main>
      ${unbroken(verdictBlock(report))}
      ${navigation(parts)}
      ${parts.map((part) => unbroken(section(part)))}
      </main>
      <footer>${footer(report)}</footer>`,
  );
}

function partsOf(report: Report): Part[] {
  const { verdict, plots, explanation, tuning, failure } = report;
  const measured = verdict?.sealed ? null : verdict;
  const rival = reading.rivalName(report);
  const since = `Since the ${rival.toLowerCase()} was trained. A change beside a moved metric does not prove that it is the cause.`;
  const parts: (readonly [id: string, title: string, aside: string, body: Html | ''] | null)[] = [
    failure && [
      'failure',
      'What failed',
      `The last lines of the log of ${failure.step}.`,
      failureBody(failure),
    ],
    measured && [
      'metrics',
      'Metrics',
      metricsAside(measured, report.data?.groups),
      metricsBody(measured, rival),
    ],
    verdict && ['checks', 'Checks', capital(`${reading.checkCounts(verdict)}.`), checksBody(verdict)],
    ['changes', 'What changed, what moved', since, changesBody(report)],
    ['notes', 'Notes', '', notesBody(report)],
    plots && ['curves', 'Behaviour on the holdout', '', curvesBody(report, plots)],
    verdict && ['slices', 'Slices', slicesAside(verdict, rival), slicesBody(verdict, rival)],
    explanation && [
      'model',
      capital(explanation.kind),
      explanationAside(explanation, rival),
      explanationBody(explanation, rival),
    ],
    tuning && ['tuning', 'Tuning', `${reading.tuningTitle(tuning)}.`, tuningBody(tuning)],
    ['time', 'Time and cost', reading.timingOf(report).reuse, timeBody(report)],
    ['facts', 'Data, models, run', '', factsBody(report)],
  ];
  return parts
    .filter((part) => part !== null)
    .map(([id, title, aside, body]) => ({ id, title, aside, body }))
    .filter(({ body }) => String(body) !== '');
}

// The top of the page, after its header

function verdictBlock(report: Report): Html {
  const { tone, title, why, outcome, warning } = reading.headlineOf(report);
  return html`
    ${warning !== null && html`<p class="loud" role="note">${withCode(warning)}</p>`}
    <section class="verdict ${tone}" aria-labelledby="verdict">
      <h1 id="verdict"><span class="word">${text(title, 80)}</span> <span class="why">${text(why, 600)}</span></h1>
      ${outcome.map((sentence) => html`<p class="outcome">${withCode(sentence, 400)}</p>`)}
      ${keyFigures(report)}
    </section>`;
}

/** The few numbers that most readers look for. */
function keyFigures(report: Report): Html {
  const figures: [label: string, value: string, detail: string][] = [];
  const { verdict } = report;
  if (verdict !== null) {
    const row = reading.metricRows(verdict).find((metric) => metric.primary);
    if (row !== undefined) {
      figures.push([
        row.label,
        row.candidate,
        row.result.champion === null
          ? row.interval
          : `${reading.rivalName(report).toLowerCase()} ${row.champion}`,
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
  const timing = reading.timingOf(report);
  const saved = report.steps.reduce((sum, step) => sum + (step.reused ? step.saved_seconds : 0), 0);
  figures.push(['Time', timing.total, timing.reuse === '' ? '' : `reuse saved ${formatSeconds(saved)}`]);
  const { actual_usd: actual, estimated_usd: estimated } = report.cost;
  if (timing.cost !== '')
    figures.push([
      'Cost',
      formatUsd(actual ?? estimated),
      actual === null ? 'estimated' : estimated === null ? '' : `estimated ${formatUsd(estimated)}`,
    ]);
  return html`<dl class="figures">
    ${figures.map(
      ([label, value, detail]) => html`<div>
        <dt>${text(label, 40)}</dt>
        <dd><span class="value">${text(value, 40)}</span><span class="detail">${text(detail, 60)}</span></dd>
      </div>`,
    )}
  </dl>`;
}

// The parts

function failureBody({ hint, log }: NonNullable<Report['failure']>): Html {
  const lines = log.map((line) => indented(cleanLogLine(line))).join('\n');
  return html`
    ${hint !== '' && html`<p class="hint"><strong>What to try.</strong> ${withCode(hint, 1000)}</p>`}
    ${lines === '' ? html`<p>The step left no log.</p>` : html`<pre tabindex="0" aria-label="Log">${lines}</pre>`}`;
}

const metricsAside = (verdict: Verdict, groups: number | undefined): string =>
  [reading.intervalsText(verdict), ...reading.evidence(verdict, groups)]
    .filter((sentence) => sentence !== '')
    .map((sentence) => (sentence.endsWith('.') ? sentence : `${sentence}.`))
    .join(' ');

function metricsBody(verdict: Verdict, rival: string): Html {
  const compared = reading.hasChampion(verdict);
  const body = reading.metricRows(verdict).map((row) => {
    const { difference, difference_interval: interval } = row.result;
    const name = html`<th scope="row">
      ${text(row.label, 60)}${row.primary && html`<span class="tag">primary</span>`}
      <small>${DIRECTIONS[row.better]}</small>
    </th>`;
    const candidate = stacked(row.candidate, row.interval);
    if (!compared)
      return html`<tr>${name}${cell('number', candidate)}${cell('plot', shareMark(row.result))}</tr>${noteRow(row.note, 3)}`;
    return html`<tr>
      ${name}
      ${cell('number strong', candidate)}
      ${cell('number', stacked(row.champion, row.championInterval))}
      ${cell('number', [stacked(row.difference, row.differenceInterval), narrowEffect(row)])}
      ${cell('plot', difference !== null && !row.better.startsWith('near') && differenceMark(difference, interval, row.better === 'lower'))}
      ${cell('effects', row.effect !== null && html`<span class="effect ${row.effect}">${row.effect}</span>`)}
    </tr>${noteRow(row.note, 6)}`;
  });
  const axis = html`<span>← worse</span><span>better →</span>`;
  const scale = html`<span class="scale"><span>0</span><span>1</span></span>`;
  const head = compared
    ? [numbers('Candidate', rival, 'Difference'), column(axis, 'plot axis'), column(hidden('Clear effect'))]
    : [numbers('Candidate'), column(scale, 'plot')];
  return table('Metrics', [column('Metric'), head], body, 'metrics');
}

/** The direction in a word, for a phone, which has no room for the plot. */
function narrowEffect({ effect, better, result: { difference } }: reading.MetricRow): Html | '' {
  if (effect !== null) return html`<small class="narrow ${effect}">${effect}</small>`;
  if (difference === null || difference === 0 || better.startsWith('near')) return '';
  const word = difference > 0 === (better === 'higher') ? 'better' : 'worse';
  return html`<small class="narrow not-clear">${word}, not clear</small>`;
}

/** Without a model to compare with: the value and its interval from 0 to 1; nothing for metrics with another range. */
function shareMark({ candidate, interval }: MetricResult): Html | '' {
  const [low, high] = interval ?? [candidate, candidate];
  return low >= 0 && high <= 1 ? valueMark(candidate, interval, null, [0, 1]) : '';
}

const DIRECTIONS = { higher: '', lower: 'lower is better', 'near 1': 'ideal is 1', 'near 0': 'ideal is 0' };

const noteRow = (note: string, columns: number): Html | '' =>
  note === '' ? '' : html`<tr class="note"><td colspan="${columns}">${text(note)}</td></tr>`;

const OUTCOME_WORDS = {
  pass: 'passes',
  fail: 'fails',
  inconclusive: 'inconclusive',
  not_judged: 'not judged',
};

const outcomeText = (outcome: Check['outcome']): Html =>
  html`<span class="check ${outcome}"><span aria-hidden="true">${reading.OUTCOME_MARKS[outcome]}</span> ${OUTCOME_WORDS[outcome]}</span>`;

/** Folds away slices that pass or were not judged, since the table of slices lists them too. */
function checksBody(verdict: Verdict): Html {
  const isFolded = (check: Check) => !reading.isOpen(check) && check.name.startsWith('slices ');
  const checks = reading.orderedChecks(verdict);
  if (checks.length === 0) return html`<p>The policy asks for no checks.</p>`;
  const shown = checks.filter((check) => !isFolded(check));
  const folded = checks.filter(isFolded);
  const tableOf = (label: string, some: readonly Check[]) =>
    table(
      label,
      [column('Check'), column('Outcome'), column('Why')],
      some.map(
        ({ name, outcome, detail }) => html`<tr>
          <th scope="row">${text(name, 120)}</th>
          <td>${outcomeText(outcome)}</td>
          <td class="prose">${withCode(detail, 400)}</td>
        </tr>`,
      ),
      'checks',
    );
  return html`
    ${shown.length > 0 && tableOf('Checks', shown)}
    ${folded.length > 0 && details(foldedTitle(folded), tableOf('Slices that pass or were not judged', folded))}`;
}

/** "6 slices pass, 10 not judged" */
function foldedTitle(slices: readonly Check[]): string {
  const passed = slices.filter(({ outcome }) => outcome === 'pass').length;
  const open = slices.length - passed;
  const passes = formatCountOf(passed, 'slice passes', 'slices pass');
  if (open === 0) return passes;
  return passed === 0
    ? formatCountOf(open, 'slice was not judged', 'slices were not judged')
    : `${passes}, ${formatCount(open)} not judged`;
}

function changesBody(report: Report): Html | '' {
  if (report.changes === null) return '';
  const changed = reading
    .changeRows(report)
    .map(
      ({ kind, path, how }) =>
        html`${kind !== '' && `${kind} `}<code>${text(path, 160)}</code> <span class="how">${text(how, 300)}</span>`,
    );
  const moved = reading
    .movedLines(report.verdict)
    .map(
      ({ text: line, effect }) =>
        html`${text(line, 120)}${effect !== null && html` <span class="effect ${effect.replace(' ', '-')}">${effect}</span>`}`,
    );
  return html`<div class="pair">
    <div>
      <h3>Changed</h3>
      ${changed.length === 0 ? html`<p>Nothing: the same code, data, settings and image.</p>` : list(changed)}
    </div>
    <div><h3>Moved</h3>${list(moved)}</div>
  </div>`;
}

function curvesBody(report: Report, { candidate, champion }: Plots): Html {
  const rival = reading.rivalName(report);
  const charts = curveCharts(candidate, champion);
  const matrices = [
    candidate.confusion && confusionTable('candidate', candidate.confusion),
    champion?.confusion && confusionTable(rival.toLowerCase(), champion.confusion),
  ];
  if (charts.length === 0) return html`${matrices}`;
  const models = (line: string) => [key('candidate', 'Candidate'), champion !== null && key(line, rival)];
  const keys = {
    binary: [models('champion'), key('reference', 'Chance, or perfect calibration')],
    multiclass: [
      (candidate.roc_by_class ?? []).map((curve, i) =>
        key(`class-${(i % CLASS_COLOR_COUNT) + 1}`, curve.class),
      ),
      champion !== null && key('dashed', rival),
      key('reference', 'Chance, or as confident as right'),
    ],
    regression: [models('champion'), key('reference', 'Exact')],
  };
  return html`
    <p class="legend">${keys[report.problem]}</p>
    <div class="charts">${charts.map((chart) => figure(chart))}</div>
    ${matrices}`;
}

function confusionTable(who: string, { classes, counts }: NonNullable<ModelPlots['confusion']>): Html {
  const rows = counts.map((row, truth) => {
    const total = row.reduce((a, b) => a + b, 0);
    const cells = row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      const kind = truth === predicted ? 'right' : 'wrong';
      return html`<td class="number ${kind}" style="--share:${(share * 100).toFixed(0)}%">
        ${stacked(formatCount(count), formatPercent(share))}
      </td>`;
    });
    return html`<tr><th scope="row">${text(classes[truth] ?? '', 60)}</th>${cells}</tr>`;
  });
  const predicted = classes.map((name) => text(name, 60));
  const head = [column('Actual, across: predicted'), numbers(...predicted)];
  return html`<h3>Confusion matrix: ${who}</h3>${table(`Confusion matrix: ${who}`, head, rows, 'confusion')}`;
}

function slicesAside(verdict: Verdict, rival: string): string {
  const metrics = [...new Set(verdict.slices.map((slice) => metricText(slice.metric).label))].join(', ');
  const champion = verdict.slices.some((slice) => slice.champion !== null);
  const intervals = verdict.slices.some((slice) => slice.interval !== undefined && slice.interval !== null);
  return `${metrics} by group${intervals ? ', with its interval' : ''}${champion ? `; the tick is the ${rival.toLowerCase()}` : ''}. Small groups say little: mind n.`;
}

function slicesBody(verdict: Verdict, rival: string): Html | '' {
  const rows = reading.sliceRows(verdict);
  if (rows.length === 0) return '';
  const champion = rows.some((row) => row.result.champion !== null);
  const positives = rows.some((row) => row.result.positives !== null);
  const judged = rows.some((row) => row.outcome !== 'not_judged');
  const ends = rows.flatMap((row) => [
    ...[row.result.candidate, row.result.champion].filter((value) => value !== null),
    ...(row.result.interval ?? []),
  ]);
  const scale = [Math.min(...ends), Math.max(...ends)] as const;
  const body = rows.map((row) => {
    const { candidate, interval = null, ...result } = row.result;
    const note = (words: string) => html`<small>${text(words, 120)}</small>`;
    return html`<tr>
      <th scope="row">
        <small>${text(row.column, 60)}</small>${text(row.value, 80)}
        ${candidate !== null && row.note !== '' && note(row.note)}
      </th>
      ${cell('number', formatCount(result.n))}
      ${positives && cell('number', result.positives !== null && formatCount(result.positives))}
      ${cell('plot', candidate === null ? note(row.note || 'not measured') : valueMark(candidate, interval, result.champion, scale))}
      ${cell('number strong', stacked(row.candidate, row.interval))}
      ${champion && [cell('number', row.champion), cell('number', stacked(row.difference, row.differenceInterval))]}
      ${judged && cell('judged', outcomeText(row.outcome))}
    </tr>`;
  });
  const head = [
    column('Slice'),
    numbers('n', ...(positives ? ['Positive'] : [])),
    column(hidden('Interval'), 'plot'),
    numbers('Candidate', ...(champion ? [rival, 'Difference'] : [])),
    judged && column('Check', 'judged'),
  ];
  return html`${table('Slices', head, body, positives ? 'slices positives' : 'slices')}${gapsBody(verdict)}`;
}

const OPEN_GAPS = 20;

/** The candidate's own gaps between groups, whatever the champion does. */
function gapsBody(verdict: Verdict): Html | '' {
  const rows = reading.gapRows(verdict).map(
    ({ column: name, groups, gap, interval, isClear }) => html`<tr>
      <th scope="row"><small>${text(name, 60)}</small>${text(groups, 120)}</th>
      ${cell('number strong', stacked(gap, interval))}
      ${cell('effects', isClear && html`<span class="effect">clear</span>`)}
    </tr>`,
  );
  if (rows.length === 0) return '';
  const head = [column('Groups'), numbers('Gap'), column(hidden('Clear gap'))];
  return html`<h3>Gaps between groups</h3>
    <p class="after">The candidate in each group less the candidate in the largest group of the column, with its ${formatConfidence(verdict.confidence)} interval; clear where that leaves out 0. Among many gaps, some are clear by luck.</p>
    ${foldedTable('Gaps between groups', head, rows, 'gaps', OPEN_GAPS)}`;
}

function explanationAside({ unit, features }: Explanation, rival: string): string {
  const compared = features.some(({ champion }) => typeof champion === 'number');
  return `${capital(unit)}.${compared ? ` The tick is the ${rival.toLowerCase()}.` : ''}`;
}

function explanationBody(explanation: Explanation, rival: string): Html {
  const groups = reading.featureGroups(explanation).map((group) => ({
    ...group,
    features: group.features.slice(0, MOST_FEATURES),
  }));
  const all = groups.flatMap((group) => group.features);
  const champion = all.some((feature) => typeof feature.champion === 'number');
  const most = all.reduce((max, f) => Math.max(max, Math.abs(f.value), Math.abs(f.champion ?? 0)), 0);
  const decimals = decimalsFor(most);
  const models = numbers('Candidate', ...(champion ? [rival] : []));
  const head = [column('Feature'), column(hidden('Size'), 'plot'), models];
  return html`${groups.map((group) => {
    const rows = group.features.map(
      (feature) => html`<tr>
        <th scope="row">${text(feature.name, 80)}</th>
        ${cell('plot', signedBarMark(feature.value, feature.champion ?? null, most))}
        ${cell('number strong', formatSigned(feature.value, decimals))}
        ${champion && cell('number', formatSigned(feature.champion, decimals))}
      </tr>`,
    );
    if (group.class === null) return foldedTable('Features', head, rows, 'features', OPEN_FEATURES);
    const name = text(group.class, 60);
    const open = Math.max(5, Math.ceil(OPEN_FEATURES / groups.length));
    return html`<h3>${name}</h3>${foldedTable(`Features of ${name}`, head, rows, 'features', open)}`;
  })}`;
}

function tuningBody(tuning: TuningFacts): Html {
  const decimals = decimalsFor(...tuning.trials.map((trial) => trial.value));
  const sign = tuning.objective.goal === 'maximize' ? -1 : 1;
  const complete = tuning.trials.every((trial) => trial.status === 'completed');
  const rows = [...tuning.trials]
    .sort((a, b) => (a.value === null ? 1 : b.value === null ? -1 : sign * (a.value - b.value)))
    .map((trial) => {
      const best = trial.name === tuning.best;
      return html`<tr${best && raw(' class="best"')}>
        <th scope="row">${text(trial.name, 60)}${best && html`<span class="tag">best</span>`}${trial.guided && html`<span class="tag">guided</span>`}</th>
        ${cell('number strong', formatValue(trial.value, decimals))}
        ${cell('prose', text(reading.settingsText(trial.hyperparameters), 300))}
        ${cell('number', formatSeconds(trial.seconds))}
        ${!complete && cell('status', trial.status !== 'completed' && trial.status)}
      </tr>`;
    });
  const settings = column('Hyperparameters', 'prose');
  const status = !complete && column('Status', 'status');
  const head = [column('Trial'), numbers('Objective'), settings, numbers('Time'), status];
  const charts = tuningCharts(tuning).map((chart) =>
    figure(chart, chart.parameter === null ? text(chart.title) : text(chart.parameter, 80)),
  );
  const guidance = reading.guidanceLines(tuning).map((line) => html`<p class="hint">${text(line, 800)}</p>`);
  return html`${guidance}<div class="charts">${charts}</div>${foldedTable('Trials', head, rows, 'trials', MOST_TRIALS)}`;
}

function timeBody(report: Report): Html {
  const most = Math.max(0, ...report.steps.map((step) => step.seconds));
  const rows = report.steps.map(
    (step) => html`<tr>
      <th scope="row">${text(step.name, 80)}</th>
      ${cell('plot', barMark(step.seconds, most, step.reused))}
      ${cell('number', formatSeconds(step.seconds))}
      <td>${step.reused && `reused, saved ${formatSeconds(step.saved_seconds)}`}</td>
    </tr>`,
  );
  const { cost } = reading.timingOf(report);
  const money = [cost === '' ? '' : `${capital(cost)}.`, report.cost.note]
    .filter((sentence) => sentence !== '')
    .join(' ');
  const share = column(hidden('Share of the longest'), 'plot');
  const head = [column('Step'), share, numbers('Time'), column('Reuse')];
  return html`
    ${rows.length > 0 && table('Steps', head, rows, 'steps')}
    ${money !== '' && html`<p class="after">${text(money, 600)}</p>`}`;
}

function factsBody(report: Report): Html {
  const { data, candidate, champion, run } = report;
  const groups: [title: string, facts: Fact[]][] = [];
  if (candidate !== null) groups.push(['Candidate', modelFacts(candidate)]);
  if (champion !== null) groups.push([reading.rivalName(report), modelFacts(champion)]);
  const divided = data && reading.splitText(data);
  if (data !== null)
    groups.push([
      'Data',
      [
        ['Source', code(data.source, 200)],
        ['Version', digest(data.version)],
        [
          'Target',
          text(data.target, 100) +
            (data.positive === null ? '' : `, positive is ${text(data.positive, 60)}`) +
            (data.labels.length > 2 ? `: ${text(data.labels.join(', '), 300)}` : ''),
        ],
        ['Training', reading.countsOf(data.train.rows, data.train.positives, data.split?.groups?.train)],
        ['Holdout', reading.countsOf(data.holdout.rows, data.holdout.positives, data.split?.groups?.holdout)],
        ...(divided === null ? [] : [['Split', text(divided, 300)] as Fact]),
      ],
    ]);
  groups.push([
    'Run',
    [
      ['Execution', code(run.execution, 300)],
      ['Fingerprint', digest(run.fingerprint)],
      ['Backend', report.backend === 'aws' ? 'AWS' : 'embedded, on one machine'],
      ['Commit', run.commit ? digest(run.commit.sha) : ''],
      ['Reason', run.reason === null ? '' : text(run.reason)],
      ['Links', html`${report.links.map((one, i) => [i > 0 && html`<br>`, link(one)])}`],
    ],
  ]);
  return html`<div class="groups">
    ${groups.map(([title, facts]) => html`<div><h3>${title}</h3>${factList(facts)}</div>`)}
  </div>`;
}

const modelFacts = (model: ModelFacts): Fact[] => [
  ['Package', model.package === null ? '' : code(model.package, 160)],
  ['Image', digest(model.image)],
  ['Trained', model.trained_at === null ? '' : timeElement(model.trained_at)],
  ['Settings', text(reading.settingsText(model.hyperparameters), 400)],
  ['Threshold', model.threshold === null ? '' : formatValue(model.threshold)],
];

function link({ label, url }: { label: string; url: string }): string | Html {
  const target = URL.parse(url);
  return target !== null && ['http:', 'https:'].includes(target.protocol)
    ? html`<a href="${text(target.href)}" rel="noopener noreferrer">${text(label, 80)}</a>`
    : text(label, 80);
}

function notesBody(report: Report): Html | '' {
  const notes = reading.notesOf(report);
  return notes.length === 0 ? '' : list(notes.map((note) => withCode(note, 600)));
}

const footer = ({ run }: Report): Html =>
  html`<p>${text(run.execution, 200)}, finished ${timeElement(run.finished_at)}.</p>`;

// Pieces

/** Text of a log: cleanText trims each line, so its indentation is restored. */
const indented = (line: string): string => (/^ */.exec(line)?.[0] ?? '') + text(line);

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

import {
  decimalsFor,
  formatCount,
  formatCountOf,
  formatInterval,
  formatPercent,
  formatSigned,
  formatValue,
} from '../format.ts';
import type { PrivateSummary, Summary } from '../steps/release/delivery.ts';
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
import { type Html, html, text, withCode } from './markup.ts';
import { publishableRelease } from './publishable-release.ts';
import * as reading from './reading.ts';
import { scoreChart } from './release-charts.ts';
import * as words from './release-reading.ts';
import type { ReleaseReport } from './release-report.ts';
import { RELEASE_STYLE } from './release-style.ts';
import { barMark, signedBarMark, valueMark } from './row-marks.ts';

type Predictions = NonNullable<ReleaseReport['predictions']>;
type PrivateRow = PrivateSummary['rows'][number];

const OPEN_FACTORS = 12;
const OPEN_SLICES = 20;
const MOST_EXAMPLES = 10;

/**
 * A release as one self-contained page, with charts as inline SVG; works in print and on a phone.
 * @param rows rows by id, for the private copy. Without them the page has aggregates alone, so that everybody may see it.
 */
export function releaseHtml(release: ReleaseReport, rows?: PrivateSummary): string {
  const told = rows === undefined ? publishableRelease(release) : release;
  const parts = partsOf(told, rows ?? null);
  const { tone, title, why, outcome } = words.releaseHeadline(told);
  const body = html`
    ${pageHeader(words.releaseParts(told), told.released_at)}
    <main>
    ${rows !== undefined && html`<p class="loud" role="note">Private copy: it shows rows by id. Do not publish it.</p>`}
    <section class="verdict ${tone}" aria-labelledby="release">
      <h1 id="release"><span class="word">${title}</span> <span class="why">${text(why, 600)}</span></h1>
      ${outcome.map((line) => html`<p class="outcome">${withCode(line, 600)}</p>`)}
      ${keyFigures(told)}
    </section>
    ${navigation(parts)}
    ${parts.map(section)}
    </main>
    <footer><p>${text(told.release, 200)}, ${timeElement(told.released_at)}.</p></footer>`;
  return page(
    `${title}: ${words.releaseSubject(told)}, ${words.packageName(told.package)}`,
    unbroken(body),
    RELEASE_STYLE,
  );
}

function partsOf(release: ReleaseReport, rows: PrivateSummary | null): Part[] {
  const { predictions, card } = release;
  const summary = predictions?.summary ?? null;
  const parts: Part[] = [
    {
      id: 'rows',
      title: whoTitle(summary),
      aside: whoAside(summary, rows),
      body: rows === null || summary === null ? '' : rowsBody(rows.rows, summary),
    },
    {
      id: 'changes',
      title: release.previous === null ? 'Predictions' : 'What changed',
      aside: changesAside(release),
      body: summary === null ? '' : changesBody(summary),
    },
    {
      id: 'groups',
      title: 'By group',
      aside: summary === null ? '' : groupsAside(summary),
      body: summary === null ? '' : groupsBody(summary),
    },
    {
      id: 'factors',
      title: 'Strongest factors',
      aside:
        "What moves scores most, from the contributions that the model gives with each prediction. Rows: where the factor is among the row's strongest.",
      body: summary === null ? '' : factorsBody(summary),
    },
    {
      id: 'data',
      title: 'Data',
      aside: '',
      body: predictions === null ? '' : dataBody(predictions, rows !== null),
    },
    { id: 'notes', title: 'Notes', aside: '', body: notesBody(release) },
    {
      id: 'card',
      title: 'Model card',
      aside: `What ${words.packageName(release.package)} is, and what it was judged by.`,
      body: cardBody(release, card),
    },
  ];
  return parts.filter(({ body }) => String(body) !== '');
}

/** The few numbers that most readers look for. */
function keyFigures(release: ReleaseReport): Html {
  const { predictions, card } = release;
  const figures: [label: string, value: string, detail: string][] = [];
  if (predictions !== null) {
    const { summary, rejected } = predictions;
    const { decisions, positive, score, flips, rows } = summary;
    const left = rejected.rows === 0 ? 'every row' : `${formatCountOf(rejected.rows, 'row')} left out`;
    figures.push(['Predictions', formatCount(rows), left]);
    const flagged = decisions.find(({ label }) => label === positive);
    const before = previousRows(summary);
    if (flagged !== undefined && positive !== null)
      figures.push([
        positive,
        formatPercent(rows === 0 ? 0 : flagged.rows / rows),
        flagged.previous_rows === null || before === 0
          ? formatCountOf(flagged.rows, 'row')
          : `${formatPercent(flagged.previous_rows / before)} before`,
      ]);
    if (score !== null && summary.problem !== 'multiclass') {
      const decimals = decimalsFor(score.mean, score.previous_mean);
      figures.push([
        summary.problem === 'binary' ? 'Mean score' : 'Mean',
        formatValue(score.mean, decimals),
        score.previous_mean === null ? '' : `${formatValue(score.previous_mean, decimals)} before`,
      ]);
    }
    if (flips !== null)
      figures.push([
        'Decisions changed',
        formatCount(words.changedDecisions(flips)),
        `of ${formatCountOf(flips.compared, 'row')} in both`,
      ]);
  }
  const [first] = words.cardMetrics(card);
  if (first !== undefined)
    figures.push([first.label, formatValue(first.value), formatInterval(first.interval) || 'on the holdout']);
  if (predictions === null && card.holdout.rows > 0)
    figures.push(['Holdout', formatCount(card.holdout.rows), 'rows']);
  return html`<dl class="figures">
    ${figures.map(
      ([label, value, detail]) => html`<div>
        <dt>${text(label, 40)}</dt>
        <dd><span class="value">${text(value, 40)}</span><span class="detail">${text(detail, 60)}</span></dd>
      </div>`,
    )}
  </dl>`;
}

const previousRows = ({ decisions }: Summary): number =>
  decisions.reduce((sum, { previous_rows }) => sum + (previous_rows ?? 0), 0);

// What changed since the last release

function changesAside({ previous, predictions }: ReleaseReport): string {
  if (previous === null) return 'The first release: there is none before it to compare with.';
  const flips = predictions?.summary.flips ?? null;
  const compared =
    flips === null ? '' : ` Decisions are compared on the ${formatCountOf(flips.compared, 'row')} in both.`;
  return `Since release ${previous.release} by ${words.packageName(previous.package)}.${compared}`;
}

function changesBody(summary: Summary): Html {
  const chart = scoreChart(summary);
  const compared = summary.score !== null && summary.score.previous_counts !== null;
  const tables = [decisionsTable(summary), flipsTable(summary)];
  return html`
    ${chart !== null && html`<p class="legend">${key('candidate', 'This release')}${compared && key('champion', 'The last release')}</p>`}
    <div class="charts">${chart !== null && figure(chart)}<div>${tables}</div></div>`;
}

function decisionsTable(summary: Summary): Html | '' {
  const { decisions, rows } = summary;
  if (decisions.length === 0) return '';
  const before = previousRows(summary);
  const compared = decisions.some(({ previous_rows }) => previous_rows !== null) && before > 0;
  const body = decisions.map(({ label, rows: count, previous_rows: earlier }) => {
    const share = rows === 0 ? 0 : count / rows;
    return html`<tr>
      <th scope="row">${text(label, 60)}</th>
      ${cell('plot', barMark(share, 1, false))}
      ${cell('number strong', stacked(formatCount(count), formatPercent(share)))}
      ${compared && cell('number', earlier === null ? '' : stacked(formatCount(earlier), formatPercent(earlier / before)))}
    </tr>`;
  });
  const head = [
    column('Decision'),
    column(hidden('Share'), 'plot'),
    numbers('Now', ...(compared ? ['Before'] : [])),
  ];
  return html`<h3>Decisions</h3>${foldedTable('Decisions', head, body, 'decisions', 8)}`;
}

function flipsTable({ flips }: Summary): Html | '' {
  if (flips === null) return '';
  if (flips.compared === 0) return html`<h3>Changed decisions</h3><p>No row was in the last release.</p>`;
  if (flips.changes.length === 0)
    return html`<h3>Changed decisions</h3><p>None: every decision is as it was.</p>`;
  const most = Math.max(...flips.changes.map(({ rows }) => rows));
  const body = flips.changes.map(
    ({ from, to, rows }) => html`<tr>
      <th scope="row">${text(from, 60)} <span aria-label="became" class="how">→</span> ${text(to, 60)}</th>
      ${cell('plot', barMark(rows, most, false))}
      ${cell('number strong', formatCount(rows))}
    </tr>`,
  );
  const head = [column('From, to'), column(hidden('Size'), 'plot'), numbers('Rows')];
  return html`<h3>Changed decisions</h3>${foldedTable('Changed decisions', head, body, 'decisions', 8)}`;
}

// By group

function groupsAside({ slices, positive }: Summary): string {
  const shares = slices.some(({ share }) => share !== null);
  const before = slices.some(({ previous_share }) => previous_share !== null);
  const what = shares ? `Share of ${positive ?? 'the positive class'}` : 'Mean prediction';
  return `${what} by group${before ? '; the tick is the last release' : ''}. It says what the model decides, not whether that is right or fair. Small groups say little: mind n.`;
}

function groupsBody({ slices, problem }: Summary): Html | '' {
  if (slices.length === 0) return '';
  const shares = slices.some(({ share }) => share !== null);
  const before = shares && slices.some(({ previous_share }) => previous_share !== null);
  const flipped = slices.some((slice) => slice.flipped !== null);
  const decimals = decimalsFor(...slices.map(({ mean_score }) => mean_score));
  const value = (slice: Summary['slices'][number]) => (shares ? slice.share : slice.mean_score);
  const shown = (of: number | null) =>
    of === null ? '–' : shares ? formatPercent(of) : formatValue(of, decimals);
  const all = slices
    .flatMap((slice) => [value(slice), before ? slice.previous_share : null])
    .filter((v) => v !== null);
  const scale =
    problem === 'regression'
      ? ([Math.min(...all), Math.max(...all)] as const)
      : ([0, 1.05 * Math.max(...all, 0.01)] as const);
  const body = slices.map((slice) => {
    const now = value(slice);
    const { previous_share: earlier } = slice;
    const moved = now === null || earlier === null ? '' : pointsText(now - earlier);
    return html`<tr>
      <th scope="row"><small>${text(slice.column, 60)}</small>${text(slice.value, 80)}</th>
      ${cell('number', formatCount(slice.rows))}
      ${cell('plot', now !== null && valueMark(now, null, before ? earlier : null, scale))}
      ${cell('number strong', shown(now))}
      ${before && cell('number', stacked(shown(earlier), moved))}
      ${flipped && cell('number', slice.flipped === null ? '–' : formatCount(slice.flipped))}
    </tr>`;
  });
  const head = [
    column('Group'),
    numbers('n'),
    column(hidden('Share'), 'plot'),
    numbers(shares ? 'Share' : 'Mean', ...(before ? ['Before'] : []), ...(flipped ? ['Changed'] : [])),
  ];
  return foldedTable('Groups', head, body, 'shares', OPEN_SLICES);
}

/** A difference of shares, in percentage points. */
const pointsText = (difference: number): string =>
  Math.abs(difference) < 0.0005 ? 'no change' : `${formatSigned(100 * difference, 1)} points`;

// Strongest factors

function factorsBody({ factors }: Summary): Html | '' {
  if (factors.length === 0) return '';
  const most = Math.max(...factors.map(({ mean_absolute }) => mean_absolute));
  const decimals = decimalsFor(most);
  const body = factors.map(
    ({ name, rows, mean_absolute, mean }) => html`<tr>
      <th scope="row">${text(name, 80)}</th>
      ${cell('plot', barMark(mean_absolute, most, false))}
      ${cell('number strong', formatValue(mean_absolute, decimals))}
      ${cell('number', formatSigned(mean, decimals))}
      ${cell('number', formatCount(rows))}
    </tr>`,
  );
  const head = [column('Factor'), column(hidden('Size'), 'plot'), numbers('Mean size', 'Mean', 'Rows')];
  return foldedTable('Factors', head, body, 'factors', OPEN_FACTORS);
}

// Rows by id: only in the private copy

function whoTitle(summary: Summary | null): string {
  return summary?.problem === 'regression' ? 'Highest values, and why' : 'Highest scores, and why';
}

function whoAside(summary: Summary | null, rows: PrivateSummary | null): string {
  if (summary === null || rows === null) return '';
  const shown = rows.rows.length;
  const what = summary.problem === 'regression' ? 'values' : 'scores';
  return `${shown < summary.rows ? `The ${formatCount(shown)} highest ${what} of ${formatCount(summary.rows)}` : `All ${formatCountOf(shown, 'row')}`}. Bars to the right raise the ${summary.problem === 'regression' ? 'value' : 'score'}, to the left they lower it.`;
}

/**
 * The rows in a table that a reader can sort without a script: each row carries its place in every order, and the chosen radio
 * button picks the one that counts.
 */
function rowsBody(rows: PrivateRow[], summary: Summary): Html {
  if (rows.length === 0) return html`<p>No row is among them.</p>`;
  const most = Math.max(
    0,
    ...rows.flatMap(({ contributions }) => contributions.map(({ value }) => Math.abs(value))),
  );
  const byId = places(rows, (a, b) => collator.compare(a.row_id, b.row_id));
  const byChange = places(rows, (a, b) => Number(isChanged(b)) - Number(isChanged(a)));
  const decided = rows.some(({ decision }) => decision !== null);
  const changed = rows.filter(isChanged).length;
  const decimals = decimalsFor(...rows.map(({ score }) => score));
  const highest =
    summary.problem === 'regression' ? Math.max(...rows.map(({ score }) => Math.abs(score ?? 0))) : 1;
  const orders: [id: string, label: string][] = [
    ['by-score', summary.problem === 'regression' ? 'Value' : 'Score'],
    ['by-id', 'Row id'],
    ...(changed > 0 ? [['by-change', `Changed first (${formatCount(changed)})`] as [string, string]] : []),
  ];
  const body = rows.map(
    (row, i) => html`<tr style="--by-score:${i};--by-id:${byId[i]};--by-change:${byChange[i]}">
      <th scope="row">${text(row.row_id, 60)}</th>
      ${cell('plot', row.score !== null && barMark(Math.abs(row.score), highest, isLow(row, summary)))}
      ${cell('number strong', formatValue(row.score, decimals))}
      ${decided && html`<td class="decision">${text(row.decision ?? '–', 40)}${isChanged(row) && html`<span class="tag">was ${text(row.previous_decision ?? '', 40)}</span>`}</td>`}
      <td class="why">${whyList(row, most)}</td>
    </tr>`,
  );
  const head = [
    column('Row'),
    column(hidden('Score'), 'plot'),
    numbers(summary.problem === 'regression' ? 'Value' : 'Score'),
    decided && column('Decision', 'decision'),
    column('Why', 'why'),
  ];
  return html`<fieldset class="order"><legend>Order by</legend>
      ${orders.map(
        ([id, label], i) =>
          html`<label><input type="radio" name="order" id="${id}"${i === 0 && html` checked`}> ${label}</label>`,
      )}
    </fieldset>
    <div class="tall">${table('Rows', head, body, decided ? 'rows decided' : 'rows')}</div>`;
}

const isChanged = ({ decision, previous_decision: before }: PrivateRow): boolean =>
  decision !== null && before !== null && before !== decision;

const isLow = ({ decision }: PrivateRow, { positive }: Summary): boolean =>
  positive !== null && decision !== null && decision !== positive;

const collator = new Intl.Collator('en', { numeric: true });

/** Each row's place in an order. */
function places(rows: PrivateRow[], compare: (a: PrivateRow, b: PrivateRow) => number): number[] {
  const order = rows.map((row, i) => ({ row, i })).sort((a, b) => compare(a.row, b.row) || a.i - b.i);
  const place = new Array<number>(rows.length);
  order.forEach(({ i }, at) => {
    place[i] = at;
  });
  return place;
}

function whyList({ contributions }: PrivateRow, most: number): Html | '' {
  if (contributions.length === 0) return '';
  const decimals = decimalsFor(most);
  return html`<dl class="reasons">${contributions.map(
    ({ name, value }) =>
      html`<div><dt>${breakable(text(name, 80))}</dt><dd>${signedBarMark(value, null, most)}<span>${formatSigned(value, decimals)}</span></dd></div>`,
  )}</dl>`;
}

/** A name of several words that may break between them: EnvironmentSatisfaction, years_at_company. */
const breakable = (name: string): Html =>
  html`${name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[_.=])(?=.)/).map((part, i) => html`${i > 0 && html`<wbr>`}${part}`)}`;

// Data and notes

function dataBody(predictions: Predictions, isPrivate: boolean): Html {
  const { source, data_version, path, rejected, unseen, warnings, rows } = predictions;
  const facts: Fact[] = [
    ['Source', code(source, 200)],
    ['Version', digest(data_version)],
    [
      'Rows',
      `${formatCount(rows)} predicted${rejected.rows === 0 ? ', none left out' : `, ${formatCount(rejected.rows)} left out`}`,
    ],
    ['Predictions', code(path, 300)],
  ];
  const sentences = words.inputSentences(predictions);
  const quoted = (title: string, examples: string[]) =>
    examples.length > 0 &&
    details(title, list(examples.slice(0, MOST_EXAMPLES).map((example) => html`${text(example, 300)}`)));
  return html`
    ${factList(facts)}
    ${sentences.length > 0 && html`<h3>To know</h3>${list(sentences.map((line) => html`${text(line, 300)}`))}`}
    ${quoted('Why rows were left out: the first of them', rejected.examples)}
    ${unseen.map(({ column: name, examples }) => quoted(`New in ${text(name, 60)}`, examples))}
    ${warnings.length > 0 && html`<h3>Warnings</h3>${list(warnings.map((warning) => withCode(warning, 600)))}`}
    ${!isPrivate && sentences.length > 0 && html`<p class="after">The private copy shows examples.</p>`}`;
}

function notesBody(release: ReleaseReport): Html | '' {
  const notes = words.releaseNotes(release);
  return notes.length === 0 ? '' : list(notes.map((note) => withCode(note, 600)));
}

// Model card

function cardBody(release: ReleaseReport, card: ReleaseReport['card']): Html {
  const { verdict, holdout } = card;
  const judged = [
    [
      'Verdict',
      html`<strong>${text(capital(verdict.outcome), 40)}.</strong> ${withCode(verdict.reason, 600)}`,
    ],
    ['Holdout', reading.countsOf(holdout.rows, holdout.positives, undefined)],
    ['Threshold', card.threshold === null ? '' : formatValue(card.threshold)],
  ] as Fact[];
  const groups: [title: string, facts: Fact[]][] = [
    ['What it predicts', predictsFacts(release)],
    ['Judged by', judged],
    [
      'Learned from',
      [
        ['Data', code(card.data.source, 200)],
        ['Version', digest(card.data.version)],
        ['Trained', timeElement(card.trained_at)],
        ['Settings', text(reading.settingsText(card.hyperparameters), 400)],
      ],
    ],
    [
      'Lineage',
      [
        ['Package', code(words.packageName(release.package), 160)],
        ['Image', digest(card.image)],
        ['Fingerprint', digest(card.fingerprint)],
        ['Commit', card.commit === null ? '' : digest(card.commit)],
        ['Release', code(release.release, 160)],
        [
          'Before it',
          release.previous === null ? '' : code(words.packageName(release.previous.package), 160),
        ],
      ],
    ],
  ];
  return html`
    ${purpose(card)}
    ${metricsTable(card)}
    <div class="groups">
      ${groups.map(([title, facts]) => html`<div><h3>${title}</h3>${factList(facts)}</div>`)}
    </div>
    ${columnsBody(card)}`;
}

function purpose({ intended_use: use, limits }: ReleaseReport['card']): Html {
  return html`<div class="groups purpose">
    <div><h3>Intended use</h3><p>${use === null ? html`<span class="how">Not stated. <code>model.intended_use</code> of mlops.yaml says it.</span>` : withCode(use, 600)}</p></div>
    <div><h3>Limits</h3>${limits.length === 0 ? html`<p class="how">None stated. <code>model.limits</code> of mlops.yaml lists them.</p>` : list(limits.map((limit) => withCode(limit, 400)))}</div>
  </div>`;
}

function predictsFacts({ problem, card }: ReleaseReport): Fact[] {
  const { target, positive, labels } = card;
  const what = {
    binary: `${target}: the probability of ${positive ?? 'the positive class'}`,
    multiclass: `${target}: one of ${labels.join(', ')}`,
    regression: `${target}: a number`,
  }[problem];
  return [
    ['Target', text(what, 300)],
    ['Classes', problem === 'binary' && labels.length > 0 ? text(labels.join(', '), 200) : ''],
  ];
}

function metricsTable(card: ReleaseReport['card']): Html | '' {
  const metrics = words.cardMetrics(card);
  if (metrics.length === 0) return '';
  const body = metrics.map(({ label, better, value, interval }) => {
    const [low, high] = interval ?? [value, value];
    const isShare = low >= 0 && high <= 1;
    const direction = {
      higher: '',
      lower: 'lower is better',
      'near 1': 'ideal is 1',
      'near 0': 'ideal is 0',
    }[better];
    return html`<tr>
      <th scope="row">${text(label, 60)}${direction !== '' && html`<small>${direction}</small>`}</th>
      ${cell('number strong', stacked(formatValue(value), formatInterval(interval)))}
      ${cell('plot', isShare && valueMark(value, interval, null, [0, 1]))}
    </tr>`;
  });
  const scale = html`<span class="scale"><span>0</span><span>1</span></span>`;
  return html`<h3>Metrics on the holdout</h3>${table('Metrics', [column('Metric'), numbers('Value'), column(scale, 'plot')], body, 'card-metrics')}`;
}

function columnsBody({ features, kept_from_model: kept }: ReleaseReport['card']): Html | '' {
  const names = (columns: string[]) =>
    html`<p class="names">${columns.map((name, i) => html`${i > 0 && ', '}<code>${text(name, 80)}</code>`)}</p>`;
  return html`
    ${features.length > 0 && html`<h3>${formatCountOf(features.length, 'feature')}</h3>${names(features)}`}
    ${kept.length > 0 && html`<h3>Kept from the model</h3>${names(kept)}`}`;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

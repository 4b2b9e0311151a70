import { decimalsFor, formatCount, formatSeconds, formatSigned, formatTime, formatValue } from '../format.ts';
import type { Check, Verdict } from '../gate/verdict.ts';
import { metricText } from '../metrics.ts';
import { cleanLogLine, cleanText } from './clean-text.ts';
import { bold, code, details, fence, httpUrl, prose, shortArns, table } from './github-markdown.ts';
import { mermaidPlots } from './mermaid.ts';
import * as reading from './reading.ts';
import type { ModelFacts, Report } from './report.ts';

/** GitHub's limit on a comment's body, in characters. */
const COMMENT_LIMIT = 65_536;
/** GitHub's limit on a step's summary, in bytes, less room for the step's own lines. */
const SUMMARY_LIMIT = 1_048_576 - 8192;

/** A section in ever shorter versions; the last one is short enough to always fit. */
type Section = { priority: number; variants: string[] };

/**
 * A pull request's comment: at most 65,536 characters of GitHub Markdown. Its first line is `mark`, by which
 * post-report finds the comment again. Text from users cannot mention anybody, link, break a table or run.
 */
export function renderComment(report: Report, mark = marker(reading.subjectOf(report))): string {
  return assemble(sectionsOf(report, false, mark), COMMENT_LIMIT, (text) => text.length);
}

/** A step's summary, at most 1 MiB: like the comment, but with every row and the details open. */
export function renderSummary(report: Report): string {
  return assemble(sectionsOf(report, true, marker(reading.subjectOf(report))), SUMMARY_LIMIT, (text) =>
    Buffer.byteLength(text),
  );
}

/** A hidden line that identifies a comment by names such as project and workflow. No name can end the line early. */
export function marker(...names: string[]): string {
  return `<!-- mlops-report:${names.map((name) => encodeURIComponent(cleanText(name, 100))).join(':')} -->`;
}

/** Starts with each section's shortest version, then lengthens sections, the most important first. */
function assemble(sections: Section[], limit: number, size: (text: string) => number): string {
  const chosen = sections.map((section) => section.variants.at(-1) ?? '');
  const document = () => `${chosen.filter((text) => text !== '').join('\n\n')}\n`;
  let left = limit - size(document());
  const byPriority = sections
    .map((section, index) => ({ ...section, index }))
    .sort((a, b) => a.priority - b.priority);
  for (const { variants, index } of byPriority) {
    const current = size(chosen[index] ?? '');
    for (const variant of variants) {
      // Two more for the blank line that an empty section did not need.
      const cost = size(variant) - current + 2;
      if (cost > left) continue;
      chosen[index] = variant;
      left -= Math.max(0, cost);
      break;
    }
  }
  return document();
}

function sectionsOf(report: Report, whole: boolean, mark: string): Section[] {
  const { verdict } = report;
  return [
    { priority: 0, variants: [header(report, mark)] },
    ...(verdict === null
      ? []
      : [
          {
            priority: 1,
            variants: verdict.sealed
              ? ['']
              : shorter(reading.metricRows(verdict).length, (n) => metrics(report, verdict, n)),
          },
          { priority: 2, variants: shorter(verdict.checks.length, (n) => checks(verdict, n, whole)) },
        ]),
    { priority: 1, variants: shorter(report.failure?.log.length ?? 0, (n) => failure(report, n)) },
    { priority: 3, variants: shorter(report.changes?.length ?? 0, (n) => changes(report, n)) },
    { priority: 3, variants: shorter(reading.notesOf(report).length, (n) => notes(report, n)) },
    { priority: 5, variants: [plots(report), ''] },
    ...(verdict === null
      ? []
      : [
          {
            priority: 4,
            variants: shorter(verdict.slices.length, (n) =>
              slices(verdict, reading.rivalName(report), n, whole),
            ),
          },
        ]),
    { priority: 6, variants: shorter(report.tuning?.trials.length ?? 0, (n) => tuning(report, n, whole)) },
    {
      priority: 8,
      variants: shorter(report.explanation?.features.length ?? 0, (n) => explanation(report, n, whole)),
    },
    { priority: 6, variants: shorter(report.steps.length, (n) => timing(report, n, whole)) },
    { priority: 7, variants: [facts(report, whole), ''] },
    { priority: 3, variants: [links(report), ''] },
  ];
}

/** A section's versions: with all rows, then fewer, at last the 10 most important. */
function shorter(rows: number, render: (rows: number) => string): string[] {
  return [rows, 1000, 400, 150, 60, 25, 10].filter((n, i) => i === 0 || n < rows).map(render);
}

const ICONS = { promote: '🟢', hold: '🟡', reject: '🔴', failed: '❌', cancelled: '⚪' };
const OUTCOMES = {
  pass: '✅ passes',
  fail: '🔴 **fails**',
  inconclusive: '🟡 **inconclusive**',
  not_judged: '⚪ not judged',
};

function header(report: Report, mark: string): string {
  const { tone, title, why, outcome, warning } = reading.headlineOf(report);
  const [project = '', ...rest] = reading.runParts(report);
  const loud = warning === null ? [] : [`> [!WARNING]\n> **${prose(warning)}**`];
  return [
    `${mark}\n## ${ICONS[tone]} ${prose(title, 120)}: ${prose(project, 120)}`,
    ...loud,
    [bold(prose(why, 600)), ...outcome.map((text) => prose(text, 400))]
      .filter((text) => text !== '')
      .join('  \n'),
    `<sub>${[...rest, reading.timingOf(report).total].map((part) => prose(part, 120)).join(' · ')}</sub>`,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function metrics(report: Report, verdict: Verdict, most: number): string {
  const rival = reading.rivalName(report);
  const groups = report.data?.groups;
  const rows = reading.metricRows(verdict);
  const champion = reading.hasChampion(verdict);
  const head = champion ? ['Metric', 'Candidate', rival, 'Difference'] : ['Metric', 'Candidate'];
  const body = rows.slice(0, most).map((row) => {
    const arrow = { higher: '', lower: ' ↓', 'near 1': ' → 1', 'near 0': ' → 0' }[row.better];
    const name = row.primary ? `**${prose(row.label)}**${arrow} · primary` : `${prose(row.label)}${arrow}`;
    const note = row.note === '' ? '' : `<br><sub>${prose(row.note)}</sub>`;
    const candidate = cell(row.primary ? `**${row.candidate}**` : row.candidate, row.interval);
    if (!champion) return [name + note, candidate];
    const difference = row.effect === null ? row.difference : `**${row.difference}** ${row.effect}`;
    return [
      name + note,
      candidate,
      cell(row.champion, row.championInterval),
      cell(difference, row.differenceInterval),
    ];
  });
  const legend = [
    reading.intervalsText(verdict),
    rows.some((row) => row.better === 'lower') ? '↓ lower is better' : '',
    rows.some((row) => row.effect !== null) ? 'bold: the interval of the difference leaves out 0' : '',
  ].filter((text) => text !== '');
  return [
    table(head, body, ['', ...head.slice(1).map(() => '-:')]),
    more(rows.length - body.length, 'metric'),
    `<sub>${[
      legend.map((text) => prose(text)).join('; '),
      ...reading.evidence(verdict, groups).map((text) => prose(text)),
    ]
      .filter((text) => text !== '')
      .join('. ')
      .replaceAll('..', '.')}</sub>`,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function checks(verdict: Verdict, most: number, whole: boolean): string {
  const all = reading.orderedChecks(verdict);
  if (all.length === 0) return '';
  const shown = all.slice(0, most);
  const open = shown.filter(reading.isOpen);
  const passed = shown.filter(({ outcome }) => outcome === 'pass');
  const notJudged = shown.filter(({ outcome }) => outcome === 'not_judged');
  return [
    `### Checks: ${reading.checkCounts(verdict)}`,
    open.length === 0 ? '' : checkTable(open),
    passed.length === 0 ? '' : details('Checks that pass', checkTable(passed), whole),
    notJudged.length === 0 ? '' : details('Checks that were not judged', checkTable(notJudged), whole),
    more(all.length - shown.length, 'check'),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function checkTable(rows: Check[]): string {
  return table(
    ['Check', 'Outcome', 'Why'],
    rows.map((check) => [prose(check.name, 120), OUTCOMES[check.outcome], prose(check.detail, 300)]),
  );
}

function failure(report: Report, lines: number): string {
  const { failure } = report;
  if (failure === null) return '';
  const log = failure.log.slice(-Math.max(lines, 1)).map((line) => shortArns(cleanLogLine(line)));
  return [
    failure.hint === '' ? '' : `**What to try:** ${prose(failure.hint, 600)}`,
    log.length === 0 ? '' : `Last lines of the log of ${prose(failure.step, 80)}:\n\n${fence(log)}`,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Changes and moved metrics in one row, so that no change looks like the cause of the metric beside it. */
function changes(report: Report, most: number): string {
  if (report.changes === null) return '';
  const rows = reading.changeRows(report);
  const changed = rows
    .slice(0, most)
    .map((row) => `${row.kind === '' ? '' : `${row.kind} `}${code(row.path, 120)} ${prose(row.how, 160)}`)
    .concat(rows.length > most ? [`and ${formatCount(rows.length - most)} more`] : []);
  const moved = reading
    .movedLines(report.verdict)
    .map(({ text, effect }) =>
      effect === null
        ? prose(text)
        : `${prose(text)} ${effect === 'not clear' ? 'not clear' : `**${effect}**`}`,
    );
  const left =
    changed.length === 0 ? 'Nothing: the same code, data, settings and image.' : changed.join('<br>');
  return [
    '### What changed, and what moved',
    table(
      [`Changed since the ${reading.rivalName(report).toLowerCase()}`, 'Moved'],
      [[left, moved.join('<br>')]],
    ),
  ].join('\n\n');
}

function plots(report: Report): string {
  const blocks = mermaidPlots(report).map(
    ({ title, caption, source }) =>
      `**${title}**: ${prose(caption, 400)}\n\n\`\`\`mermaid\n${source}\n\`\`\``,
  );
  return blocks.length === 0 ? '' : ['### Plots', ...blocks].join('\n\n');
}

function slices(verdict: Verdict, rival: string, most: number, whole: boolean): string {
  const rows = reading.sliceRows(verdict);
  if (rows.length === 0) return '';
  const champion = rows.some((row) => row.result.champion !== null);
  const positives = rows.some((row) => row.result.positives !== null);
  const metric = [...new Set(rows.map((row) => metricText(row.result.metric).label))].join(', ');
  const failed = rows.filter((row) => row.outcome === 'fail').length;
  const body = rows
    .slice(0, most)
    .map((row) => [
      `${code(row.column, 60)} ${code(row.value, 60)}${row.note === '' ? '' : `<br><sub>${prose(row.note, 160)}</sub>`}`,
      formatCount(row.result.n),
      ...(positives ? [row.result.positives === null ? '' : formatCount(row.result.positives)] : []),
      cell(row.candidate, row.interval),
      ...(champion ? [row.champion, cell(row.difference, row.differenceInterval)] : []),
      OUTCOMES[row.outcome],
    ]);
  const numbers = [
    'n',
    ...(positives ? ['Positive'] : []),
    'Candidate',
    ...(champion ? [rival, 'Difference'] : []),
  ];
  const head = ['Slice', ...numbers, 'Check'];
  const align = ['', ...numbers.map(() => '-:'), ''];
  const summary = `Slices by ${prose(metric)}: ${formatCount(rows.length)}${failed > 0 ? `, ${failed} failed` : ''}`;
  return details(
    summary,
    [table(head, body, align), more(rows.length - body.length, 'slice'), gaps(verdict, most)]
      .join('\n\n')
      .trim(),
    whole || failed > 0,
  );
}

function gaps(verdict: Verdict, most: number): string {
  const rows = reading.gapRows(verdict);
  if (rows.length === 0) return '';
  const body = rows
    .slice(0, most)
    .map(({ column, groups, gap, interval }) => [
      `${code(column, 60)} ${prose(groups, 160)}`,
      cell(gap, interval),
    ]);
  return [
    'Gaps of the candidate between groups: each less the largest of its column.',
    table(['Groups', 'Gap'], body, ['', '-:']),
    more(rows.length - body.length, 'gap'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function tuning(report: Report, most: number, whole: boolean): string {
  const { tuning } = report;
  if (tuning === null) return '';
  const best = tuning.trials.find((trial) => trial.name === tuning.best);
  const decimals = decimalsFor(...tuning.trials.map((trial) => trial.value));
  const sign = tuning.objective.goal === 'maximize' ? -1 : 1;
  const rows = [...tuning.trials].sort((a, b) =>
    a.value === null ? 1 : b.value === null ? -1 : sign * (a.value - b.value),
  );
  const body = rows
    .slice(0, most)
    .map((trial) => [
      `${trial.name === tuning.best ? '**best** ' : ''}${trial.guided ? 'guided ' : ''}${code(trial.name, 60)}`,
      formatValue(trial.value, decimals),
      prose(reading.settingsText(trial.hyperparameters), 200),
      formatSeconds(trial.seconds),
      trial.status,
    ]);
  const result =
    best === undefined
      ? 'no trial ended with a value'
      : `best ${formatValue(best.value, decimals)} with ${prose(reading.settingsText(best.hyperparameters), 200)}`;
  return details(
    `Tuning: ${result} (${prose(reading.tuningTitle(tuning), 200)})`,
    [
      ...reading.guidanceLines(tuning).map((line) => prose(line, 800)),
      table(['Trial', 'Objective', 'Hyperparameters', 'Time', 'Status'], body, ['', '-:', '', '-:', '']),
      more(rows.length - body.length, 'trial'),
    ]
      .join('\n\n')
      .trim(),
    whole,
  );
}

function explanation(report: Report, most: number, whole: boolean): string {
  const { explanation } = report;
  if (explanation === null || explanation.features.length === 0) return '';
  const groups = reading.featureGroups(explanation);
  const champion = explanation.features.some((feature) => typeof feature.champion === 'number');
  const each = Math.max(1, Math.floor((whole ? most : Math.min(most, 15)) / groups.length));
  const shown = groups.slice(0, most).map((group) => ({ ...group, features: group.features.slice(0, each) }));
  const rest = explanation.features.length - shown.reduce((sum, { features }) => sum + features.length, 0);
  const tables = shown.map((group) =>
    [
      bold(prose(group.class ?? '', 60)),
      table(
        ['Feature', 'Candidate', ...(champion ? [reading.rivalName(report)] : [])],
        group.features.map((feature) => [
          code(feature.name, 80),
          formatSigned(feature.value),
          ...(champion ? [formatSigned(feature.champion)] : []),
        ]),
        ['', '-:', ...(champion ? ['-:'] : [])],
      ),
    ]
      .filter((text) => text !== '')
      .join('\n\n'),
  );
  return details(
    `${prose(capital(explanation.kind), 60)}: what the model weighs (${prose(explanation.unit, 120)})`,
    [...tables, more(rest, 'feature')].join('\n\n').trim(),
    whole,
  );
}

function timing(report: Report, most: number, whole: boolean): string {
  const { total, reuse, cost } = reading.timingOf(report);
  const line = [`Time ${total}`, reuse.replace(/\.$/, ''), cost === '' ? '' : `cost ${prose(cost)}`]
    .filter((text) => text !== '')
    .join('; ');
  const steps = report.steps
    .slice(0, most)
    .map((step) => [
      prose(step.name, 80),
      step.reused ? `reused, saved ${formatSeconds(step.saved_seconds)}` : formatSeconds(step.seconds),
    ]);
  const body = [
    steps.length === 0 ? '' : table(['Step', 'Time'], steps, ['', '-:']),
    more(report.steps.length - steps.length, 'step'),
    report.cost.note === '' ? '' : prose(report.cost.note),
  ].filter((text) => text !== '');
  return body.length === 0 ? line : details(line, body.join('\n\n'), whole);
}

function facts(report: Report, whole: boolean): string {
  const { data, candidate, champion, run } = report;
  const rows: string[][] = [];
  const model = (name: string, facts: ModelFacts | null) => {
    if (facts === null) return;
    if (facts.package !== null) rows.push([name, code(facts.package, 120)]);
    rows.push([`${name} image`, code(facts.image, 200)]);
    const settings = reading.settingsText(facts.hyperparameters);
    if (settings !== '') rows.push([`${name} hyperparameters`, prose(settings, 300)]);
    if (facts.threshold !== null) rows.push([`${name} threshold`, formatValue(facts.threshold)]);
  };
  model('Candidate', candidate);
  model(reading.rivalName(report), champion);
  if (data !== null) {
    rows.push(['Data', `${code(data.source, 200)} at ${code(data.version, 80)}`]);
    const { train, holdout, split } = data;
    const divided = reading.splitText(data);
    rows.push(['Train', reading.countsOf(train.rows, train.positives, split?.groups?.train)]);
    rows.push(['Holdout', reading.countsOf(holdout.rows, holdout.positives, split?.groups?.holdout)]);
    if (divided !== null) rows.push(['Split', prose(divided, 300)]);
  }
  rows.push(['Execution', code(run.execution, 200)]);
  rows.push(['Fingerprint', code(run.fingerprint, 80)]);
  rows.push(['Started', prose(formatTime(run.started_at), 60)]);
  if (run.reason !== null) rows.push(['Reason', prose(run.reason)]);
  return details('Data, models and run', table(['', ''], rows), whole);
}

function notes(report: Report, most: number): string {
  const all = reading.notesOf(report);
  if (all.length === 0) return '';
  return [
    '### Notes',
    all
      .slice(0, most)
      .map((note) => `- ${prose(note)}`)
      .join('\n'),
    more(all.length - most, 'note'),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function links(report: Report): string {
  return report.links
    .slice(0, 20)
    .map(({ label, url }) => {
      const target = httpUrl(url);
      return target === null ? prose(label, 80) : `[${prose(label, 80)}](<${target}>)`;
    })
    .join(' · ');
}

function cell(value: string, interval: string): string {
  return interval === '' ? value : `${value} <sub>${interval.replace(' ', '&nbsp;')}</sub>`;
}

function more(rows: number, one: string): string {
  return rows > 0
    ? `<sub>and ${formatCount(rows)} more ${rows === 1 ? one : `${one}s`}, in the full report</sub>`
    : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

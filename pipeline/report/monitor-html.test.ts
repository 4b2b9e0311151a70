import { expect, test } from '@jest/globals';
import { formatInterval, formatValue } from '../format.ts';
import { expectHarmless, nasty, olderCommand } from './harmless.fixture.ts';
import {
  emptyMonitor,
  healthyMonitor,
  hostileMonitor,
  multiclassMonitor,
  regressionMonitor,
  sampleFinding,
  sampleHistory,
  sampleInputs,
  sampleMonitor,
  unlabelledMonitor,
} from './monitor.fixture.ts';
import { timeCharts } from './monitor-charts.ts';
import { monitorHtml } from './monitor-html.ts';
import { renderMonitorMarkdown } from './monitor-markdown.ts';
import type { MonitorReport } from './monitor-report.ts';
import { publishableMonitor } from './publishable-monitor.ts';
import { HOSTILE_TEXTS } from './report.fixture.ts';

const looks: [string, () => MonitorReport][] = [
  ['decayed', sampleMonitor],
  ['healthy', healthyMonitor],
  ['labels never', unlabelledMonitor],
  ['empty', emptyMonitor],
  ['multiclass', multiclassMonitor],
  ['regression', regressionMonitor],
];

const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replace(/\s+/g, ' ');

test.each(looks)(
  '%s: the page needs and allows nothing from outside, and is the same each time',
  (_, make) => {
    const page = monitorHtml(make());
    expect(page.slice(0, 500)).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`);
    expect(page.match(/<script|<link|<img|<iframe|\ssrc=|url\((?!#)|@import/i)).toBeNull();
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(monitorHtml(make())).toBe(page);
  },
);

test.each(looks)('%s: the page can be found through by a screen reader', (_, make) => {
  const page = monitorHtml(make());
  expect((page.match(/<h1/g) ?? []).length).toBe(1);
  for (const landmark of ['<header', '<main', '<nav aria-label', '<footer']) expect(page).toContain(landmark);
  for (const [tag] of page.matchAll(/<th\b[^>]*>/g)) expect(tag).toMatch(/scope="(col|row)"/);
  for (const [svg] of page.matchAll(/<svg\b[^>]*>/g))
    expect(svg).toMatch(/role="img" aria-labelledby|aria-hidden/);
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, named] of page.matchAll(/aria-labelledby="([^"]+)"/g))
    for (const id of named?.split(' ') ?? []) expect(ids).toContain(id);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test.each(looks.filter(([name]) => name !== 'empty'))(
  '%s: page and section show the numbers of every window',
  (_, make) => {
    const report = make();
    const page = textOf(monitorHtml(report));
    const section = renderMonitorMarkdown(report);
    for (const { estimate, measured } of report.windows)
      for (const found of [estimate, measured])
        if (found !== null)
          expect(page).toContain(`${formatValue(found.value)} ${formatInterval(found.interval)}`);
    const last = report.windows.findLast(({ measured }) => measured !== null)?.measured;
    if (last) expect(section).toContain(`**${formatValue(last.value)}**`);
    expect(page).toContain(report.finding.reason);
    expect(section).toContain(report.finding.reason.split('[')[0] ?? '');
  },
);

test('the page says what was found, what to do, and what the look could not have seen', () => {
  const page = textOf(monitorHtml(sampleMonitor()));
  const { finding } = sampleMonitor();
  expect(page).toMatch(/Decayed ROC AUC is below \.800 by the labels/);
  for (const line of [
    ...finding.next,
    ...finding.blind,
    ...finding.card.smallest,
    ...finding.card.cannot_see,
  ])
    expect(page.replaceAll(/\s/g, '')).toContain(line.replaceAll('`', '').replaceAll(/\s/g, ''));
  expect(page).toContain('5 % of healthy years have a false alarm');
  expect(page).toContain('once in 20,000 labels on average');
  expect(page).toContain('3 rows have labels that differ, so none of them counts.');
});

test('the record of the estimates counts mature windows whose interval held the measured value', () => {
  const { windows } = sampleMonitor();
  const both = windows.filter(
    ({ estimate, measured, labels }) => estimate && measured && labels.state === 'mature',
  );
  const [found] = sampleMonitor().record.filter(({ metric }) => metric === 'roc_auc');
  expect(found?.of).toBe(both.length);
  expect(textOf(monitorHtml(sampleMonitor()))).toContain(`${found?.held} of ${found?.of}`);
  // The loss of week 20 shows: every interval since then missed.
  expect(found?.held).toBeLessThanOrEqual(19);
  expect(unlabelledMonitor().record).toEqual([]);
});

test('columns come in the order of their drift, alarms first', () => {
  const names = sampleMonitor().drift?.columns.map(({ name }) => name) ?? [];
  expect(names.slice(0, 3).toSorted()).toEqual(['BusinessTravel', 'MonthlyIncome', 'YearsAtCompany']);
  const page = textOf(monitorHtml(sampleMonitor()));
  expect(page.indexOf('MonthlyIncome Alarm')).toBeGreaterThan(0);
});

test('windows shorter than an hour have ticks that differ', () => {
  const report = sampleMonitor();
  const start = Date.UTC(2026, 3, 27, 22, 40);
  const at = (index: number) => new Date(start + index * 300_000).toISOString();
  const windows = report.windows.map((window, i) => ({ ...window, start: at(i), end: at(i + 1) }));
  const svg = timeCharts({ ...report, windows, events: [] })?.wide.svg ?? '';
  const ticks = [...svg.matchAll(/>(\d\d:\d\d)</g)].map(([, tick]) => tick);
  expect(ticks.length).toBeGreaterThan(2);
  expect(new Set(ticks).size).toBe(ticks.length);
});

test('the shares of a drawing are those of the counts', () => {
  const report = sampleMonitor();
  for (const { reference, window } of report.drift?.scores ?? [])
    for (const shares of [reference, window]) expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  const summary = sampleHistory().windows.at(-1)?.summary;
  const [income] = summary?.columns ?? [];
  const drawn = report.drift?.columns.find(({ name }) => name === 'MonthlyIncome');
  expect(drawn?.bins.map(({ window }) => window)).toEqual(income?.counts);
});

test('without labels the page says so, and shows no measured value', () => {
  const page = textOf(monitorHtml(unlabelledMonitor()));
  expect(page).toContain(
    'No labels are read: monitoring.truth names none. A relation that changes would not show.',
  );
  expect(page).not.toContain('measured with labels');
  expect(page).not.toContain('Record of the estimates');
});

test('an empty history is a page that says what is not known', () => {
  const page = textOf(monitorHtml(emptyMonitor()));
  expect(page).toContain('Cannot tell attrition/3 has made no predictions yet.');
  expect(page).toContain('No window yet: nothing was predicted.');
  expect(page).toContain('Nothing could be judged.');
  expect(renderMonitorMarkdown(emptyMonitor())).toContain('### ❔ Cannot tell: attrition');
});

test('windows beyond the last 120 are counted, not shown', () => {
  const history = sampleHistory();
  const [first] = history.windows;
  if (first === undefined) throw new Error('the fixture has windows');
  const windows = Array.from({ length: 150 }, (_, i) => {
    const start = Date.UTC(2026, 0, 1) + i * 3_600_000;
    const [from, to] = [start, start + 3_600_000].map((time) => new Date(time).toISOString()) as [
      string,
      string,
    ];
    return { ...first, summary: { ...first.summary, start: from, end: to } };
  });
  const inputs = sampleInputs();
  const report = sampleMonitor({
    settings: { ...inputs.settings, window: 3600 },
    history: { ...history, windows: windows.toReversed() },
  });
  expect(report.windows).toHaveLength(120);
  expect(report.windows.at(-1)?.start).toBe('2026-01-07T05:00:00.000Z');
  expect(textOf(monitorHtml(report))).toContain('30 earlier windows are not shown.');
});

test('events are those of the windows that are shown, in order of time', () => {
  const { events } = sampleMonitor();
  expect(events.map(({ kind }) => kind)).toEqual([
    'promotion',
    'release',
    'release',
    'release',
    'drift alarm',
    'release',
    'decay alarm',
  ]);
  const before = { at: '2020-01-01T00:00:00Z', package: 'attrition/1', reason: null };
  expect(sampleMonitor({ releases: [before] }).events.map(({ kind }) => kind)).not.toContain('release');
});

test('nobody sees sensitive columns, new categories or groups of few rows, in no rendering', () => {
  const inputs = sampleInputs();
  const report = sampleMonitor({
    config: {
      ...inputs.config,
      privacy: { sensitive: ['MaritalStatus', 'MonthlyIncome'], min_group: 30, row_id: 'Id' },
    },
    finding: sampleFinding({
      reason: '2 things changed: column MonthlyIncome, categories of BusinessTravel.',
      next: ['Find out what changed in MonthlyIncome.', 'Wait for labels.'],
      evidence: [
        ...sampleFinding().evidence,
        {
          kind: 'categories',
          name: 'JobRole',
          outcome: 'alarm',
          detail:
            '40 of 643 rows (6.2 %) have a category that training never saw in JobRole, of the reference’s 0 %: a drift.',
          value: 40 / 643,
          interval: null,
          limit: null,
          level: null,
          n: 643,
          window: null,
        },
      ],
    }),
    notes: ['MaritalStatus was read as text.', 'All is well.'],
  });
  const told = publishableMonitor(report);
  for (const rendering of [
    monitorHtml(report),
    renderMonitorMarkdown(report),
    JSON.stringify({ ...told, privacy: null }),
  ]) {
    expect(rendering).not.toMatch(/MaritalStatus|Divorced|MonthlyIncome|13,900 and/);
    expect(rendering).toContain('All is well.');
    expect(rendering).toContain('Wait for labels.');
  }
  // 13 rows have a new category, and 18 no value.
  const byName = new Map(told.drift?.columns.map((column) => [column.name, column]));
  expect(byName.get('BusinessTravel')?.unseen).toBe('few');
  expect(byName.get('YearsAtCompany')?.missing.window).toBe('few');
  expect(JSON.stringify(told)).toContain('Fewer than 30 of 643 rows have no value in YearsAtCompany.');
  for (const { bins } of byName.values())
    for (const bin of bins)
      for (const count of [bin.reference, bin.window]) expect(count === 0 || count >= 30).toBe(true);
  expect(publishableMonitor(told)).toEqual(told);
});

test('folding small groups loses no row', () => {
  const report = sampleMonitor();
  const total = (of: MonitorReport) =>
    of.drift?.columns.map(({ bins }) => bins.reduce((sum, bin) => sum + bin.window, 0));
  const told = publishableMonitor({ ...report, privacy: { ...report.privacy, min_group: 60 } });
  expect(total(told)).toEqual(total(report));
  const income = told.drift?.columns.find(({ name }) => name === 'MonthlyIncome');
  expect(income?.bins.at(-1)?.label).toBe('4,900 and more');
  // A window of few rows is a small group as a whole.
  const few = publishableMonitor({ ...report, privacy: { ...report.privacy, min_group: 1000 } });
  expect(few.drift).toMatchObject({ scores: [], columns: [] });
  expect(textOf(monitorHtml(few))).toContain('The window has too few rows');
});

test.each(HOSTILE_TEXTS.filter((text) => text !== '').map((text) => [text]))(
  'no text can become markup: %j',
  (hostile) => {
    const skeleton = (text: string) =>
      monitorHtml(hostileMonitor(text))
        .replace(/<style>.*?<\/style>/s, '')
        .match(/<[a-z/!][^\s>]*|\s[a-z-]+="/gi)
        ?.filter((tag) => !/^<\/?code$/.test(tag))
        .join('');
    expect(skeleton(hostile) === skeleton('harmless')).toBe(true);
    const section = renderMonitorMarkdown(hostileMonitor(hostile));
    expect(section.match(/@(?!\u200b)|<img|<script|\]\(/)).toBeNull();
  },
);

test('no text keeps what hides or reorders the page', () => {
  const report = hostileMonitor(nasty);
  // A workflow command means nothing in a page; what prints one guards against it (cleanOutput).
  expectHarmless(monitorHtml(report).replaceAll(olderCommand, ''));
  expectHarmless(renderMonitorMarkdown(report), { markdown: true });
});

test('a section of the largest look is within the size of an issue', () => {
  const long = 'x'.repeat(3000);
  expect(renderMonitorMarkdown(hostileMonitor(long)).length).toBeLessThan(65_536);
});

test('links that are no addresses are named alone', () => {
  const section = renderMonitorMarkdown(sampleMonitor(), [
    { label: 'Page', url: 'https://example.com/page' },
    { label: 'Bad', url: 'javascript:alert(1)' },
  ]);
  expect(section).toContain('[Page](<https://example.com/page>) · Bad');
});

import { formatValue } from '../format.ts';
import type { Evidence, Finding } from '../monitor/finding.ts';
import type { Alarm, Estimate, History, WindowRecord } from '../monitor/history.ts';
import type { ColumnReference, Reference } from '../monitor/reference.ts';
import type { WindowColumn } from '../monitor/window.ts';
import type { MonitorReport } from './monitor-report.ts';
import { type MonitorInputs, monitorReport } from './monitor-report-of.ts';
import { randomFrom, scoresOf } from './report.fixture.ts';

/*
 * Half a year of weeks: healthy, then from week 20 on a changed relation (the model is suddenly worse) and one drifted column.
 * Labels come four weeks late; week 12 has few rows.
 */

const WEEKS = 30;
const CHANGED = 20;
const FEW_ROWS = 12;
const WEEK = 7 * 86_400_000;
const FIRST = Date.UTC(2026, 3, 27);
const PACKAGE = 'attrition/3';
const HOLDOUT = 1200;
const LABELS = ['No', 'Yes'];

const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
const startOf = (week: number): string => iso(FIRST + week * WEEK);
const endOf = (week: number): string => startOf(week + 1);

/** Scores in bins of about equal count, with what was true of them. */
function scoreReference(
  name: string,
  seed: number,
  scale = (score: number) => score,
): Reference['scores'][number] {
  const { labels, scores } = scoresOf(HOLDOUT, 198, seed);
  const rows = [...scores].map((score, i) => ({ score: scale(score), label: labels[i] ?? 0 }));
  rows.sort((a, b) => a.score - b.score);
  const edges = Array.from({ length: 99 }, (_, i) => rows[(i + 1) * 12]?.score ?? 0);
  const bins = Array.from({ length: 100 }, (_, i) => {
    const own = rows.slice(i * 12, (i + 1) * 12);
    return {
      n: own.length,
      sum: own.reduce((sum, { score }) => sum + score, 0),
      positives: own.reduce((sum, { label }) => sum + label, 0),
    };
  });
  return { name, edges, bins };
}

const even = (name: string, edges: number[], missing = 0): ColumnReference => ({
  name,
  type: 'number',
  edges,
  counts: split(edges.map(() => 1).concat(1), 4800 - missing),
  missing,
  range: [(edges[0] ?? 0) / 2, 2 * (edges.at(-1) ?? 1)],
});

const category = (name: string, shares: Record<string, number>): ColumnReference => ({
  name,
  type: 'category',
  categories: Object.keys(shares),
  counts: split(Object.values(shares), 4800),
  others: 0,
  missing: 0,
  known: Object.keys(shares),
});

/** Rows in the given proportions. */
function split(weights: number[], rows: number): number[] {
  const all = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((weight) => Math.floor((rows * weight) / all));
  counts[0] = (counts[0] ?? 0) + rows - counts.reduce((a, b) => a + b, 0);
  return counts;
}

const COLUMNS: ColumnReference[] = [
  even('MonthlyIncome', [2300, 2700, 3400, 4200, 4900, 5700, 6800, 9900, 13900]),
  even('DistanceFromHome', [1, 2, 3, 5, 7, 9, 12, 17, 23]),
  even('YearsAtCompany', [1, 2, 3, 5, 6, 8, 10, 15], 48),
  even('EnvironmentSatisfaction', [2, 3, 4]),
  category('OverTime', { No: 0.72, Yes: 0.28 }),
  category('BusinessTravel', { Travel_Rarely: 0.71, Travel_Frequently: 0.19, 'Non-Travel': 0.1 }),
  category('JobRole', {
    'Sales Executive': 0.22,
    'Research Scientist': 0.2,
    'Laboratory Technician': 0.18,
    'Manufacturing Director': 0.1,
    'Healthcare Representative': 0.09,
    Manager: 0.07,
    'Sales Representative': 0.06,
    'Research Director': 0.054,
    'Human Resources': 0.026,
  }),
  category('MaritalStatus', { Married: 0.46, Single: 0.32, Divorced: 0.22 }),
];

export function sampleReference(change: Partial<Reference> = {}): Reference {
  return {
    version: 1,
    problem: 'binary',
    labels: LABELS,
    threshold: 0.27,
    rows: HOLDOUT,
    scores: [scoreReference('', 3)],
    decisions: [931, 269],
    metrics: {
      roc_auc: { value: 0.862, interval: [0.834, 0.89] },
      brier: { value: 0.098, interval: [0.088, 0.109] },
      accuracy: { value: 0.861, interval: [0.841, 0.881] },
    },
    losses: { roc_auc: { mean: 0.138, n: 198, scale: 1 }, brier: { mean: 0.098, n: HOLDOUT, scale: 1 } },
    columns: COLUMNS,
    ...change,
  };
}

function binOf(edges: readonly number[], score: number): number {
  const at = edges.findIndex((edge) => score < edge);
  return at === -1 ? edges.length : at;
}

function windowScores(reference: Reference['scores'][number], scores: Iterable<number>) {
  const counts = reference.bins.map(() => 0);
  const sums = reference.bins.map(() => 0);
  for (const score of scores) {
    const bin = binOf(reference.edges, score);
    counts[bin] = (counts[bin] ?? 0) + 1;
    sums[bin] = (sums[bin] ?? 0) + score;
  }
  return { name: reference.name, counts, sums, bad: 0 };
}

function windowColumn(column: ColumnReference, rows: number, week: number): WindowColumn {
  const random = randomFrom(1000 * week + column.name.length);
  const noise = (weight: number) =>
    weight * (1 + (0.16 * (random() - 0.5) * Math.sqrt(600)) / Math.sqrt(rows));
  const isDrifted = week >= CHANGED && column.name === 'MonthlyIncome';
  const missing = column.name === 'YearsAtCompany' ? Math.round(rows * (week >= 27 ? 0.034 : 0.01)) : 0;
  const unseen = week >= 28 && column.name === 'BusinessTravel' ? 13 : 0;
  const weights = column.counts.map((count, i) => noise(count) * (isDrifted ? 1.75 - i * 0.165 : 1));
  const counts = split(weights, rows - missing - unseen);
  return column.type === 'number'
    ? { name: column.name, type: 'number', absent: false, counts, missing }
    : {
        name: column.name,
        type: 'category',
        absent: false,
        counts,
        others: 0,
        unseen,
        examples: unseen > 0 ? ['Remote'] : [],
        missing,
      };
}

const SCORE_LIMIT = 0.221;
const COLUMN_LIMIT = 0.203;

/** The population stability index. */
function indexOf(reference: readonly number[], window: readonly number[]): number {
  const [m, n] = [reference, window].map((counts) => counts.reduce((a, b) => a + b, 0)) as [number, number];
  const index = reference.reduce((sum, count, i) => {
    const [p, q] = [(count + 0.5) / m, ((window[i] ?? 0) + 0.5) / n];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
  return index;
}

/** In the words of the judge. */
const numbersOf = (
  what: string,
  value: number,
  { rows, chance, limit }: { rows: number; chance: number; limit: number },
): string =>
  `${what} has a stability index of ${formatValue(value, 3)} in 10 bins of ${rows} rows; chance alone gives ${formatValue(chance)}, .100 is tolerated, and an alarm takes ${formatValue(limit)}: ${value > limit ? 'a drift' : 'no drift shown'}.`;

const tens = (counts: readonly number[]): number[] =>
  Array.from({ length: 10 }, (_, i) => counts.slice(i * 10, (i + 1) * 10).reduce((a, b) => a + b, 0));

function driftEvidence(reference: Reference, summary: WindowRecord['summary'], week: number): Evidence[] {
  const window = { start: summary.start, end: summary.end };
  const common = { interval: null, n: summary.rows, window };
  const scores = reference.scores.map(({ name, bins }, i): Evidence => {
    const value = indexOf(tens(bins.map(({ n }) => n)), tens(summary.scores[i]?.counts ?? []));
    return {
      ...common,
      kind: 'scores',
      name: name === '' ? 'score' : name,
      outcome: value > SCORE_LIMIT ? 'alarm' : 'pass',
      detail: numbersOf('The score', value, { rows: summary.rows, chance: 0.024, limit: SCORE_LIMIT }),
      value,
      limit: SCORE_LIMIT,
      level: 0.00049,
    };
  });
  const columns = reference.columns.flatMap((column, i): Evidence[] => {
    const seen = summary.columns[i];
    if (seen === undefined) return [];
    const value = indexOf(column.counts, seen.counts);
    const found: Evidence = {
      ...common,
      kind: 'column',
      name: column.name,
      outcome: value > COLUMN_LIMIT ? 'alarm' : 'pass',
      detail: numbersOf(column.name, value, { rows: summary.rows, chance: 0.017, limit: COLUMN_LIMIT }),
      value,
      limit: COLUMN_LIMIT,
      level: 0.00006,
    };
    if (column.name === 'YearsAtCompany')
      return [
        found,
        {
          ...found,
          kind: 'missing',
          outcome: week >= 27 ? 'alarm' : 'pass',
          detail: `${week >= 27 ? '3.4' : '1'} % of ${summary.rows} rows have no value in YearsAtCompany, of the reference's 1 %; 1 % more or less is tolerated: ${week >= 27 ? 'a drift' : 'no drift shown'}.`,
          value: week >= 27 ? 0.034 : 0.01,
          limit: null,
        },
      ];
    if (seen.type === 'category' && seen.unseen > 0)
      return [
        found,
        {
          ...found,
          kind: 'categories',
          outcome: 'alarm',
          detail: `${seen.unseen} of ${summary.rows} rows have a category that training never saw in ${column.name}, of the reference's 0 %; 1 % more is tolerated: a drift.`,
          value: seen.unseen / summary.rows,
          limit: null,
        },
      ];
    return [found];
  });
  return [...scores, ...columns];
}

const around = (value: number, half: number): Estimate => ({
  value,
  interval: [Math.max(0, value - half), value + half],
  sampling: half / 2,
});

function sampleWindow(week: number, reference: Reference): WindowRecord {
  const rows = week === FEW_ROWS ? 14 : 560 + ((week * 37) % 90);
  const random = randomFrom(77 + week);
  const { scores } = scoresOf(rows, Math.round(rows * (week >= CHANGED ? 0.2 : 0.165)), 100 + week);
  const summary: WindowRecord['summary'] = {
    package: PACKAGE,
    start: startOf(week),
    end: endOf(week),
    rows,
    scores: reference.scores.map((each) => windowScores(each, scores)),
    decisions: [
      scores.filter((score) => score < 0.27).length,
      scores.filter((score) => score >= 0.27).length,
    ],
    columns: reference.columns.map((column) => windowColumn(column, rows, week)),
  };
  const few = week === FEW_ROWS;
  const due = iso(FIRST + (week + 5) * WEEK);
  const isMature = week + 5 <= WEEKS && !few;
  const auc = (week >= CHANGED ? 0.742 : 0.859) + 0.045 * (random() - 0.5);
  const brier = (week >= CHANGED ? 0.131 : 0.099) + 0.012 * (random() - 0.5);
  const coverage = Array.from({ length: 10 }, (_, i) => ({
    rows: Math.round(rows / 10),
    labelled: Math.round(
      (rows / 10) * (isMature ? 0.97 - 0.028 * i : few ? 0.4 : Math.max(0, 0.35 - 0.1 * (week - 26))),
    ),
  }));
  const count = coverage.reduce((sum, { labelled }) => sum + labelled, 0);
  return {
    summary,
    drift: few ? null : driftEvidence(reference, summary, week),
    judged: iso(FIRST + (week + 1) * WEEK + 6 * 3_600_000),
    judgements: 1,
    why: few
      ? 'It has 14 rows; with fewer than 50, chance alone moves the distribution too far to judge.'
      : null,
    estimates: few
      ? {}
      : {
          roc_auc: around(0.858 + 0.018 * (random() - 0.5), 0.043),
          brier: around(0.098 + 0.006 * (random() - 0.5), 0.015),
        },
    labels: {
      state: isMature ? 'mature' : 'not yet',
      why: isMature
        ? null
        : few
          ? 'Of the tenth with the lowest scores 0 of 1 predictions have a label; monitoring.coverage asks for 50 %.'
          : `Labels are due on ${due.slice(0, 10)}, 28d after the window's end.`,
      due,
      count,
      bad: 0,
      read: isMature ? count : null,
      coverage,
      version: week % 6 === 2 && isMature ? 2 : 1,
      late: week % 6 === 2 && isMature ? 7 : 0,
      metrics: isMature
        ? {
            roc_auc: { ...around(auc, 0.047), n: count },
            brier: { ...around(brier, 0.014), n: count },
          }
        : {},
    },
  };
}

/** What the looks until the end of a week have seen. */
export function sampleHistory(weeks = WEEKS, reference = sampleReference()): History {
  const windows = Array.from({ length: weeks }, (_, week) => sampleWindow(week, reference));
  const alarm = (week: number, kind: Alarm['kind'], evidence: Evidence[]): Alarm => ({
    at: iso(FIRST + week * WEEK + 6 * 3_600_000),
    package: PACKAGE,
    kind,
    finding: kind === 'decay' ? 'decayed' : 'watch',
    window: {
      start: startOf(week - (kind === 'decay' ? 5 : 1)),
      end: startOf(week - (kind === 'decay' ? 4 : 0)),
    },
    limit: kind === 'decay' ? { metric: 'roc_auc', value: 0.8 } : null,
    evidence,
  });
  return {
    version: 1,
    at: endOf(weeks - 1),
    sources: [],
    windows,
    detectors: {
      [PACKAGE]: {
        metric: 'roc_auc',
        limit: 0.8,
        scale: 1,
        state: {
          limit: 0.2,
          lambdas: [0.5, 1, 2],
          restart: [21_300, 48_100, 12_700],
          restartHighest: 27_367,
          breach: [1.2, 2.9, 3.1],
          breachHighest: 2.76,
          terms: 2391,
          sum: 502,
          squares: 301,
          labels: 12_871,
        },
      },
    },
    alarms: [
      alarm(
        CHANGED + 1,
        'drift',
        (windows[CHANGED]?.drift ?? []).filter(({ outcome }) => outcome === 'alarm'),
      ),
      alarm(WEEKS - 2, 'decay', [labelEvidence()]),
    ],
    looks: weeks,
  };
}

const labelEvidence = (): Evidence => ({
  kind: 'labels',
  name: 'roc_auc',
  outcome: 'alarm',
  detail:
    'After 12,871 labels, the evidence that ROC AUC fell below .800 has reached 27,367; an alarm takes 20,000, which a model at the limit reaches once in so many labels or more.',
  value: 27_367,
  interval: null,
  limit: 20_000,
  level: null,
  n: 2391,
  window: { start: startOf(25), end: endOf(25) },
});

export function sampleFinding(change: Partial<Finding> = {}): Finding {
  const { windows } = sampleHistory();
  return {
    model: 'attrition',
    package: PACKAGE,
    at: iso(FIRST + WEEKS * WEEK + 6 * 3_600_000),
    finding: 'decayed',
    reason:
      'ROC AUC is below .800 by the labels: the alarm was raised on 2026-11-09 06:00 UTC, at the window from 2026-10-05 00:00 UTC.',
    evidence: [
      labelEvidence(),
      {
        ...labelEvidence(),
        kind: 'breach',
        detail:
          "Over all of this package's labels, the evidence that ROC AUC is below .800 on the whole has reached 15.80; a breach takes 20, which a model at the limit ever reaches with at most 5 %.",
        outcome: 'pass',
        value: 15.8,
        limit: 20,
        level: 0.05,
      },
      {
        kind: 'estimate',
        name: 'roc_auc',
        outcome: 'pass',
        detail:
          'Before labels, ROC AUC of the window from 2026-11-16 00:00 UTC is estimated as .851 [.808, .894] (95 %); the limit is .800: not surely below it.',
        value: 0.851,
        interval: [0.808, 0.894],
        limit: 0.8,
        level: 0.05,
        n: 643,
        window: { start: startOf(29), end: endOf(29) },
      },
      ...(windows.at(-1)?.drift ?? []),
    ],
    blind: [
      'Labels of predictions since 26 October are not due yet: a relation that changed since would not show.',
      'The week of 20 July has 14 rows and was not judged.',
    ],
    next: [
      'Run `mlops run --mode promote`: a model trained on rows since September is compared with attrition/3 on the same holdout.',
      'Ask what changed about MonthlyIncome in the week of 14 September: it is the most drifted column, and the loss began then.',
      'The holdout of attrition/3 is older than the decay: make sure that data.source has rows since then.',
    ],
    card: {
      watched: [
        'Drift of the scores and of 8 columns in weekly windows, against the training rows and the holdout of attrition/3.',
        'ROC AUC, estimated before labels and measured with them; below .800 is decay.',
      ],
      budget: {
        drift: { false_alarms_per_year: 0.05, windows_per_year: 52, judged: 29, spent: 0.028 },
        labels: { mean_labels_between_false_alarms: 20_000, read: 12_871 },
      },
      smallest: [
        'A ROC AUC of .769 or less since the first window would have raised an alarm by now with a probability of 80 %.',
        'A shift of the scores of PSI .16 in a window of 590 rows is seen with a probability of 80 %.',
      ],
      cannot_see: [
        'A changed relation before its labels: estimates assume that equal scores still mean equal probabilities.',
        'Rows that were never predicted, and labels that never come.',
      ],
    },
    ...change,
  };
}

export function sampleInputs(change: Partial<MonitorInputs> = {}): MonitorInputs {
  return {
    config: {
      project: 'attrition',
      problem: 'binary',
      primary: 'roc_auc',
      retrains: true,
      privacy: { sensitive: [], min_group: 10, row_id: 'EmployeeNumber' },
    },
    settings: {
      schedule: 'weekly',
      window: WEEK / 1000,
      truth: 'model/data/truth.csv',
      label_delay: 28 * 86_400,
      coverage: 0.5,
      drift: { tolerance: 0.1, false_alarms: 0.05 },
      decay: {
        metric: 'roc_auc',
        min: 0.8,
        mean_labels_between_false_alarms: 20_000,
        cool_down: 7 * 86_400,
      },
    },
    model: 'attrition',
    execution: 'monitor-20261123-060004-8f1c',
    trigger: 'schedule',
    current: PACKAGE,
    reference: sampleReference(),
    finding: sampleFinding(),
    history: sampleHistory(),
    truth: { rows: 16_204, conflicts: 3, unknown: 41, early: 0, future: 12, bad: 1, matched: 15_330 },
    notes: [],
    changes: [
      {
        package: PACKAGE,
        previous: 'attrition/2',
        execution: 'run-1',
        kind: 'promotion',
        reason: 'the gate said so',
        at: startOf(0),
      },
    ],
    releases: [0, 9, 18, 26].map((week) => ({
      at: iso(FIRST + week * WEEK + 3_600_000),
      package: PACKAGE,
      reason: 'scoring data landed',
    })),
    ...change,
  };
}

export const sampleMonitor = (change: Partial<MonitorInputs> = {}): MonitorReport =>
  monitorReport(sampleInputs(change));

/** Before the first window is complete, or of a package without a reference. */
export const emptyMonitor = (): MonitorReport =>
  sampleMonitor({
    reference: null,
    history: { ...sampleHistory(), windows: [], detectors: {}, alarms: [], looks: 0 },
    finding: sampleFinding({
      finding: 'cannot tell',
      reason: 'attrition/3 has made no predictions yet.',
      evidence: [],
      blind: [],
      next: [],
      card: { watched: [], budget: { drift: null, labels: null }, smallest: [], cannot_see: [] },
    }),
    truth: null,
    changes: [],
    releases: [],
  });

const quiet = (evidence: Evidence[]): Evidence[] => evidence.filter(({ outcome }) => outcome === 'pass');

/** The first eighteen weeks, in which all was well. */
export function healthyMonitor(): MonitorReport {
  const history = sampleHistory(18);
  return sampleMonitor({
    history: { ...history, alarms: [] },
    finding: sampleFinding({
      at: iso(FIRST + 18 * WEEK + 6 * 3_600_000),
      finding: 'healthy',
      reason: 'Drift and performance judged up to 2026-08-31 00:00 UTC: no alarm.',
      evidence: quiet(history.windows.at(-1)?.drift ?? []),
      next: [],
    }),
  });
}

/** Drift alone, and labels that never come. */
export function unlabelledMonitor(): MonitorReport {
  const inputs = sampleInputs();
  const windows = inputs.history.windows.map((window) => ({
    ...window,
    labels: {
      ...window.labels,
      state: 'not yet' as const,
      why: 'no labels are read',
      count: 0,
      coverage: [],
      metrics: {},
    },
  }));
  return sampleMonitor({
    settings: { ...inputs.settings, truth: null, decay: null },
    history: {
      ...inputs.history,
      windows,
      detectors: {},
      alarms: inputs.history.alarms.filter(({ kind }) => kind === 'drift'),
    },
    truth: null,
    finding: sampleFinding({
      finding: 'watch',
      reason: '1 thing changed: column MonthlyIncome.',
      evidence: windows.at(-1)?.drift ?? [],
      card: { ...inputs.finding.card, budget: { ...inputs.finding.card.budget, labels: null } },
    }),
  });
}

/** Twelve weeks of a model of another problem. */
function otherMonitor(
  reference: Reference,
  metric: 'log_loss' | 'rmse',
  value: number,
  labels: string[],
): MonitorReport {
  const inputs = sampleInputs();
  const history = sampleHistory(12, reference);
  const windows = history.windows.map((window, week): WindowRecord => {
    const estimate = { ...window.estimates.brier, ...around(value * (1 + 0.01 * (week % 5)), value / 12) };
    const { roc_auc: measured } = window.labels.metrics;
    return {
      ...window,
      summary: { ...window.summary, decisions: labels.map((_, i) => 100 + i) },
      estimates: { [metric]: estimate },
      labels: {
        ...window.labels,
        metrics:
          measured === undefined
            ? {}
            : { [metric]: { ...measured, ...around(value * (1 + 0.02 * (week % 3)), value / 10) } },
      },
    };
  });
  return sampleMonitor({
    config: { ...inputs.config, problem: reference.problem, primary: metric },
    settings: {
      ...inputs.settings,
      decay: {
        metric,
        max: 1.2 * value,
        mean_labels_between_false_alarms: 20_000,
        cool_down: 7 * 86_400,
      },
    },
    reference,
    history: { ...history, windows, detectors: {}, alarms: [] },
    finding: sampleFinding({
      at: iso(FIRST + 12 * WEEK),
      finding: 'healthy',
      reason: 'Drift and performance judged: no alarm.',
      evidence: quiet(windows.at(-1)?.drift ?? []),
      next: [],
    }),
  });
}

export function multiclassMonitor(): MonitorReport {
  const labels = ['Barbera d’Alba', 'Barolo', 'Grignolino'];
  return otherMonitor(
    sampleReference({
      problem: 'multiclass',
      labels,
      threshold: null,
      scores: labels.map((name, i) => scoreReference(name, 11 + i)),
      metrics: { log_loss: { value: 0.41, interval: [0.37, 0.45] } },
      losses: { log_loss: { mean: 0.06, n: HOLDOUT, scale: 7 } },
    }),
    'log_loss',
    0.41,
    labels,
  );
}

export const regressionMonitor = (): MonitorReport =>
  otherMonitor(
    sampleReference({
      problem: 'regression',
      labels: [],
      threshold: null,
      scores: [scoreReference('', 21)],
      metrics: { rmse: { value: 41_230, interval: [38_100, 44_900] } },
      losses: { rmse: { mean: 0.08, n: HOLDOUT, scale: 150_000 } },
    }),
    'rmse',
    41_230,
    [],
  );

/** A look with the same text in every place that a user, a file or a program fills. */
export function hostileMonitor(hostile: string): MonitorReport {
  const report = sampleMonitor();
  const { finding, drift, labels } = report;
  const evidence = finding.evidence.map((found) => ({ ...found, name: hostile, detail: hostile }));
  const lines = [hostile, hostile];
  return {
    ...report,
    project: hostile,
    model: hostile,
    execution: hostile,
    trigger: hostile,
    finding: {
      ...finding,
      model: hostile,
      package: hostile,
      reason: hostile,
      evidence,
      blind: lines,
      next: lines,
      card: { ...finding.card, watched: lines, smallest: lines, cannot_see: lines },
    },
    watched: { ...report.watched, metric: hostile },
    windows: report.windows.map((window, i) => ({
      ...window,
      package: hostile,
      start: i === 3 ? hostile : window.start,
      columns: [hostile],
      why: hostile,
      labels: { ...window.labels, why: hostile },
    })),
    events: report.events.map((event) => ({ ...event, package: hostile, details: lines })),
    drift: drift && {
      ...drift,
      package: hostile,
      scores: drift.scores.map((scores) => ({ ...scores, name: hostile, evidence: evidence[0] ?? null })),
      columns: drift.columns.map((column) => ({
        ...column,
        name: hostile,
        bins: column.bins.map((bin) => ({ ...bin, label: hostile })),
        evidence: evidence.slice(0, 2),
      })),
    },
    labels: labels && {
      ...labels,
      package: hostile,
      metrics: labels.metrics.map((metric) => ({ ...metric, name: hostile })),
    },
    record: [{ metric: hostile, held: 1, of: 2 }],
    notes: lines,
  };
}

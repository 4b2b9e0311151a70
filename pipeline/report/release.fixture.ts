import type { PrivateSummary, Summary } from '../steps/release/delivery.ts';
import type { ReleaseReport } from './release-report.ts';
import { scoresOf } from './report.fixture.ts';

const ROWS = 200;
const THRESHOLD = 0.27;
const now = scoresOf(ROWS, 34, 7).scores;
/** The scores of the model before: close to those of now. */
const before = now.map((score, i) => Math.min(0.99, Math.max(0.01, score + 0.05 * Math.sin(i * 1.7))));

function histogram(values: Float64Array, edges: number[]): number[] {
  const counts = edges.slice(1).map(() => 0);
  for (const value of values) {
    const at = edges.findIndex((edge, i) => i > 0 && value < edge);
    const bin = (at === -1 ? edges.length : at) - 1;
    counts[Math.min(bin, counts.length - 1)] = (counts[Math.min(bin, counts.length - 1)] ?? 0) + 1;
  }
  return counts;
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
const decide = (score: number): string => (score >= THRESHOLD ? 'Yes' : 'No');
const count = (values: Float64Array, label: string): number =>
  values.filter((score) => decide(score) === label).length;

function summaryOf(): Summary {
  const edges = Array.from({ length: 21 }, (_, i) => i / 20);
  const changed = (from: string, to: string) =>
    now.filter((score, i) => decide(before[i] ?? 0) === from && decide(score) === to).length;
  const slice = (
    column: string,
    value: string,
    rows: number,
    share: number,
    previous: number,
    flipped: number,
  ) => ({
    column,
    value,
    rows,
    mean_score: share * 0.8,
    share,
    previous_share: previous,
    flipped,
  });
  return {
    version: 1,
    problem: 'binary',
    rows: ROWS,
    threshold: THRESHOLD,
    labels: ['No', 'Yes'],
    positive: 'Yes',
    score: {
      edges,
      counts: histogram(now, edges),
      previous_counts: histogram(before, edges),
      mean: mean(now),
      previous_mean: mean(before),
    },
    decisions: ['No', 'Yes'].map((label) => ({
      label,
      rows: count(now, label),
      previous_rows: count(before, label),
    })),
    flips: {
      compared: ROWS,
      changes: [
        { from: 'No', to: 'Yes', rows: changed('No', 'Yes') },
        { from: 'Yes', to: 'No', rows: changed('Yes', 'No') },
      ].filter(({ rows }) => rows > 0),
    },
    slices: [
      slice('Department', 'Research & Development', 131, 0.145, 0.153, 3),
      slice('Department', 'Sales', 60, 0.25, 0.233, 1),
      slice('Gender', 'Female', 81, 0.16, 0.173, 2),
      slice('Gender', 'Male', 119, 0.193, 0.185, 3),
      slice('MaritalStatus', 'Divorced', 44, 0.091, 0.114, 1),
      slice('MaritalStatus', 'Married', 92, 0.12, 0.12, 2),
      slice('MaritalStatus', 'Single', 64, 0.328, 0.313, 2),
    ],
    factors: [
      { name: 'OverTime', rows: 148, mean_absolute: 0.93, mean: -0.21 },
      { name: 'StockOptionLevel', rows: 91, mean_absolute: 0.52, mean: 0.04 },
      { name: 'JobRole', rows: 84, mean_absolute: 0.49, mean: -0.12 },
      { name: 'MonthlyIncome', rows: 71, mean_absolute: 0.41, mean: 0.09 },
      { name: 'YearsSinceLastPromotion', rows: 62, mean_absolute: 0.37, mean: 0.11 },
      { name: 'EnvironmentSatisfaction', rows: 58, mean_absolute: 0.33, mean: -0.06 },
      { name: 'BusinessTravel', rows: 44, mean_absolute: 0.31, mean: 0.02 },
      { name: 'DistanceFromHome', rows: 22, mean_absolute: 0.18, mean: 0.07 },
    ],
    kept_back: ['One group of Department has fewer than 10 rows and is not shown.'],
  };
}

/** A release of the sample: 200 predictions by a model that took the place of another. */
export function sampleRelease(change: Partial<ReleaseReport> = {}): ReleaseReport {
  return {
    version: 1,
    project: 'attrition',
    model: 'attrition',
    problem: 'binary',
    release: 'release-20261127-181500-4f2a',
    kind: 'release',
    mode: 'batch',
    reason: null,
    trigger: 'promotion',
    released_at: '2026-11-27T18:15:00Z',
    package: 'attrition/3',
    previous: {
      release: 'release-20261120-090112-77b0',
      package: 'attrition/2',
      released_at: '2026-11-20T09:01:12Z',
    },
    reused: null,
    predictions: {
      path: '.mlops/storage/predictions/model=attrition/release=release-20261127-181500-4f2a/',
      source: 'model/data/scoring.csv',
      data_version: '5d41402abc4b2a76b9719d911017c592ae3b5c6f0c2c6c0b4f4a6c0d1e2f3a4b',
      rows: ROWS,
      rejected: { rows: 2, examples: ['line 17, column MonthlyIncome: got "n/a?", expected a number'] },
      unseen: [{ column: 'JobRole', rows: 3, examples: ['Astronaut'] }],
      warnings: ['DailyRate: 3 of 200 values look like dates, such as "2024-01-02".'],
      summary: summaryOf(),
    },
    card: {
      image: 'mlops/model@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      fingerprint: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      trained_at: '2026-11-27T18:12:41Z',
      commit: '2d34157c0ffee00112233445566778899aabbccd',
      data: {
        source: 'model/data/attrition.csv',
        version: 'fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9',
      },
      hyperparameters: { C: '0.3120485722310', encoding: 'onehot' },
      threshold: THRESHOLD,
      target: 'Attrition',
      positive: 'Yes',
      labels: ['No', 'Yes'],
      features: [
        'BusinessTravel',
        'DailyRate',
        'Department',
        'DistanceFromHome',
        'EnvironmentSatisfaction',
        'JobRole',
        'MonthlyIncome',
        'OverTime',
        'StockOptionLevel',
        'YearsSinceLastPromotion',
      ],
      kept_from_model: ['Gender', 'MaritalStatus', 'Age'],
      metrics: [
        { name: 'roc_auc', value: 0.8554, interval: [0.7974, 0.9051] },
        { name: 'pr_auc', value: 0.6589, interval: [0.5311, 0.7794] },
        { name: 'brier', value: 0.0921, interval: [0.0731, 0.1122] },
        { name: 'calibration_slope', value: 1.043, interval: [0.792, 1.311] },
      ],
      holdout: { rows: 255, positives: 41 },
      verdict: {
        outcome: 'promote',
        reason:
          'Not worse than the champion by .030 in ROC AUC: the difference is +.012 with a lower bound of −.007 at 95 %.',
      },
      intended_use: 'Shows how a pipeline ranks employees by their probability of leaving.',
      limits: [
        'The data are fictional: IBM made them up, so no score says anything about a real person.',
        'No decision about a single person without a human who knows the case.',
      ],
    },
    notes: ['Released because attrition/3 was promoted by run train-20261127-181204.'],
    privacy: { sensitive: [], min_group: 10, row_id: 'EmployeeNumber' },
    ...change,
  };
}

/** The rows with the highest scores, as the private copy shows them. */
export function sampleRows(most = 100): PrivateSummary {
  const factors = ['OverTime', 'StockOptionLevel', 'JobRole', 'MonthlyIncome', 'BusinessTravel'];
  const rows = Array.from(now, (score, i) => ({ score, i }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ score, i }) => ({
      row_id: String((i * 37) % 2068),
      score,
      decision: decide(score),
      previous_decision: decide(before[i] ?? 0),
      contributions: [0, 1, 2].map((k) => ({
        name: factors[(i + k) % factors.length] ?? '',
        value: Number((((score - 0.2) * 2.2) / (k + 1) - (k === 2 ? 0.3 : 0)).toFixed(3)),
      })),
    }));
  return { version: 1, rows };
}

/** Changes the predictions of the sample. */
function predictionsWith(
  summary: Partial<Summary>,
  change: Partial<NonNullable<ReleaseReport['predictions']>> = {},
): ReleaseReport['predictions'] {
  const { predictions } = sampleRelease();
  return predictions && { ...predictions, ...change, summary: { ...predictions.summary, ...summary } };
}

export function firstRelease(): ReleaseReport {
  const { score, decisions, slices } = summaryOf();
  return sampleRelease({
    package: 'attrition/1',
    previous: null,
    notes: [],
    predictions: predictionsWith(
      {
        score: score && { ...score, previous_counts: null, previous_mean: null },
        decisions: decisions.map((decision) => ({ ...decision, previous_rows: null })),
        flips: null,
        slices: slices.map((slice) => ({ ...slice, previous_share: null, flipped: null })),
        kept_back: [],
      },
      { rejected: { rows: 0, examples: [] }, unseen: [], warnings: [] },
    ),
  });
}

export const reusedRelease = (): ReleaseReport =>
  sampleRelease({ reused: 'release-20261121-101500-01aa', reason: 'The pointer had to be written again' });

export const rollbackRelease = (): ReleaseReport =>
  sampleRelease({
    kind: 'rollback',
    trigger: 'manual',
    package: 'attrition/2',
    previous: {
      release: 'release-20261127-181500-4f2a',
      package: 'attrition/3',
      released_at: '2026-11-27T18:15:00Z',
    },
    reused: 'release-20261120-090112-77b0',
    reason: 'attrition/3 scores night shifts too high',
  });

export const endpointRelease = (): ReleaseReport =>
  sampleRelease({
    mode: 'endpoint',
    predictions: null,
    package: 'arn:aws:sagemaker:eu-central-1:111111111111:model-package/attrition--production--attrition/3',
    previous: {
      release: 'release-20261120-090112-77b0',
      package: 'arn:aws:sagemaker:eu-central-1:111111111111:model-package/attrition--production--attrition/2',
      released_at: '2026-11-20T09:01:12Z',
    },
  });

export const serverlessRelease = (): ReleaseReport =>
  sampleRelease({ mode: 'serverless', predictions: null, previous: null });

/** A card without purpose, limits, metrics or contributions: the least that a release can have. */
export function bareRelease(): ReleaseReport {
  const { card } = sampleRelease();
  return sampleRelease({
    predictions: predictionsWith({ factors: [], slices: [], kept_back: [] }),
    card: {
      ...card,
      commit: null,
      hyperparameters: {},
      threshold: null,
      kept_from_model: [],
      metrics: [],
      intended_use: null,
      limits: [],
    },
    notes: [],
  });
}

export function multiclassRelease(): ReleaseReport {
  const { card } = sampleRelease();
  const labels = ['Barbera d’Alba', 'Barolo', 'Grignolino'];
  const { score } = summaryOf();
  return sampleRelease({
    project: 'wine',
    model: 'wine',
    problem: 'multiclass',
    package: 'wine/4',
    predictions: predictionsWith({
      problem: 'multiclass',
      threshold: null,
      labels,
      positive: null,
      score: score && { ...score, mean: 0.81, previous_mean: 0.79 },
      decisions: labels.map((label, i) => ({
        label,
        rows: [90, 70, 40][i] ?? 0,
        previous_rows: [88, 71, 41][i] ?? 0,
      })),
      flips: {
        compared: 180,
        changes: [
          { from: 'Barolo', to: 'Barbera d’Alba', rows: 3 },
          { from: 'Grignolino', to: 'Barolo', rows: 1 },
        ],
      },
      slices: [
        {
          column: 'Region',
          value: 'Langhe',
          rows: 120,
          mean_score: 0.83,
          share: null,
          previous_share: null,
          flipped: 3,
        },
        {
          column: 'Region',
          value: 'Roero',
          rows: 80,
          mean_score: 0.78,
          share: null,
          previous_share: null,
          flipped: 1,
        },
      ],
    }),
    card: {
      ...card,
      target: 'cultivar',
      positive: null,
      labels,
      threshold: null,
      holdout: { rows: 90, positives: null },
    },
  });
}

export function regressionRelease(): ReleaseReport {
  const { card } = sampleRelease();
  const edges = Array.from({ length: 13 }, (_, i) => i * 50_000);
  return sampleRelease({
    project: 'houses',
    model: 'houses',
    problem: 'regression',
    package: 'houses/2',
    predictions: predictionsWith({
      problem: 'regression',
      threshold: null,
      labels: [],
      positive: null,
      score: {
        edges,
        counts: [0, 3, 12, 31, 44, 38, 27, 18, 12, 8, 5, 2],
        previous_counts: [0, 4, 15, 33, 45, 36, 25, 17, 11, 8, 4, 2],
        mean: 261_400,
        previous_mean: 254_900,
      },
      decisions: [],
      flips: null,
      slices: [
        {
          column: 'District',
          value: 'North',
          rows: 110,
          mean_score: 281_200,
          share: null,
          previous_share: null,
          flipped: null,
        },
        {
          column: 'District',
          value: 'South',
          rows: 90,
          mean_score: 237_300,
          share: null,
          previous_share: null,
          flipped: null,
        },
      ],
    }),
    card: {
      ...card,
      target: 'price',
      positive: null,
      labels: [],
      threshold: null,
      metrics: [
        { name: 'rmse', value: 41_230, interval: [38_100, 44_900] },
        { name: 'r2', value: 0.812, interval: [0.77, 0.85] },
      ],
      holdout: { rows: 400, positives: null },
    },
  });
}

export function regressionRows(): PrivateSummary {
  return {
    version: 1,
    rows: sampleRows(20).rows.map((row, i) => ({
      ...row,
      score: 580_000 - i * 6100,
      decision: null,
      previous_decision: null,
      contributions: row.contributions.map(({ name, value }) => ({ name, value: value * 10_000 })),
    })),
  };
}

/** A release with the same text in every place that a user, a file or a program fills. */
export function hostileRelease(text: string): { release: ReleaseReport; rows: PrivateSummary } {
  const { card, predictions } = sampleRelease();
  const summary = summaryOf();
  const release = sampleRelease({
    project: text,
    model: text,
    release: text,
    reason: text,
    trigger: text,
    package: text,
    previous: { release: text, package: text, released_at: '2026-11-20T09:01:12Z' },
    reused: text,
    notes: [text],
    predictions: predictions && {
      ...predictions,
      path: text,
      source: text,
      data_version: text,
      rejected: { rows: 2, examples: [text] },
      unseen: [{ column: text, rows: 3, examples: [text] }],
      warnings: [text],
      summary: {
        ...summary,
        labels: ['No', text],
        positive: text,
        decisions: summary.decisions.map((decision) => ({
          ...decision,
          label: decision.label === 'Yes' ? text : 'No',
        })),
        flips: { compared: 200, changes: [{ from: text, to: text, rows: 2 }] },
        slices: summary.slices.map((slice) => ({ ...slice, column: text, value: text })),
        factors: summary.factors.map((factor) => ({ ...factor, name: text })),
        kept_back: [text],
      },
    },
    card: {
      ...card,
      image: text,
      fingerprint: text,
      commit: text,
      data: { source: text, version: text },
      hyperparameters: { [text]: text },
      target: text,
      positive: text,
      labels: ['No', text],
      features: [text],
      kept_from_model: [text],
      metrics: card.metrics.map((metric) => ({ ...metric, name: text })),
      verdict: { outcome: text, reason: text },
      intended_use: text,
      limits: [text],
    },
  });
  const rows: PrivateSummary = {
    version: 1,
    rows: sampleRows(3).rows.map((row) => ({
      ...row,
      row_id: text,
      decision: text,
      previous_decision: 'No',
      contributions: row.contributions.map((each) => ({ ...each, name: text })),
    })),
  };
  return { release, rows };
}

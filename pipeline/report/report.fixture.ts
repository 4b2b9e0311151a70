import { withGaps } from '../gate/gaps.ts';
import type { Check, MetricResult, Verdict } from '../gate/verdict.ts';
import { multiclassPlotsOf, plotsOf, regressionPlotsOf } from '../statistics/plots.ts';
import type { Report } from './report.ts';

/** A small seeded generator (mulberry32), so that a fixture is the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Calibrated scores of n rows, a share of them positive, as a model of about AUC .85 gives. */
export function scoresOf(n: number, positives: number, seed: number, noise = 0.6) {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const labels = Uint8Array.from({ length: n }, (_, row) => Number(row < positives));
  const scores = Float64Array.from(labels, (label) => {
    const logit = -2.5 + label * 1.9 + normal() * 1.25 + normal() * noise;
    return 1 / (1 + Math.exp(-logit));
  });
  return { labels, scores };
}

const metric = (result: Partial<MetricResult> & { candidate: number }): MetricResult => ({
  champion: null,
  interval: null,
  champion_interval: null,
  difference: null,
  difference_interval: null,
  p_value: null,
  method: 'bootstrap',
  ...result,
});

const check = (result: Partial<Check> & Pick<Check, 'name' | 'outcome' | 'detail'>): Check => ({
  value: null,
  bound: null,
  limit: null,
  confidence: null,
  ...result,
});

export function sampleVerdict(change: Partial<Verdict> = {}): Verdict {
  return {
    outcome: 'promote',
    reason:
      'Not worse than the champion by .030 in ROC AUC: the difference is +.012 with a lower bound of −.007 at 95 %.',
    n: 255,
    positives: 41,
    seed: 0,
    confidence: 0.95,
    smallest_detectable_difference: 0.041,
    power: { margin: 0.03, equal_passes: 0.58, rows_for_80: 430 },
    holdout_uses: 3,
    primary: 'roc_auc',
    enforced: true,
    metrics: {
      roc_auc: metric({
        candidate: 0.8554,
        champion: 0.8432,
        interval: [0.7974, 0.9051],
        champion_interval: [0.7832, 0.8961],
        difference: 0.0122,
        difference_interval: [-0.0108, 0.0352],
        p_value: 0.2984,
        method: 'score',
      }),
      pr_auc: metric({
        candidate: 0.6589,
        champion: 0.6117,
        interval: [0.5311, 0.7794],
        champion_interval: [0.4811, 0.7402],
        difference: 0.0472,
        difference_interval: [0.0041, 0.0934],
        p_value: 0.031,
      }),
      log_loss: metric({
        candidate: 0.3088,
        champion: 0.3299,
        interval: [0.2571, 0.3642],
        champion_interval: [0.2749, 0.3901],
        difference: -0.0211,
        difference_interval: [-0.0404, -0.0021],
        p_value: 0.028,
      }),
      brier: metric({
        candidate: 0.0893,
        champion: 0.0951,
        interval: [0.0692, 0.1103],
        champion_interval: [0.0741, 0.1172],
        difference: -0.0058,
        difference_interval: [-0.0131, 0.0012],
        p_value: 0.107,
      }),
      f1: metric({
        candidate: 0.5747,
        champion: 0.5301,
        interval: [0.4421, 0.6897],
        champion_interval: [0.3951, 0.6494],
        difference: 0.0446,
        difference_interval: [-0.0389, 0.1287],
        p_value: 0.303,
      }),
      precision: metric({
        candidate: 0.5435,
        champion: 0.5238,
        interval: [0.4074, 0.6809],
        champion_interval: [0.3824, 0.6667],
        difference: 0.0197,
        difference_interval: [-0.0702, 0.1121],
        p_value: 0.67,
      }),
      recall: metric({
        candidate: 0.6098,
        champion: 0.5366,
        interval: [0.4634, 0.7561],
        champion_interval: [0.3902, 0.6829],
        difference: 0.0732,
        difference_interval: [-0.0244, 0.1707],
        p_value: 0.142,
      }),
      accuracy: metric({
        candidate: 0.8549,
        champion: 0.8471,
        interval: [0.8118, 0.898],
        champion_interval: [0.8, 0.8902],
        difference: 0.0078,
        difference_interval: [-0.0235, 0.0392],
        p_value: 0.71,
      }),
      calibration_slope: metric({
        candidate: 1.0431,
        champion: 0.9127,
        interval: [0.7412, 1.3804],
        champion_interval: [0.6321, 1.2207],
        difference: 0.1304,
        difference_interval: [-0.0511, 0.3192],
        p_value: 0.16,
      }),
      calibration_in_the_large: metric({
        candidate: -0.0081,
        champion: 0.0132,
        interval: [-0.0411, 0.0249],
        champion_interval: [-0.0211, 0.0472],
        difference: -0.0213,
        difference_interval: [-0.0321, -0.0102],
        p_value: 0.002,
      }),
      expected_cost: metric({
        candidate: 0.4431,
        champion: 0.4902,
        interval: [0.349, 0.5451],
        champion_interval: [0.3922, 0.6],
        difference: -0.0471,
        difference_interval: [-0.1137, 0.0157],
        p_value: 0.149,
        note: 'per row, by gate.costs, positive from a probability of .167 on',
      }),
    },
    slices: withGaps(
      [
        ['Gender', 'Female', 104, 15, 0.8639, 0.8521],
        ['Gender', 'Male', 151, 26, 0.8497, 0.8372],
        ['MaritalStatus', 'Divorced', 57, 6, 0.8301, 0.8203],
        ['MaritalStatus', 'Married', 117, 14, 0.8412, 0.8447],
        ['MaritalStatus', 'Single', 81, 21, 0.8619, 0.8389],
        ['Department', 'Human Resources', 11, 2, null, null],
        ['Department', 'Research & Development', 168, 23, 0.8571, 0.8462],
        ['Department', 'Sales', 76, 16, 0.8448, 0.8312],
      ].map(([column, value, n, positives, candidate, champion]) => ({
        column: String(column),
        value: String(value),
        n: Number(n),
        positives: Number(positives),
        metric: 'roc_auc',
        candidate: candidate as number | null,
        champion: champion as number | null,
        interval:
          candidate === null
            ? null
            : [
                Number(candidate) - 1.1 / Math.sqrt(Number(n)),
                Math.min(1, Number(candidate) + 0.9 / Math.sqrt(Number(n))),
              ],
        ...judged(candidate as number | null, champion as number | null, Number(positives) >= 20),
        ...(candidate === null ? { note: 'Too few rows of a class to measure.' } : {}),
      })),
    ),
    checks: [
      check({
        name: 'threshold roc_auc',
        outcome: 'pass',
        detail: '.855 is at least .750.',
        value: 0.8554,
        limit: 0.75,
      }),
      check({
        name: 'threshold brier',
        outcome: 'pass',
        detail: '.089 is at most .120.',
        value: 0.0893,
        limit: 0.12,
      }),
      check({
        name: 'floor',
        outcome: 'pass',
        detail: 'ROC AUC beats the constant prediction (.500): lower bound .806 at 95 %.',
        value: 0.8554,
        bound: 0.8061,
        limit: 0.5,
        confidence: 0.95,
      }),
      check({
        name: 'champion',
        outcome: 'pass',
        detail: 'The difference of +.012 has a lower bound of −.007 at 95 %, above −.030.',
        value: 0.0122,
        bound: -0.0071,
        limit: -0.03,
        confidence: 0.95,
      }),
      check({
        name: 'anchor',
        outcome: 'not_judged',
        detail: 'gate.anchor names no package to compare with.',
      }),
      check({
        name: 'slices Gender=Male',
        outcome: 'pass',
        detail: 'ROC AUC +.013; a drop of .100 would fail.',
        value: 0.0125,
        limit: -0.1,
      }),
      check({
        name: 'slices MaritalStatus=Single',
        outcome: 'pass',
        detail: 'ROC AUC +.023; a drop of .100 would fail.',
        value: 0.023,
        limit: -0.1,
      }),
      check({
        name: 'slices Department=Research & Development',
        outcome: 'pass',
        detail: 'ROC AUC +.011; a drop of .100 would fail.',
        value: 0.0109,
        limit: -0.1,
      }),
    ],
    check_counts: { pass: 7, fail: 0, inconclusive: 0, not_judged: 1 },
    notes: [],
    ...change,
  };
}

const coefficients: [string, number, number][] = [
  ['OverTime=Yes', 0.83, 0.79],
  ['BusinessTravel=Travel_Frequently', 0.51, 0.44],
  ['JobRole=Sales Representative', 0.47, 0.39],
  ['StockOptionLevel=0', 0.44, 0.37],
  ['NumCompaniesWorked', 0.38, 0.41],
  ['DistanceFromHome', 0.33, 0.31],
  ['YearsSinceLastPromotion', 0.31, 0.36],
  ['JobRole=Laboratory Technician', 0.28, 0.22],
  ['EnvironmentSatisfaction=1', 0.27, 0.24],
  ['JobInvolvement=1', 0.25, 0.19],
  ['WorkLifeBalance=3', -0.21, -0.17],
  ['YearsWithCurrManager', -0.31, -0.34],
  ['YearsInCurrentRole', -0.29, -0.27],
  ['MonthlyIncome', -0.34, -0.42],
  ['JobRole=Research Director', -0.36, -0.3],
  ['TotalWorkingYears', -0.42, -0.45],
  ['StockOptionLevel=1', -0.45, -0.33],
];

/** A finished run of the attrition sample, with a champion, as a merge or `npm start` gives. */
export function sampleReport(change: Partial<Report> = {}): Report {
  const trials: [number, string, number, number][] = [
    [0.3, 'onehot', 0.8534, 3.1],
    [0.071, 'onehot', 0.8519, 2.8],
    [1.92, 'onehot', 0.8467, 3.4],
    [0.44, 'linear', 0.8391, 2.2],
    [2.61, 'linear', 0.8352, 2.4],
    [0.033, 'linear', 0.8327, 1.9],
    [0.15, 'onehot', 0.8529, 2.9],
    [0.86, 'onehot', 0.8501, 3.2],
  ];
  return {
    version: 1,
    project: 'attrition',
    model: 'attrition',
    problem: 'binary',
    backend: 'embedded',
    environment: null,
    run: {
      execution: 'train-20261122-170712-5f2c',
      mode: 'promote',
      trigger: 'pull_request',
      reason: null,
      started_at: '2026-11-22T17:07:12Z',
      finished_at: '2026-11-22T17:07:31Z',
      seconds: 18.6,
      commit: { sha: '2d34157c0ffee00112233445566778899aabbccd', ref: 'one-hot-ordinals', dirty: false },
      fingerprint: '9b1f0c5a77de4e2f8d3a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e',
      status: 'succeeded',
      promotion: {
        promoted: true,
        package: 'attrition/7',
        detail: 'Promoted: attrition/7 is the champion now.',
      },
    },
    verdict: sampleVerdict(),
    failure: null,
    candidate: {
      package: 'attrition/7',
      image: 'sha256:7c1f6a2b9d8e5f40312233445566778899aabbccddeeff001122334455667788',
      hyperparameters: { C: '0.3', encoding: 'onehot' },
      threshold: 0.31,
      origin: 'candidate',
      trained_at: '2026-11-22T17:07:28Z',
    },
    champion: {
      package: 'attrition/6',
      image: 'sha256:11f6a2b9d8e5f403122334455667788990abbccddeeff0011223344556677aa1',
      hyperparameters: { C: '1', encoding: 'linear' },
      threshold: 0.28,
      origin: 'champion',
      trained_at: '2026-11-15T09:12:03Z',
    },
    data: {
      source: 'model/data/attrition.csv',
      version: 'sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9',
      target: 'Attrition',
      positive: 'Yes',
      positive_defaulted: false,
      labels: ['No', 'Yes'],
      train: { rows: 1015, positives: 164 },
      holdout: { rows: 255, positives: 41 },
    },
    plots: {
      candidate: plotsOf({ ...scoresOf(255, 41, 44, 0.4), threshold: 1 / 6 }),
      champion: plotsOf({ ...scoresOf(255, 41, 44, 0.75), threshold: 1 / 6 }),
    },
    explanation: {
      kind: 'coefficients',
      unit: 'change in log-odds per standard deviation or category',
      features: coefficients.map(([name, value, champion]) => ({ name, value, champion })),
    },
    tuning: {
      strategy: 'bayesian',
      ran_as: 'random',
      objective: { metric: 'cv_roc_auc', goal: 'maximize' },
      trials: trials.map(([C, encoding, value, seconds], i) => ({
        name: `trial-${i + 1}`,
        hyperparameters: { C: String(C), encoding },
        value,
        seconds,
        status: 'completed',
      })),
      best: 'trial-1',
    },
    changes: [
      { what: 'config', path: 'tuning.ranges.encoding', from: '[linear]', to: '[linear, onehot]' },
      { what: 'hyperparameters', path: 'C', from: '1', to: '0.3' },
      { what: 'code', path: 'model/src/attrition/train.py', from: null, to: null },
    ],
    steps: [
      { name: 'Plan', seconds: 0.08, reused: false, saved_seconds: 0 },
      { name: 'Prepare', seconds: 0.02, reused: true, saved_seconds: 2.4 },
      { name: 'Tune', seconds: 14.2, reused: false, saved_seconds: 0 },
      { name: 'Score candidate', seconds: 2.6, reused: false, saved_seconds: 0 },
      { name: 'Score champion', seconds: 0.03, reused: true, saved_seconds: 2.7 },
      { name: 'Gate', seconds: 0.21, reused: false, saved_seconds: 0 },
      { name: 'Register', seconds: 0.04, reused: false, saved_seconds: 0 },
    ],
    cost: {
      estimated_usd: 0.04,
      actual_usd: 0,
      note: 'On this machine a run costs nothing; the estimate is what AWS would charge.',
    },
    notes: ['The bayesian strategy runs on SageMaker only: here it ran as random.'],
    links: [
      { label: 'Workflow run', url: 'https://github.com/example/attrition/actions/runs/123456789' },
      {
        label: 'HTML report',
        url: 'https://github.com/example/attrition/actions/runs/123456789/artifacts/42',
      },
    ],
    ...change,
  };
}

/** The first run: nothing to compare with. */
export function firstRun(): Report {
  const verdict = sampleVerdict({
    reason:
      'ROC AUC is .855 (95 % interval [.797, .905]), and every check passes; there was no champion to compare with.',
    smallest_detectable_difference: null,
    holdout_uses: 1,
  });
  for (const result of Object.values(verdict.metrics))
    Object.assign(result, {
      champion: null,
      champion_interval: null,
      difference: null,
      difference_interval: null,
      p_value: null,
    });
  verdict.slices = verdict.slices.map((slice) => ({
    ...slice,
    ...judged(null, null, false),
    champion: null,
  }));
  verdict.checks = verdict.checks.map((c) => (c.name === 'champion' ? check({ ...c, ...NONE }) : c));
  const base = sampleReport();
  return {
    ...base,
    verdict,
    champion: null,
    changes: null,
    plots: base.plots === null ? null : { candidate: base.plots.candidate, champion: null },
    explanation:
      base.explanation === null
        ? null
        : {
            ...base.explanation,
            features: base.explanation.features.map(({ name, value }) => ({ name, value })),
          },
    steps: base.steps
      .filter((step) => step.name !== 'Score champion')
      .map((step) => ({ ...step, reused: false, saved_seconds: 0 })),
  };
}

const NONE = { detail: 'none', value: null, bound: null, limit: null, confidence: null };

/** A candidate that cannot be told from a worse one. */
export function heldRun(): Report {
  const verdict = sampleVerdict({
    outcome: 'hold',
    reason:
      "Inconclusive: ROC AUC is between .047 worse and .009 better than the champion's at 95 % confidence; the margin of .030 is neither met nor excluded.",
  });
  verdict.checks = verdict.checks.map((c) =>
    c.name === 'champion'
      ? {
          ...c,
          outcome: 'inconclusive' as const,
          detail:
            'The difference of −.019 has a lower bound of −.047 at 95 %: neither above nor wholly below −.030.',
          value: -0.019,
          bound: -0.047,
        }
      : c,
  );
  verdict.metrics.roc_auc = metric({
    candidate: 0.8242,
    champion: 0.8432,
    interval: [0.7601, 0.8842],
    champion_interval: [0.7832, 0.8961],
    difference: -0.019,
    difference_interval: [-0.0521, 0.0141],
    p_value: 0.261,
    method: 'score',
  });
  const base = sampleReport({ verdict });
  base.run.promotion = {
    promoted: false,
    package: 'attrition/7',
    detail: 'attrition/7 is registered and waits for a person to approve it.',
  };
  return base;
}

/** The gate's words on a slice whose difference is well within the drop that is allowed. */
function judged(candidate: number | null, champion: number | null, isLarge: boolean) {
  const difference = candidate === null || champion === null ? null : candidate - champion;
  const isJudged = isLarge && difference !== null;
  return {
    difference,
    difference_interval:
      difference === null ? null : ([difference - 0.05, difference + 0.05] as [number, number]),
    level: isJudged ? 0.98 : null,
    outcome: isJudged ? ('pass' as const) : ('not_judged' as const),
    reason: isJudged ? 'A drop of .100 is allowed.' : 'Not judged: too few rows.',
  };
}

/** A clearly worse candidate: a threshold, the champion comparison and a slice fail. */
export function rejectedRun(): Report {
  const verdict = sampleVerdict({
    outcome: 'reject',
    reason: 'ROC AUC is .721, below the threshold of .750, and worse than the champion by more than .030.',
  });
  verdict.metrics.roc_auc = metric({
    candidate: 0.7213,
    champion: 0.8432,
    interval: [0.6402, 0.8024],
    champion_interval: [0.7832, 0.8961],
    difference: -0.1219,
    difference_interval: [-0.1821, -0.0617],
    p_value: 0.00007,
    method: 'score',
  });
  verdict.checks = verdict.checks.map((c) => {
    if (c.name === 'threshold roc_auc')
      return { ...c, outcome: 'fail' as const, detail: '.721 is below .750.', value: 0.7213 };
    if (c.name === 'champion')
      return {
        ...c,
        outcome: 'fail' as const,
        detail: 'The difference of −.122 has an upper bound of −.071 at 95 %, below −.030.',
        value: -0.1219,
        bound: -0.0714,
      };
    if (c.name === 'slices MaritalStatus=Single')
      return {
        ...c,
        outcome: 'fail' as const,
        detail: 'ROC AUC −.139; a drop of .100 fails.',
        value: -0.139,
      };
    return c;
  });
  verdict.slices = verdict.slices.map((slice) =>
    slice.value === 'Single' ? { ...slice, outcome: 'fail' as const } : slice,
  );
  const base = sampleReport({ verdict });
  base.run.promotion = { promoted: false, package: 'attrition/7', detail: 'The champion stays attrition/6.' };
  return base;
}

/** Training broke: no verdict. */
export function failedRun(): Report {
  const base = sampleReport();
  return {
    ...base,
    run: {
      ...base.run,
      seconds: 4.3,
      status: 'failed',
      promotion: { promoted: false, package: null, detail: '' },
    },
    verdict: null,
    failure: {
      step: 'Train',
      error: 'AlgorithmError',
      cause: "ValueError: could not convert string to float: 'Travel_Rarely'",
      log: [
        'reading input/data/train/train.csv: 1015 rows, 28 columns',
        'Traceback (most recent call last):',
        '  File "model/src/attrition/train.py", line 61, in main',
        '    model.fit(features, target)',
        '  File "sklearn/pipeline.py", line 473, in fit',
        '    Xt = self._fit(X, y, routed_params)',
        "ValueError: could not convert string to float: 'Travel_Rarely'",
      ],
      hint: 'Read the lines of the log above. `npm run mlops -- validate` checks the data contract without training.',
    },
    candidate: null,
    plots: null,
    explanation: null,
    tuning: null,
    changes: null,
    steps: [
      { name: 'Plan', seconds: 0.08, reused: false, saved_seconds: 0 },
      { name: 'Prepare', seconds: 2.4, reused: false, saved_seconds: 0 },
      { name: 'Train', seconds: 1.8, reused: false, saved_seconds: 0 },
    ],
    notes: [],
  };
}

/** Nothing changed: every step reused. */
export function reusedRun(): Report {
  const base = sampleReport({ changes: [] });
  base.run.seconds = 0.31;
  base.run.promotion = {
    promoted: false,
    package: 'attrition/7',
    detail: 'attrition/7 is the champion already.',
  };
  base.steps = base.steps.map((step) => ({
    ...step,
    seconds: 0.01,
    reused: true,
    saved_seconds: step.seconds + step.saved_seconds,
  }));
  return base;
}

/** The policy is only tried out: a reject that nobody is held to. */
export function unenforcedRun(): Report {
  const base = rejectedRun();
  if (base.verdict !== null) base.verdict.enforced = false;
  base.run.promotion = {
    promoted: true,
    package: 'attrition/7',
    detail: 'Promoted all the same: attrition/7 is the champion now.',
  };
  return base;
}

const WINES = ['Barolo', 'Grignolino', 'Barbera d’Alba'];

/** Three classes, a champion, no single ROC curve. */
export function multiclassRun(): Report {
  const random = randomFrom(3);
  const labels = Array.from({ length: 60 }, (_, row) => row % 3);
  const plots = (skill: number) => {
    const weights = Float64Array.from(
      { length: 180 },
      (_, i) => 0.05 + random() * 0.6 + (labels[Math.floor(i / 3)] === i % 3 ? skill : 0),
    );
    const sum = (row: number) => weights.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b);
    const scores = weights.map((weight, i) => weight / sum(Math.floor(i / 3)));
    return multiclassPlotsOf({ labels, scores, classes: WINES });
  };
  const verdict = sampleVerdict({
    reason: 'Not worse than the champion by .030 in accuracy.',
    primary: 'accuracy',
    n: 60,
    positives: null,
    slices: [],
    metrics: {
      accuracy: metric({
        candidate: 0.9,
        champion: 0.8667,
        interval: [0.8167, 0.9667],
        champion_interval: [0.7667, 0.95],
        difference: 0.0333,
        difference_interval: [-0.0167, 0.0833],
      }),
      log_loss: metric({
        candidate: 0.2107,
        champion: 0.2562,
        interval: [0.1304, 0.3081],
        champion_interval: [0.1602, 0.3702],
        difference: -0.0455,
        difference_interval: [-0.0911, -0.0021],
      }),
      f1_macro: metric({
        candidate: 0.8994,
        champion: 0.8651,
        interval: [0.8142, 0.9667],
        champion_interval: [0.764, 0.9493],
        difference: 0.0343,
        difference_interval: [-0.0171, 0.0846],
      }),
    },
  });
  const explanation = {
    kind: 'coefficients',
    unit: 'change in log-odds per standard deviation or category',
    features: WINES.flatMap((name, i) =>
      ['proline', 'alcohol', 'color_intensity'].map((feature, j) => ({
        name: feature,
        class: name,
        value: (i === j ? 1 : -1) * (0.9 - 0.2 * j),
        champion: (i === j ? 1 : -1) * (0.8 - 0.2 * j),
      })),
    ),
  };
  const base = sampleReport({ verdict, problem: 'multiclass', project: 'wine', explanation });
  if (base.data !== null)
    base.data = {
      ...base.data,
      source: 'wine.csv',
      target: 'cultivar',
      positive: null,
      labels: WINES,
      train: { rows: 118, positives: null },
      holdout: { rows: 60, positives: null },
    };
  return { ...base, plots: { candidate: plots(0.45), champion: plots(0.3) } };
}

/** Metrics in the target's unit, which are not between 0 and 1. */
export function regressionRun(): Report {
  const random = randomFrom(4);
  const actual = Float64Array.from({ length: 88 }, () => 40 + 280 * random());
  const predicted = (noise: number) => actual.map((value) => 60 + 0.6 * value + noise * (random() - 0.5));
  const verdict = sampleVerdict({
    reason: 'Not worse than the champion by 5% in RMSE.',
    primary: 'rmse',
    n: 88,
    positives: null,
    smallest_detectable_difference: 3.11,
    slices: ['1', '2'].map((value, i) => ({
      column: 'sex',
      value,
      n: 44,
      positives: null,
      metric: 'rmse',
      candidate: 52 + 3 * i,
      champion: 56 - i,
      interval: [44 + 3 * i, 61 + 3 * i],
      ...judged(52 + 3 * i, 56 - i, true),
    })),
    metrics: {
      rmse: metric({
        candidate: 53.8531,
        champion: 55.1209,
        interval: [47.102, 60.87],
        champion_interval: [48.31, 62.2],
        difference: -1.2678,
        difference_interval: [-3.402, 0.911],
      }),
      mae: metric({
        candidate: 43.104,
        champion: 44.9021,
        interval: [36.8, 49.7],
        champion_interval: [38.4, 51.6],
        difference: -1.7981,
        difference_interval: [-3.4012, -0.2043],
      }),
      r2: metric({
        candidate: 0.4821,
        champion: 0.4574,
        interval: [0.331, 0.601],
        champion_interval: [0.312, 0.572],
        difference: 0.0247,
        difference_interval: [-0.0184, 0.0671],
      }),
      mape: metric({
        candidate: 0.3702,
        champion: 0.3904,
        interval: [0.301, 0.4433],
        champion_interval: [0.319, 0.466],
        difference: -0.0202,
        difference_interval: [-0.0403, -0.0011],
      }),
    },
  });
  const base = sampleReport({ verdict, problem: 'regression', project: 'diabetes' });
  if (base.data !== null)
    base.data = {
      ...base.data,
      source: 'diabetes.csv',
      target: 'progression',
      positive: null,
      labels: [],
      train: { rows: 354, positives: null },
      holdout: { rows: 88, positives: null },
    };
  return {
    ...base,
    plots: {
      candidate: regressionPlotsOf({ actual, predicted: predicted(120) }),
      champion: regressionPlotsOf({ actual, predicted: predicted(160) }),
    },
  };
}

/** Every text that can come from a user, a log or a branch is `text`. */
export function hostileRun(text: string): Report {
  const base = rejectedRun();
  const { verdict } = base;
  if (verdict !== null) {
    verdict.reason = text;
    verdict.notes = [text];
    verdict.slices = verdict.slices.map((slice) => ({ ...slice, column: text, value: text, note: text }));
    verdict.checks = verdict.checks.map((c) => ({ ...c, name: `slices ${text}=${text}`, detail: text }));
    verdict.metrics = Object.fromEntries([
      ...Object.entries(verdict.metrics).map(([name, result]) => [name, { ...result, note: text }]),
      [text, metric({ candidate: 1 })],
    ]);
  }
  const model = {
    package: text,
    image: text,
    hyperparameters: { [text]: text },
    threshold: 0.5,
    trained_at: text,
  };
  return {
    ...base,
    project: text,
    run: {
      ...base.run,
      execution: text,
      trigger: text,
      reason: text,
      started_at: text,
      commit: { sha: text, ref: text, dirty: true },
      fingerprint: text,
      promotion: { promoted: false, package: text, detail: text },
    },
    failure: { step: text, error: text, cause: text, log: [text, text], hint: text },
    candidate: { ...model, origin: 'candidate' },
    champion: { ...model, origin: 'champion' },
    data: base.data && {
      ...base.data,
      source: text,
      version: text,
      target: text,
      positive: text,
      positive_defaulted: true,
      labels: [text, text, text],
    },
    plots: base.plots && {
      candidate: {
        ...base.plots.candidate,
        confusion: {
          classes: [text, text],
          counts: [
            [1, 2],
            [3, 4],
          ],
        },
        roc_by_class: [
          {
            class: text,
            roc: [
              [0, 0],
              [1, 1],
            ],
          },
        ],
      },
      champion: base.plots.champion,
    },
    explanation: {
      kind: text,
      unit: text,
      features: [
        { name: text, value: 1, champion: 2, class: text },
        { name: text, value: 1, champion: 2 },
      ],
    },
    tuning: {
      strategy: text,
      ran_as: text,
      objective: { metric: text, goal: 'maximize' },
      trials: [1, 2, 3].map((value) => ({
        name: text,
        hyperparameters: { [text]: String(value) },
        value,
        seconds: 1,
        status: 'completed',
        guided: true,
      })),
      best: text,
      guidance: {
        guide: {
          ...{ runs: 1, trials: 3, parts: { first: 1, guided: 1, random: 1 }, first: { [text]: text } },
          ranges: {
            [text]: [text],
            [`${text}2`]: { min: text, max: text, type: 'continuous', scale: 'linear' },
          },
        },
        why: text,
        standing: { runs: 0, guided: 0, random: 0, won: 0, better: null, interval: null },
      },
    },
    release: {
      mode: 'batch',
      source: text,
      rows: 7,
      places: [{ environment: text, cost: text }],
      note: text,
    },
    changes: [
      { what: 'config', path: text, from: text, to: text },
      { what: 'code', path: text, from: null, to: text },
    ],
    steps: [{ name: text, seconds: 1, reused: true, saved_seconds: 2 }],
    cost: { estimated_usd: 1, actual_usd: null, note: text },
    notes: [text],
    links: [
      { label: text, url: text },
      { label: text, url: `https://example.com/${text}` },
    ],
  };
}

/** Texts that did harm somewhere: markup, mentions, references, addresses, table and fence breakers, terminal codes. */
export const HOSTILE_TEXTS: string[] = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "' onmouseover='alert(1)",
  '@team|x',
  '@octocat/admins please look',
  'fixes #123 and GH-42 and owner/repo#7',
  '![x](https://example.com/x.png) [y](javascript:alert(1))',
  'https://evil.example/?a=1 www.evil.example mail@evil.example',
  'a | b | c',
  '`code` ``two`` ```three',
  '```mermaid\nflowchart LR\nA-->B\n```',
  'line one\nline two\r\n\r\n# heading\n- item',
  '-->\n<!-- mlops-report:other -->',
  '---\ntitle: x\n---\n%%{init: {"securityLevel": "loose"}}%%\nclick A callback',
  '</td></tr></table></details></summary>',
  '$x^2$ costs $5 :tada: ~~gone~~ **bold** _it_',
  '&lt;b&gt; &#60;img&#62; &amp;',
  '\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  'abc\u202eevil\u2066x\u0000y',
  '1. one',
  '- dash',
  '=====',
  '\\',
  '',
  'x'.repeat(5000),
  '] ](https://evil.example)',
  '名前 émoji 🎉 ünï',
];

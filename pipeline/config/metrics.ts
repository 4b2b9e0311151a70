/** The metrics that a gate may name: for which problems, in which range, and what they need of the model. */

export const problems = ['binary', 'multiclass', 'regression'] as const;
export type Problem = (typeof problems)[number];

interface MetricFacts {
  problems: readonly Problem[];
  /** The values that it can take, ends included; null: no end. */
  min: number | null;
  max: number | null;
  /** Needs probabilities, not labels alone. */
  probabilities: boolean;
  /** Comparable between data sets, so that an absolute margin has a sensible default. */
  scaleFree: boolean;
}

const share = { min: 0, max: 1, scaleFree: true };
const loss = { min: 0, max: null, scaleFree: false };

export const metrics = {
  roc_auc: { ...share, problems: ['binary'], probabilities: true },
  pr_auc: { ...share, problems: ['binary'], probabilities: true },
  log_loss: { ...loss, problems: ['binary', 'multiclass'], probabilities: true },
  brier: { min: 0, max: 1, scaleFree: false, problems: ['binary'], probabilities: true },
  f1: { ...share, problems: ['binary'], probabilities: false },
  precision: { ...share, problems: ['binary'], probabilities: false },
  recall: { ...share, problems: ['binary'], probabilities: false },
  accuracy: { ...share, problems: ['binary', 'multiclass'], probabilities: false },
  calibration_slope: { min: null, max: null, scaleFree: false, problems: ['binary'], probabilities: true },
  f1_macro: { ...share, problems: ['multiclass'], probabilities: false },
  roc_auc_ovr: { ...share, problems: ['multiclass'], probabilities: true },
  rmse: { ...loss, problems: ['regression'], probabilities: false },
  mae: { ...loss, problems: ['regression'], probabilities: false },
  r2: { min: null, max: 1, scaleFree: true, problems: ['regression'], probabilities: false },
  mape: { ...loss, problems: ['regression'], probabilities: false },
} as const satisfies Record<string, MetricFacts>;

export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as [Metric, ...Metric[]];

export const metricFacts = (metric: Metric): MetricFacts => metrics[metric];

export const metricsOf = (problem: Problem): Metric[] =>
  metricNames.filter((name) => metricFacts(name).problems.includes(problem));

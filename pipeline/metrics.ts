/** The only list of metrics: the problems each applies to, its range, the better direction, and what it needs. */

export const problems = ['binary', 'multiclass', 'regression'] as const;
export type Problem = (typeof problems)[number];

interface MetricFacts {
  /** Name shown to people. */
  label: string;
  problems: readonly Problem[];
  better: 'higher' | 'lower' | 'near 1' | 'near 0';
  /** Smallest and largest possible value, inclusive; null: unbounded. */
  min: number | null;
  max: number | null;
  /** Needs probabilities, not only labels. */
  probabilities: boolean;
  /** Comparable between data sets, so an absolute margin can have a default. */
  scaleFree: boolean;
}

const share = { better: 'higher', min: 0, max: 1, probabilities: false, scaleFree: true } as const;
const ranking = { ...share, probabilities: true } as const;
const loss = { better: 'lower', min: 0, max: null, probabilities: false, scaleFree: false } as const;

/** Each metric equals scikit-learn's function of that name; gate/references.test.ts checks this. */
export const metrics = {
  roc_auc: { label: 'ROC AUC', problems: ['binary'], ...ranking },
  pr_auc: { label: 'PR AUC', problems: ['binary'], ...ranking },
  log_loss: { label: 'Log-loss', problems: ['binary', 'multiclass'], ...loss, probabilities: true },
  brier: { label: 'Brier score', problems: ['binary'], ...loss, max: 1, probabilities: true },
  f1: { label: 'F1', problems: ['binary'], ...share },
  precision: { label: 'Precision', problems: ['binary'], ...share },
  recall: { label: 'Recall', problems: ['binary'], ...share },
  accuracy: { label: 'Accuracy', problems: ['binary', 'multiclass'], ...share },
  calibration_slope: {
    label: 'Calibration slope',
    problems: ['binary'],
    better: 'near 1',
    min: null,
    max: null,
    probabilities: true,
    scaleFree: false,
  },
  calibration_in_the_large: {
    label: 'Mean calibration',
    problems: ['binary'],
    better: 'near 0',
    min: -1,
    max: 1,
    probabilities: true,
    scaleFree: true,
  },
  expected_cost: {
    label: 'Expected cost',
    problems: ['binary'],
    ...loss,
    min: null,
    probabilities: true,
  },
  f1_macro: { label: 'Macro F1', problems: ['multiclass'], ...share },
  roc_auc_ovr: { label: 'ROC AUC, one vs rest', problems: ['multiclass'], ...ranking },
  rmse: { label: 'RMSE', problems: ['regression'], ...loss },
  mae: { label: 'MAE', problems: ['regression'], ...loss },
  r2: { label: 'R²', problems: ['regression'], ...share, min: null },
  mape: { label: 'MAPE', problems: ['regression'], ...loss },
} as const satisfies Record<string, MetricFacts>;

export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as [Metric, ...Metric[]];

export const isMetric = (name: string): name is Metric => Object.hasOwn(metrics, name);

export const metricFacts = (metric: Metric): MetricFacts => metrics[metric];

export const metricsOf = (problem: Problem): Metric[] =>
  metricNames.filter((name) => metricFacts(name).problems.includes(problem));

/** A problem's metrics that cannot be computed without probabilities. */
export const probabilityMetricsOf = (problem: Problem): Metric[] =>
  metricsOf(problem).filter((name) => metricFacts(name).probabilities);

/** The best value of a metric that is best at one value; null if higher or lower is better. */
export function idealOf(name: string): number | null {
  const { better } = metricText(name);
  return better === 'near 1' ? 1 : better === 'near 0' ? 0 : null;
}

/** A metric's label and better direction; an unknown metric is labelled with its own name. */
export const metricText = (name: string): Pick<MetricFacts, 'label' | 'better'> =>
  isMetric(name) ? metrics[name] : { label: name, better: 'higher' };

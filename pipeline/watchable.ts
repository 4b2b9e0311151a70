import type { Problem } from './metrics.ts';
import { isMetric, metricFacts } from './metrics.ts';

/** Why a metric is not the mean of bounded losses of single rows, which detectors of decay need. */
const REASONS: Record<string, string> = {
  pr_auc: 'it is no mean over rows or pairs of rows; roc_auc is',
  calibration_slope: 'it is no mean over rows; brier and log_loss see a loss of calibration',
  calibration_in_the_large: 'it can be wrong in two directions; brier and log_loss see a loss of calibration',
  expected_cost: 'costs have no common bound; precision and recall watch both kinds of error',
  f1_macro: 'it is a mean of ratios; accuracy is a mean over rows',
  roc_auc_ovr:
    'its pairs are of as many kinds as there are classes; accuracy and log_loss are means over rows',
  r2: 'it compares with the variance of the labels, which changes by itself; rmse does not',
  mape: 'its errors have no bound where labels are near 0; mae has one',
};

/** Why decay of a metric cannot be watched, in words that follow "because"; null if it can. */
export function watchable(metric: string, problem: Problem): string | null {
  if (!isMetric(metric)) return 'it is no metric of this template';
  if (!metricFacts(metric).problems.includes(problem)) return `${problem} models do not have it`;
  return REASONS[metric] ?? null;
}

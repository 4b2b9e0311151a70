import { estimateErrors } from '../statistics/estimated-errors.ts';
import {
  type Estimator,
  estimatorOf,
  type PerformanceEstimate,
} from '../statistics/estimated-performance.ts';
import type { Reference } from './reference.ts';
import type { WindowSummary } from './window.ts';

const { max, min, sqrt } = Math;

/** Estimated performance of a window before its labels, by metric; a metric that cannot be told is absent. */
export function estimateWindow(
  reference: Reference,
  window: WindowSummary,
): Partial<Record<string, PerformanceEstimate>> {
  const scores = reference.scores.map(({ name, bins }) => {
    const now = window.scores.find((score) => score.name === name);
    return now !== undefined && now.counts.length === bins.length ? now : null;
  });
  if (scores.length === 0 || scores.some((score) => score === null || score.counts.every((n) => n === 0)))
    return {};
  if (reference.problem === 'regression') return estimateErrors(reference.scores[0]!, scores[0]!);
  const estimators = estimatorsOf(reference);
  const estimates = estimators.map((estimator, i) => estimator.estimate(scores[i]!));
  if (reference.problem === 'binary') return estimates[0]!;
  return { ...ofClasses(estimates.map(({ roc_auc }) => roc_auc)) };
}

/** One vs rest: the mean over classes, whose errors are taken to go together, the widest that they can be. */
function ofClasses(aucs: (PerformanceEstimate | undefined)[]): { roc_auc_ovr?: PerformanceEstimate } {
  if (aucs.includes(undefined)) return {};
  const mean = (of: (auc: PerformanceEstimate) => number) =>
    aucs.reduce((sum, auc) => sum + of(auc!), 0) / aucs.length;
  const [value, error] = [mean((auc) => auc.value), mean((auc) => auc.error)];
  return {
    roc_auc_ovr: {
      value,
      error,
      interval: [max(0, value - 1.959964 * error), min(1, value + 1.959964 * error)],
      sampling: mean((auc) => auc.sampling),
    },
  };
}

/** Why a metric cannot be estimated, for those that a model of this problem has. */
export function whyNotEstimated(metric: string, reference: Reference): string {
  if (reference.scores.length === 0) return 'the model answers classes alone';
  if (reference.problem === 'multiclass' && metric !== 'roc_auc_ovr')
    return 'the counts are by class, and this metric needs the classes of a row together';
  if (reference.problem === 'regression') return 'only MAE and RMSE are estimated for regression';
  return 'the scores in bins are not enough for it';
}

const prepared = new WeakMap<Reference, Estimator[]>();

function estimatorsOf(reference: Reference): Estimator[] {
  const found = prepared.get(reference);
  if (found !== undefined) return found;
  const made = reference.scores.map((score) =>
    estimatorOf(score, reference.problem === 'binary' ? reference.threshold : null),
  );
  prepared.set(reference, made);
  return made;
}

/** The error of a measured value around an estimate, where only `labelled` of `rows` have a label. */
export function errorWith(
  { sampling, half }: { sampling: number; half: number },
  rows: number,
  labelled: number,
): number {
  const error = half / 1.959964;
  return sqrt(error ** 2 + sampling ** 2 * max(0, rows / max(1, labelled) - 1));
}

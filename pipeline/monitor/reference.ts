import type { Problem } from '../metrics.ts';

/**
 * What a package was like when it was judged, frozen with it: windows of production are compared with this and with nothing
 * else. Made from the holdout's scores, which the model never saw (reference-of.ts), and from the prepare
 * program's `reference/columns.json`. It holds counts alone, no rows.
 */
export interface Reference {
  version: 1;
  problem: Problem;
  /** The classes, as manifest.labels; the second one of a binary problem is the positive one. Empty: regression. */
  labels: string[];
  /** The operating threshold of a binary model; null for others. */
  threshold: number | null;
  /** Rows of the holdout. */
  rows: number;
  /**
   * The model's scores: probabilities of the positive class; of each class (multiclass); values (regression). Empty where the
   * model answers classes alone.
   */
  scores: ScoreReference[];
  /** Rows of the holdout by decision, in the order of labels; empty for regression. */
  decisions: number[];
  /** The gate's metrics of the holdout. */
  metrics: Record<string, { value: number; interval: [number, number] | null }>;
  /**
   * Losses in [0, 1] on the holdout, by metric (statistics/losses.ts): the mean and the number of terms; `scale` is what a
   * loss of 1 stands for, where the metric's own loss has no bound.
   */
  losses: Record<string, { mean: number; n: number; scale: number }>;
  /** The columns of training rows; empty where data.sensitive hides all. */
  columns: ColumnReference[];
}

/** Scores in fine bins, each with what was true of its rows: enough for drift, calibration and estimated performance. */
export interface ScoreReference {
  /** The class; '' for binary scores and for values. */
  name: string;
  /**
   * Lower ends of the bins but the first, ascending: a score x is in the first bin whose end is above x, and the last bin has
   * no end. At most 999. The threshold of a binary model is one of them, so that every bin has one decision.
   */
  edges: number[];
  /** Per bin: rows, the sum of their scores, and rows of this class (regression: sum of true values). */
  bins: ScoreBin[];
}

export interface ScoreBin {
  n: number;
  sum: number;
  positives: number;
  /** Regression: sums of the absolute errors, and of the errors' second and fourth powers. */
  errors?: { absolute: number; squared: number; fourth: number };
}

/** One column of the training rows. The prepare program writes it (reference.py). */
export type ColumnReference =
  | {
      name: string;
      type: 'number';
      /** Interior cut points of at most 10 bins of about equal count, strictly ascending; a value x is left of an edge if x < edge. */
      edges: number[];
      /** edges.length + 1 counts of rows with a value. */
      counts: number[];
      missing: number;
      /** Smallest and largest value; null where every row is missing. */
      range: [number, number] | null;
    }
  | {
      name: string;
      type: 'category';
      /** The most frequent categories, at most 50, and how many rows each has. */
      categories: string[];
      counts: number[];
      /** Rows of other categories, which training saw. */
      others: number;
      missing: number;
      /** Every category that training saw, where manifest.categories lists them; null: too many to tell a new one. */
      known: string[] | null;
    };

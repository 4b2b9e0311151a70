/**
 * What the prepare program's job `monitor` makes from rows (monitor.py): the files `summary/summary.json` (WindowSummary per
 * window and package, counts alone) and `labelled/` (steps/monitor/summarise.ts: LabelledFile). A window is half open:
 * [start, end), UTC, its start a multiple of the window's length since 1970-01-05 (a Monday).
 */

export interface Summary {
  version: 1;
  /** Sources that were counted: releases by name, files of captured requests by their path below the input `captures`. */
  sources: string[];
  windows: WindowSummary[];
  truth: TruthSummary;
  /** Sentences: what was left out and why. */
  notes: string[];
}

/** Predictions of one package in one window. Adding two of the same key field by field gives that of both: an increment. */
export interface WindowSummary {
  package: string;
  /** ISO 8601. */
  start: string;
  end: string;
  rows: number;
  /** By name of ScoreReference: counts and sums of scores in its bins; `bad`: rows without a finite score. */
  scores: { name: string; counts: number[]; sums: number[]; bad: number }[];
  /** Rows by decision, in the order of labels; empty for regression. */
  decisions: number[];
  columns: WindowColumn[];
}

/** Counts in the bins of the ColumnReference of that name. `absent`: no file of the window has the column. */
export type WindowColumn =
  | { name: string; type: 'number'; absent: boolean; counts: number[]; missing: number }
  | {
      name: string;
      type: 'category';
      absent: boolean;
      counts: number[];
      others: number;
      /** Rows of categories that training never saw, with at most 5 of them (none where the column is hidden). */
      unseen: number;
      examples: string[];
      missing: number;
    };

/** What became of the truth so far. Counts of distinct row ids unless said. */
export interface TruthSummary {
  /** Rows of the files that this look was given. */
  rows: number;
  /** Row ids with labels that differ: nobody knows which is right, so neither counts, now or later. */
  conflicts: number;
  /** No prediction whose labels are open has that row id, and none that it counted for before. */
  unknown: number;
  /** The label was known before the first prediction of its row. */
  early: number;
  /** The label says it becomes known after the look. */
  future: number;
  /** Rows of this look's files without a usable label, and row ids whose label is no class of the prediction's package. */
  bad: number;
  matched: number;
}

/**
 * The matched rows of one window and package, in the order of predicted_at, then of the hash of the row id. Each label counts
 * once: for the last prediction of its row id that was not made after the label was known (known_at, else the look that saw
 * it first), or for the prediction that its columns package and predicted_at name. What a label counted for in a window whose
 * labels are no longer open stays so.
 */
export interface LabelledWindow {
  package: string;
  start: string;
  end: string;
  /**
   * Parquet: score (double; scores of k classes: score_0..score_k-1; the code of the decision where the model answers classes
   * alone), label (double: code of the class, or the value).
   */
  uri: string;
  /** The file's rows of this window: `rows` of them from `first` (0 is the first row of the file) on. */
  first: number;
  rows: number;
  /**
   * Predictions of the window with a finite score, and those with a label, by tenth of the score's distribution in this
   * window (of k classes, of the largest); equal scores are in one part, so there may be fewer than ten.
   */
  coverage: { rows: number; labelled: number }[];
}

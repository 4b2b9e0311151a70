/*
 * The documents that the release machine and the prepare program (pipeline/prepare: lay_out.py, deliver.py) exchange.
 */

/** `release.json` of the job that lays out rows. */
export interface LayOutSettings {
  step: 'lay_out';
  /** The name of the rows in messages: data.scoring. */
  source: string;
  /** The largest share of rows that may be left out because a cell cannot be read. */
  most_bad_rows: number;
}

/** `rows.json`, which that job writes beside `rows.csv` or `rows.jsonl`. */
export interface LaidOut {
  version: 1;
  /** Relative to the job's output. */
  path: string;
  content_type: 'text/csv' | 'application/jsonlines';
  /** Rows in the file. */
  rows: number;
  /** Rows that were left out, and the first of them in words. */
  rejected: { rows: number; examples: string[] };
  /** Columns that stand between the row id and the features. */
  slices: string[];
  features: { name: string; type: string }[];
  sha256: string;
  /** Cells of categories that training never saw, by feature. */
  unseen: { column: string; rows: number; examples: string[] }[];
  warnings: string[];
}

/** `release.json` of the job that delivers predictions. */
export interface DeliverSettings {
  step: 'deliver';
  model: string;
  release: string;
  package: string;
  /** ISO 8601, UTC. */
  predicted_at: string;
  /** model.output: probability, label or value. */
  output: string;
  /** Names of the columns after the answer. `factor_N` and `contribution_N` become the contributions. */
  extra: string[];
  /** Operating threshold of a binary model; null: 0.5. */
  threshold: number | null;
  /** Columns and groups that the summary must not show. */
  sensitive: string[];
  min_group: number;
}

/** `summary/summary.json` of that job: aggregates alone, which everybody may see. */
export interface Summary {
  version: 1;
  problem: 'binary' | 'multiclass' | 'regression';
  rows: number;
  threshold: number | null;
  labels: string[];
  positive: string | null;
  /** Histogram of the score (multiclass: probability of the decided class; regression: the value). */
  score: {
    edges: number[];
    counts: number[];
    /** Of the release before; null if there is none, or of another problem. */
    previous_counts: number[] | null;
    mean: number;
    previous_mean: number | null;
  } | null;
  /** Decided classes, the commonest first; empty for regression. */
  decisions: { label: string; rows: number; previous_rows: number | null }[];
  /** Rows of the release before with the same id, and the decisions that changed; null without one, or for regression. */
  flips: { compared: number; changes: { from: string; to: string; rows: number }[] } | null;
  /** By value of a slice column with at least min_group rows. `share`: of the positive class; else null. */
  slices: {
    column: string;
    value: string;
    rows: number;
    mean_score: number | null;
    share: number | null;
    previous_share: number | null;
    flipped: number | null;
  }[];
  /** The factors that move scores most over all rows: mean of the absolute contribution, and of the signed one. */
  factors: { name: string; rows: number; mean_absolute: number; mean: number }[];
  /** How many rows, columns or groups are kept back for privacy, in words. */
  kept_back: string[];
}

/** `summary/private.json`: rows by id, for those who may see the data. */
export interface PrivateSummary {
  version: 1;
  /** The highest scores first, at most 100. */
  rows: {
    row_id: string;
    score: number | null;
    decision: string | null;
    previous_decision: string | null;
    contributions: { name: string; value: number }[];
  }[];
}

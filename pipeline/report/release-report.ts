import type { Privacy } from '../gate/privacy.ts';
import type { Summary } from '../steps/release/delivery.ts';

/**
 * A release as plain JSON, rendered as a page, in the terminal and in GitHub Markdown. Those who may see the data may see all
 * of it; everybody else gets publishableRelease (publishable-release.ts) of it.
 */
export interface ReleaseReport {
  version: 1;
  project: string;
  model: string;
  problem: 'binary' | 'multiclass' | 'regression';
  release: string;
  kind: 'release' | 'rollback';
  mode: 'batch' | 'endpoint' | 'serverless';
  reason: string | null;
  trigger: string;
  /** ISO 8601. */
  released_at: string;
  package: string;
  previous: { release: string; package: string; released_at: string } | null;
  /** Predictions that an earlier release had made from the same model and rows; its id. null: made anew. */
  reused: string | null;
  predictions: {
    /** Where they are: a prefix. */
    path: string;
    source: string;
    data_version: string;
    rows: number;
    /** Rows that were left out. The examples quote cells. */
    rejected: { rows: number; examples: string[] };
    /** Categories that training never saw. The examples are cells. */
    unseen: { column: string; rows: number; examples: string[] }[];
    /** What laying out the rows warned of; may quote cells. */
    warnings: string[];
    summary: Summary;
  } | null;
  /** The model behind it. */
  card: {
    image: string;
    fingerprint: string;
    trained_at: string;
    commit: string | null;
    data: { source: string; version: string };
    hyperparameters: Record<string, string>;
    threshold: number | null;
    target: string;
    positive: string | null;
    labels: string[];
    features: string[];
    /** Columns that the model does not see. */
    kept_from_model: string[];
    /** With intervals, from the verdict that promoted it. */
    metrics: { name: string; value: number; interval: [number, number] | null }[];
    holdout: { rows: number; positives: number | null };
    verdict: { outcome: string; reason: string };
    /** Sentences on what the model is for and what it is not for (model.intended_use and .limits of mlops.yaml). */
    intended_use: string | null;
    limits: string[];
  };
  /** Notes for the reader, one sentence each. */
  notes: string[];
  /** The settings that keep parts of it from publication. */
  privacy: Privacy;
}

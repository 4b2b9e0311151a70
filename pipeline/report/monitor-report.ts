import type { Config } from '../config/schema.ts';
import type { Privacy } from '../gate/privacy.ts';
import type { Evidence, Finding } from '../monitor/finding.ts';
import type { Estimate, Measured } from '../monitor/history.ts';
import type { TruthSummary } from '../monitor/window.ts';

/**
 * One look at production as plain JSON, rendered as a page, in the terminal and in GitHub Markdown. It holds counts alone, no
 * rows; publishableMonitor (publishable-monitor.ts) takes out what only those who may see the data may see.
 */
export interface MonitorReport {
  version: 1;
  project: string;
  model: string;
  problem: 'binary' | 'multiclass' | 'regression';
  execution: string;
  trigger: string;
  finding: Finding;
  watched: Watched;
  /** What the package that readers see was like when it was judged; null: it has no reference, or there is no package. */
  reference: {
    package: string;
    rows: number;
    metrics: Record<string, { value: number; interval: [number, number] | null }>;
  } | null;
  /** Ascending in start; the last ones where there are many. */
  windows: MonitorWindow[];
  /** Earlier windows that are not in `windows`. */
  earlier: number;
  /** Ascending in time, from the first of `windows` on. */
  events: MonitorEvent[];
  /** Scores and columns of the last window that was judged; null: none was. */
  drift: Drift | null;
  /** The last mature window with its labels; null: none is mature. */
  labels: LabelFacts | null;
  /** How often the interval of an estimate held what labels showed later, by metric. */
  record: { metric: string; held: number; of: number }[];
  /** What became of the labels that were read so far; null: none were. */
  truth: TruthSummary | null;
  /** Notes for the reader, one sentence each. */
  notes: string[];
  /** The settings that keep parts of it from publication. */
  privacy: Privacy;
}

/** The settings that say what is watched. Durations are in seconds. */
export interface Watched {
  window: number;
  label_delay: number;
  /** Share of the predictions of each tenth that needs a label. */
  coverage: number;
  /** Whether labels are read at all. */
  truth: boolean;
  drift: NonNullable<NonNullable<Config['monitoring']>['drift']> | null;
  decay: {
    mean_labels_between_false_alarms: number;
    /** Whether decay starts a run (triggers.decay). */
    retrains: boolean;
  } | null;
  /** The metric of the line of time: that of monitoring.decay, else gate.primary. */
  metric: string;
  /** The worst value of the metric that is no decay; null: decay is not watched, or its limit is none of the metric itself. */
  limit: number | null;
}

/** A value and its interval of 95 %. */
export type Interval = Pick<Estimate, 'value' | 'interval'>;

/** Predictions of one package in one window, and what was found. */
export interface MonitorWindow {
  package: string;
  /** ISO 8601. */
  start: string;
  end: string;
  rows: number;
  /** Drift of the scores; null: it was not judged, and `why` says why. */
  scores: Pick<Evidence, 'outcome' | 'value' | 'limit'> | null;
  /** Names of columns whose values, missing rate or categories raised an alarm. */
  columns: string[];
  why: string | null;
  /** Watched.metric, estimated before labels. */
  estimate: Interval | null;
  /** Watched.metric, measured with labels. */
  measured: Measured | null;
  labels: {
    state: 'not yet' | 'mature';
    why: string | null;
    /** ISO 8601. */
    due: string;
    count: number;
    version: number;
    late: number;
  };
}

export interface MonitorEvent {
  /** ISO 8601. */
  at: string;
  kind: 'promotion' | 'rollback' | 'return' | 'release' | 'drift alarm' | 'decay alarm';
  package: string;
  /** Reasons, or what raised an alarm. */
  details: string[];
}

/** How production differs from the reference in one window. */
export interface Drift {
  package: string;
  start: string;
  end: string;
  rows: number;
  /** Rows of the holdout, which the scores are compared with. */
  reference: number;
  scores: ScoreDrift[];
  /** Rows by decision, of a model that answers classes alone; its `scores` are empty. */
  decisions: { label: string; reference: number; window: number }[];
  /** The most drifted first. */
  columns: ColumnDrift[];
  /** Columns that are not in `columns`, since there are too many. */
  more: number;
}

export interface ScoreDrift {
  /** The class; '' for binary scores and for values. */
  name: string;
  /** Ends of the bins, one more than there are bins. */
  edges: number[];
  /** Share of rows by bin. */
  reference: number[];
  window: number[];
  /** Rows of the window without a finite score. */
  bad: number;
  evidence: Evidence | null;
}

/** Rows; `few`: fewer than privacy.min_group, and not none. */
export type Count = number | 'few';

export interface ColumnDrift {
  name: string;
  type: 'number' | 'category';
  /** No file of the window has the column. */
  absent: boolean;
  /** Rows by range of values, or by category. */
  bins: { label: string; reference: number; window: number }[];
  /** Rows with and without a value. */
  rows: { reference: number; window: number };
  missing: { reference: Count; window: Count };
  /** Rows of categories that training never saw; null: a number, or nobody can tell. */
  unseen: Count | null;
  evidence: Evidence[];
}

/** The last mature window of the package that readers see. */
export interface LabelFacts {
  package: string;
  start: string;
  end: string;
  count: number;
  late: number;
  version: number;
  /** From the lowest tenth of the scores to the highest. */
  coverage: { rows: Count; labelled: Count }[];
  /** Sorted by name. */
  metrics: {
    name: string;
    measured: Measured;
    estimate: Interval | null;
    reference: number | null;
  }[];
}

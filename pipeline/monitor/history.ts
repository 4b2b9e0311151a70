import type { Evidence, FindingName } from './finding.ts';
import type { WindowSummary } from './window.ts';

/** All that looks at one model have seen. Each look adds to it; alarms and what detectors have read are never rewritten. */
export interface History {
  version: 1;
  /** By package and start, ascending in start. */
  windows: WindowRecord[];
  /** Detectors by package. */
  detectors: Record<string, Detectors>;
  alarms: Alarm[];
  /** Looks so far and, of those, windows whose drift was judged: what was spent of the false-alarm budget. */
  looks: number;
}

export interface WindowRecord {
  summary: WindowSummary;
  /** null until the window is complete, or where nothing can be said; then `why`. */
  drift: Evidence[] | null;
  why: string | null;
  /** Estimated performance before labels by metric; empty where it cannot be told. */
  estimates: Record<string, Estimate>;
  labels: WindowLabels;
}

export interface Estimate {
  value: number;
  interval: [number, number];
}

export interface WindowLabels {
  state: 'not yet' | 'mature';
  /** Why not yet: the delay is not over, or too few labels came. */
  why: string | null;
  /** When the label delay is over. ISO 8601. */
  due: string;
  count: number;
  coverage: { rows: number; labelled: number }[];
  /** Raised each time labels of the window are read anew. */
  version: number;
  /** Labels that came after the detectors had read the window; they change metrics, never an alarm. */
  late: number;
  metrics: Record<string, Estimate & { n: number }>;
}

/** Sequential detectors of one package: state after the labels so far. */
export interface Detectors {
  metric: string;
  /** The largest mean loss that is no decay. */
  limit: number;
  /** e-SR by lambda: alarm at a mean of at least mean_labels_between_false_alarms. */
  restart: { lambdas: number[]; values: number[] };
  /** e-process by lambda; `highest` is the largest mean so far. */
  breach: { lambdas: number[]; logs: number[]; highest: number };
  /** Terms read (labels; pairs for ROC AUC). */
  read: number;
}

/** An alarm as it was raised. */
export interface Alarm {
  at: string;
  package: string;
  kind: 'drift' | 'decay';
  finding: FindingName;
  window: { start: string; end: string };
  evidence: Evidence[];
}

import type { DetectorState } from '../statistics/detectors.ts';
import type { Evidence, FindingName } from './finding.ts';
import type { WindowSummary } from './window.ts';

/** All that looks at one model have seen. Each look adds to it; alarms and what detectors have read are never rewritten. */
export interface History {
  version: 1;
  /** The time of the last look; null: none yet. ISO 8601. */
  at: string | null;
  /** Sources whose rows are counted in `windows`, in code-point order: a look brings the summary of others. */
  sources: string[];
  /** By start, then package, ascending. */
  windows: WindowRecord[];
  /** Detectors by package. */
  detectors: Record<string, Detectors>;
  alarms: Alarm[];
  /** Looks so far. */
  looks: number;
}

export interface WindowRecord {
  summary: WindowSummary;
  /** null until the window is complete, or where nothing can be said; then `why`. */
  drift: Evidence[] | null;
  why: string | null;
  /** When drift and estimates were judged; null: not yet, or rows came since. ISO 8601. */
  judged: string | null;
  /** How often: once, and again each time rows came after that. Each time spends of the false alarms that are allowed. */
  judgements: number;
  /** Estimated performance before labels by metric; empty where it cannot be told. */
  estimates: Record<string, Estimate>;
  labels: WindowLabels;
}

export interface Estimate {
  value: number;
  /** 95 %, of the value that labels of all the window's rows will show. */
  interval: [number, number];
  /** The standard error that comes from which labels the rows happen to have. */
  sampling: number;
}

/** A metric by the labels of a window. */
export interface Measured {
  value: number;
  /** 95 %. */
  interval: [number, number];
  /** Rows with a label. */
  n: number;
}

export interface WindowLabels {
  state: 'not yet' | 'mature';
  /** Why not yet: the delay is not over, or too few labels came. */
  why: string | null;
  /** When the label delay is over. ISO 8601. */
  due: string;
  /** Rows with a label. */
  count: number;
  /** Rows among them without a usable score or label. */
  bad: number;
  coverage: { rows: number; labelled: number }[];
  /** Raised each time labels of the window are read anew. */
  version: number;
  /** Labels that came after the detectors had read the window; they change metrics, never an alarm. */
  late: number;
  /** Rows that the detectors read; null: they have not read the window. */
  read: number | null;
  metrics: Record<string, Measured>;
}

/** Sequential detectors of one package: state after the labels so far. */
export interface Detectors {
  metric: string;
  /** The value of the metric beyond which is decay. */
  limit: number;
  /** What a loss of 1 stands for. */
  scale: number;
  state: DetectorState;
}

/** An alarm as it was raised. */
export interface Alarm {
  at: string;
  package: string;
  kind: 'drift' | 'decay';
  finding: FindingName;
  window: { start: string; end: string };
  /** Decay: the metric and its limit then; null: drift. */
  limit: { metric: string; value: number } | null;
  evidence: Evidence[];
}

export const emptyHistory = (): History => ({
  version: 1,
  at: null,
  sources: [],
  windows: [],
  detectors: {},
  alarms: [],
  looks: 0,
});

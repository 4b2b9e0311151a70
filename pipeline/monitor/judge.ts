import type { Config } from '../config/schema.ts';
import type { Finding } from './finding.ts';
import type { History } from './history.ts';
import type { Reference } from './reference.ts';
import type { LabelledWindow, Summary } from './window.ts';

/** Everything that a look has read since the look before. */
export interface Look {
  model: string;
  /** Mlops.yaml's monitoring block, which is on. */
  settings: NonNullable<Config['monitoring']>;
  /** ISO 8601. */
  at: string;
  /** The package that readers see; null: none. */
  current: string | null;
  /** By package; null: an older package without one. */
  references: ReadonlyMap<string, Reference | null>;
  summary: Summary;
  /** Windows whose labels were read at this look. */
  labelled: readonly LabelledWindow[];
  /** Reads one of them: scores (k per row for k classes) and labels. */
  read: (window: LabelledWindow) => Promise<LabelledRows>;
}

export interface LabelledRows {
  /** n, or n times k. */
  scores: Float64Array;
  /** n codes of classes, or values. */
  labels: Float64Array;
}

/** The history with this look in it, and its finding. The same look again changes nothing. */
/** The history with this look in it, and its finding. */
export type Judge = (history: History, look: Look) => Promise<{ history: History; finding: Finding }>;

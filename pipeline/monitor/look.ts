import type { Config } from '../config/schema.ts';
import type { LabelledRows } from './read-labels.ts';
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
  /** The release that readers see, where its predictions are gone and were never counted; null: they are there. */
  gone: string | null;
  /** By package; null: an older package without one. */
  references: ReadonlyMap<string, Reference | null>;
  summary: Summary;
  /**
   * Windows with labels that were read at this look. Those that the detectors have not read (labels.read is null) belong here
   * at every look, since time alone can make them mature; others only where labels came.
   */
  labelled: readonly LabelledWindow[];
  /** Reads one of them: scores (k per row for k classes) and labels. */
  read: (window: LabelledWindow) => Promise<LabelledRows>;
}

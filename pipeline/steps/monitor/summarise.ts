import type { Config } from '../../config/schema.ts';
import type { Reference } from '../../monitor/reference.ts';

/*
 * The settings of the job `monitor` of the prepare program (pipeline/prepare: monitor.py), which reads rows and writes what
 * monitor/window.ts describes. Its inputs are folders below /opt/ml/processing/input:
 *
 * monitor/monitor.json                               these settings
 * predictions/model=MODEL/release=RELEASE/*.parquet  predictions of the releases below
 * inputs/model=MODEL/release=RELEASE/*.parquet       the columns that they were made from, of releases with `count`
 * captures/...                                       JSON Lines of what the prediction service was asked (serve/capture.ts)
 * truth/...                                          the files of monitoring.truth
 *
 * A folder without files is missing.
 */
export interface SummariseSettings {
  step: 'monitor';
  model: string;
  /** The time of the look, ISO 8601: predictions made later, and labels known later, do not count. */
  at: string;
  /** Length of a window, in seconds. */
  window: number;
  /** How the files of labels are written, as in the settings of the prepare job. */
  truth: Pick<Config['data'], 'row_id' | 'target' | 'format'> & { source_csv: Config['data']['csv'] };
  /** Every package with predictions below; null: an older one, whose scores and columns cannot be counted. */
  packages: Record<string, Reference | null>;
  releases: {
    release: string;
    package: string;
    /** New since the look before: its rows are counted. The others are read for their labels alone. */
    count: boolean;
  }[];
  /** Captured requests of [from, to) are counted; those before are read for their labels alone. ISO 8601. */
  captures: { from: string; to: string } | null;
  /** The windows whose labels are read, [start, end). ISO 8601. */
  label: { start: string; end: string }[];
  /** data.sensitive: columns of which no category is shown. */
  sensitive: string[];
}

/*
 * The documents that the monitor machine and the prepare program (pipeline/prepare: monitor.py) exchange. The job's inputs
 * are folders below /opt/ml/processing/input; all but `monitor` may be missing, which is the same as empty.
 *
 * | input | holds |
 * |---|---|
 * | `monitor` | `monitor.json` (SummariseSettings), and what its `packages` name |
 * | `predictions`, `inputs` | `release=ID/*.parquet` of the releases that no look has counted; a manifest file names them |
 * | `captures` | `*.jsonl` (or `.jsonl.gz`) of the prediction service that no look has counted |
 * | `open` | both of earlier looks, whose labels are still open; only labels are joined to them |
 * | `truth` | the files of monitoring.truth |
 * | `earlier` | `truth/` of the output of the look before |
 *
 * The output: `summary/summary.json` (pipeline/monitor/window.ts: Summary), `truth/*.parquet` for the next look and, where
 * there is a truth, `labelled/windows.json` (LabelledFile) with its Parquet files, one for each package.
 */
import type { LabelledWindow } from '../../monitor/window.ts';

/** `monitor.json`. */
export interface SummariseSettings {
  model: string;
  /** The time of the look. ISO 8601, UTC: labels that are known later do not count yet. */
  at: string;
  /** The length of a window in whole seconds. */
  window: number;
  problem: 'binary' | 'multiclass' | 'regression';
  /**
   * The file of each package's Reference, relative to the job's inputs (`monitor/1.json`); null: an older package has none,
   * and only its rows are counted. A package of the predictions that is not named is an error.
   */
  packages: Record<string, string | null>;
  /** data.sensitive: no message holds a cell of these columns. */
  sensitive: readonly string[];
  truth: null | {
    /** monitoring.truth: the name of the files in messages. */
    source: string;
    /** data.row_id; null: none. A file may call the column `row_id`. */
    row_id: string | null;
    /** data.target. A file may call the column `label`. */
    target: string;
    /** data.csv: how files of CSV are written. Parquet is known by its first bytes, gzip too. */
    csv: { delimiter: string; encoding: string; decimal: string };
  };
}

/** `labelled/windows.json`: every window with predictions whose labels are open, by package and start. */
export interface LabelledFile {
  version: 1;
  /** `uri` is relative to the job's output. */
  windows: LabelledWindow[];
}

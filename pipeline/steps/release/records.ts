import type { Config } from '../../config/schema.ts';
import type { DataInput, Request } from '../../machines/request.ts';
import type { ObjectVersion } from '../../ports.ts';
import type { JobTimes } from '../context.ts';

/*
 * The ledger items of releases. Each kind is one model's own.
 */

/**
 * What main deployed last: a release takes its settings from here, never from its caller. A run in mode promote writes it, and
 * on this machine `mlops release`.
 */
export interface Deployed {
  /** What a run that nobody asks for is made from: the whole request. Absent where it was only released on this machine. */
  request?: Request;
  config: Config;
  images: { prepare: string };
  /** The rows to predict (data.scoring); null: none. */
  scoring: DataInput | null;
  /** The labels that monitoring reads (monitoring.truth); null or absent: none. */
  truth?: DataInput | null;
  /** The training rows as they were at the last look on this machine; on AWS the request names them. */
  data?: Pick<DataInput, 'source' | 'version'>;
  commit: string | null;
  at: string;
}

export const deployedKind = 'deployed';

/**
 * The release that readers see. One conditional write moves it; the object at `pointerUri` (artifacts.ts) is its projection,
 * which the view predictions_current and the prediction service read.
 */
export interface Pointer {
  /** The release whose predictions or endpoint readers see. A later one that reuses its predictions names it too. */
  release: string;
  /** The execution that moved it here. */
  execution: string;
  package: string;
  mode: Config['inference']['mode'];
  /** ISO 8601. */
  at: string;
  reason: string;
  /** The release and package before it; null for the first. */
  previous: { release: string; package: string } | null;
}

export const pointerKind = 'pointer';

/** The id of items of which a model has one. */
export const currentId = 'current';

/** Predictions that were delivered and checked, by the hash of all that they are made from: a later release shows them again. */
export interface Delivered extends Partial<JobTimes> {
  release: string;
  rows: number;
  /** Prefix of the Parquet files. */
  output: string;
  objects: ObjectVersion[];
}

export const deliveredKind = 'delivered';

/** A change of the champion. */
export interface ChampionChange {
  package: string;
  previous: string | null;
  execution: string;
  /** return: a rollback to what an earlier rollback had left. */
  kind: 'promotion' | 'rollback' | 'return';
  reason: string;
  at: string;
}

export const championChangeKind = 'champion-change';

/** A fingerprint that was rolled back from. Nothing promotes it again by itself while `allowed` is false. */
export interface RolledBack {
  package: string;
  release: string;
  reason: string;
  at: string;
  allowed: boolean;
}

export const rolledBackKind = 'rolled-back';

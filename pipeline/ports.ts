/**
 * The edge of the pipeline: what its functions need of the world. Each port has an embedded and an AWS
 * implementation, held to one contract by the tests beside them.
 */

/** Objects under `s3://BUCKET/KEY`. */
export interface Storage {
  /** The object's bytes; throws NotFoundError. */
  read(uri: string): Promise<Uint8Array>;
  /** Its bytes from `start` to before `end`, or to its own end; throws NotFoundError. */
  readRange(uri: string, start: number, end: number): Promise<Uint8Array>;
  /** Atomic: a reader sees the old object, the new one, or none. */
  write(uri: string, bytes: Uint8Array | string): Promise<void>;
  exists(uri: string): Promise<boolean>;
  /** Objects whose URI starts with the prefix, by URI in code-point order. */
  list(prefix: string): Promise<StoredObject[]>;
  /** A path of this machine that holds the object's bytes; read only. Throws NotFoundError. */
  localFile(uri: string): Promise<string>;
}

export interface StoredObject {
  uri: string;
  bytes: number;
  /** Changes whenever the content does: a hash, an ETag or a version id. */
  version: string;
}

/** The run ledger: JSON documents by kind and id, each with a version that grows by one with every write. */
export interface Ledger {
  get<T>(kind: string, id: string): Promise<LedgerItem<T> | null>;
  put<T>(kind: string, id: string, value: T): Promise<LedgerItem<T>>;
  /** Writes only where the item's version is still the one expected (0: no item yet); else throws ConflictError. */
  putIf<T>(kind: string, id: string, value: T, expectedVersion: number): Promise<LedgerItem<T>>;
  /** All items of a kind, by id in code-point order. */
  list<T>(kind: string): Promise<LedgerItem<T>[]>;
}

export interface LedgerItem<T> {
  id: string;
  version: number;
  value: T;
}

/** The model registry: numbered packages of one group. */
export interface Registry {
  /** Adds a package, always pending; its number is one more than the newest's. */
  register(description: PackageDescription): Promise<ModelPackage>;
  /** null where there is none of that name. */
  get(name: string): Promise<ModelPackage | null>;
  /** Newest first. */
  list(): Promise<ModelPackage[]>;
  /** The projection of the ledger's champion; the ledger decides. */
  approve(name: string, status: ApprovalStatus, reason: string): Promise<void>;
}

export type ApprovalStatus = 'PendingManualApproval' | 'Approved' | 'Rejected';

/** What a package is: enough to serve it, to compare with it and to trace it. */
export interface PackageDescription {
  fingerprint: string;
  execution: string;
  /** Model image by digest. */
  image: string;
  artifact: string;
  hyperparameters: Record<string, string>;
  /** Operating threshold of a binary model. */
  threshold: number | null;
  data: { source: string; version: string };
  /** How its rows were made and split: another package compares only where these agree. */
  preparation: {
    key: string;
    settings: string;
    script: { uri: string; sha256: string } | null;
    manifest: string;
  };
  /** Where the effective mlops.yaml and the list of the model's files are kept. */
  config: string;
  code: string;
  verdict: string;
  /** Plots, explanation and threshold: what a report shows beside the numbers. */
  evidence: string;
  outcome: string;
  metrics: Record<string, number>;
  created_at: string;
}

export interface ModelPackage extends PackageDescription {
  /** `GROUP/NUMBER`. */
  name: string;
  status: ApprovalStatus;
}

/** What a report needs of jobs that have run. */
export interface Jobs {
  /** The trials of a tuning job, in the order they began. */
  trials(tuningJob: string): Promise<Trial[]>;
  /** The strategy that a tuning job with this one really searches by. */
  strategyOf(asked: string): string;
}

export interface Trial {
  name: string;
  /** The tuned ones. */
  hyperparameters: Record<string, string>;
  /** The objective; null where the trial did not report it. */
  value: number | null;
  seconds: number;
  status: 'completed' | 'failed' | 'stopped';
}

export interface Clock {
  now(): Date;
}

export interface Ports {
  storage: Storage;
  ledger: Ledger;
  registry: Registry;
  jobs: Jobs;
  clock: Clock;
}

/**
 * Everything that the pipeline's functions need from outside. Each port has an embedded and an AWS implementation;
 * the tests beside them check both against one contract.
 */

import type { UnreadableRecordError } from './errors.ts';

/** Objects under `s3://BUCKET/KEY`. */
export interface Storage {
  /** The object's bytes; throws NotFoundError. */
  read(uri: string): Promise<Uint8Array>;
  /** The object's bytes from `start` up to, not including, `end` or its own end; throws NotFoundError. */
  readRange(uri: string, start: number, end: number): Promise<Uint8Array>;
  /** Atomic: a reader sees the old object, the new one, or none. */
  write(uri: string, bytes: Uint8Array | string): Promise<void>;
  exists(uri: string): Promise<boolean>;
  /** Objects whose URI starts with the prefix, by URI in code-point order. */
  list(prefix: string): Promise<StoredObject[]>;
  /** The same with their versions, for which a storage may have to read them. */
  listVersions(prefix: string): Promise<StoredVersion[]>;
  /** The path of a read-only file on this machine with the object's bytes; throws NotFoundError. */
  localFile(uri: string): Promise<string>;
  /** The object's version and content; null if there is no such object. */
  describe(uri: string): Promise<ObjectVersion | null>;
  /**
   * Takes over an object that was written exactly once, and describes it at its new place; the old one may be gone then.
   * Throws NotFoundError, and RewrittenError if the object was written again or deleted, because somebody other than its
   * maker may have done so.
   */
  take(from: string, to: string): Promise<ObjectVersion>;
}

export interface StoredObject {
  uri: string;
  bytes: number;
}

export interface StoredVersion extends StoredObject {
  /** Changes whenever the content does: a hash, an ETag or a version id. */
  version: string;
}

/** One version of an object. No other bytes ever have the same version id and hash. */
export interface ObjectVersion {
  uri: string;
  bytes: number;
  /** The version id, or what the storage has instead. */
  version: string;
  /** Lower-case hexadecimal. */
  sha256: string;
}

/** The run ledger: JSON documents by kind and id. Every write increases a document's version by one. */
export interface Ledger {
  /** Throws UnreadableRecordError for a record that is there and cannot be used: it never counts as missing. */
  get<T>(kind: string, id: string): Promise<LedgerItem<T> | null>;
  put<T>(kind: string, id: string, value: T): Promise<LedgerItem<T>>;
  /** Writes only if the item still has the expected version (0: no item yet); otherwise throws ConflictError. */
  putIf<T>(kind: string, id: string, value: T, expectedVersion: number): Promise<LedgerItem<T>>;
  /**
   * All items of a kind, by id in code-point order.
   * @param leftOut called for each record that cannot be used, which is then left out; without it, the first one is thrown
   */
  list<T>(kind: string, leftOut?: LeftOut): Promise<LedgerItem<T>[]>;
}

export type LeftOut = (unreadable: UnreadableRecordError) => void;

export interface LedgerItem<T> {
  id: string;
  version: number;
  value: T;
}

/** The model registry: numbered packages of one group. */
export interface Registry {
  /** Adds a package with status pending; its number is the newest package's plus one. */
  register(description: PackageDescription): Promise<ModelPackage>;
  /** null if there is no package of that name. */
  get(name: string): Promise<ModelPackage | null>;
  /** The package with this key (package-key.ts); null if there is none. */
  find(key: string): Promise<ModelPackage | null>;
  /** Names and statuses, newest first; `most`: of the newest so many. `get` tells the rest. */
  list(most?: number): Promise<PackageSummary[]>;
  /** Shows in the registry which package is the champion; the ledger decides which one it is. */
  approve(name: string, status: ApprovalStatus, reason: string): Promise<void>;
}

export type ApprovalStatus = 'PendingManualApproval' | 'Approved' | 'Rejected';

/** Everything needed to serve a package, to compare with it and to trace it. */
export interface PackageDescription {
  fingerprint: string;
  execution: string;
  /** Model image by digest. */
  image: string;
  artifact: string;
  /** The artifact, and the report of its training if there is one, as they were recorded. */
  objects?: ObjectVersion[];
  hyperparameters: Record<string, string>;
  /** Operating threshold of a binary model. */
  threshold: number | null;
  data: { source: string; version: string };
  /** How its rows were prepared and split; packages are compared directly only if these agree. */
  preparation: {
    key: string;
    settings: string;
    script: { uri: string; sha256: string } | null;
    manifest: string;
  };
  /** URIs of the effective mlops.yaml and of the list of the model's files. */
  config: string;
  code: string;
  verdict: string;
  /** URI of the plots, explanation and threshold that a report shows beside the numbers. */
  evidence: string;
  /** What monitoring compares production with; absent in packages of an earlier version of the pipeline. */
  reference?: { uri: string; sha256: string };
  outcome: string;
  metrics: Record<string, number>;
  created_at: string;
}

export interface PackageSummary {
  /** `GROUP/NUMBER`. */
  name: string;
  status: ApprovalStatus;
}

export interface ModelPackage extends PackageDescription, PackageSummary {}

/** Information about finished jobs for the report. */
export interface Jobs {
  /** The trials of a tuning job, in the order they began. */
  trials(tuningJob: string): Promise<Trial[]>;
  /** The search strategy that the backend really uses for the requested one. */
  strategyOf(asked: string): string;
}

export interface Trial {
  name: string;
  /** Only the tuned ones. */
  hyperparameters: Record<string, string>;
  /** The objective; null if the trial did not report it. */
  value: number | null;
  seconds: number;
  status: 'completed' | 'failed' | 'stopped';
}

/**
 * The repositories of model images, which remove what nothing holds. A registered package holds its image as long as judged
 * candidates are kept; whatever was the champion, or is an anchor, always.
 */
export interface Images {
  /** Holds an image by its URI. Again, or for less long, changes nothing. */
  hold(image: string, how: 'judged' | 'always'): Promise<Held>;
}

/** `elsewhere`: a repository outside the environment, whose own rules decide; `gone`: the repository has no such image. */
export type Held = 'held' | 'elsewhere' | 'gone';

/** Endpoints that answer requests. The state machine makes and updates them. */
export interface Endpoints {
  /**
   * The answer to a request. Throws EndpointError if the endpoint does not answer it: there is none, it is not in service, the
   * model fails.
   */
  invoke(name: string, request: { contentType: string; body: string }): Promise<string>;
  /** The requests since a time and how many of them failed on the endpoint's side; null where nobody counts them. */
  traffic(name: string, since: Date): Promise<Traffic | null>;
}

export interface Traffic {
  requests: number;
  errors: number;
}

export interface Clock {
  now(): Date;
}

export interface Ports {
  storage: Storage;
  ledger: Ledger;
  registry: Registry;
  jobs: Jobs;
  images: Images;
  endpoints: Endpoints;
  clock: Clock;
}

import type { CaptureEntry } from './capture.ts';
import type { Contract } from './contract.ts';

/*
 * What the HTTP app needs from outside: a model to ask, and somewhere to keep what was asked. On this machine `mlops serve`
 * gives both (backends/embedded/serving); on AWS a function in front of an endpoint does (handler.ts).
 */

/** An answer of a model's HTTP server. */
export interface ModelReply {
  status: number;
  contentType: string;
  body: Uint8Array;
}

/** A package that answers. */
export interface ServedModel {
  /** null: a package that was named, not released. */
  release: string | null;
  contract: Contract;
  /**
   * Sends a body to the model's /invocations.
   * @throws ModelUnreachableError if there is no answer
   */
  invoke(body: string | Uint8Array, contentType: string, accept?: string): Promise<ModelReply>;
}

/** The model's server did not answer. */
export class ModelUnreachableError extends Error {
  override readonly name = 'ModelUnreachableError';
}

/** What is served, and what should be but is not: the answer of GET /current. */
export interface ServiceState {
  release: string | null;
  package: string | null;
  /** ISO 8601: since when this package has answered; null: none does. */
  since: string | null;
  /** A release whose model is being started. */
  starting: { release: string | null; package: string } | null;
  /** A release that has not come up: the one before it goes on answering. */
  failed: { release: string | null; package: string; error: string; at: string } | null;
  capture: { on: boolean; dropped: number };
}

export interface Service {
  /** Calls `work` with the package that is released now, which goes on answering until `work` ends; null: none is. */
  use<T>(work: (model: ServedModel | null) => Promise<T>): Promise<T>;
  state(): ServiceState;
  /** Keeps what was asked and answered; never fails and never waits. */
  keep(entries: () => CaptureEntry[]): void;
  /** The time. */
  now(): Date;
  /** A sentence that says what to do while nothing is released. */
  howToRelease: string;
}

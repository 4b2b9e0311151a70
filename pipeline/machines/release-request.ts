import type { Trigger } from './request.ts';

/**
 * The input of an execution of the release machine is `{ request: ReleaseRequest }`. It names no image and no settings: those
 * come from the registry and from what main deployed last (steps/release/records.ts, Deployed).
 */
export interface ReleaseRequest {
  /** The model's name. */
  model: string;
  kind: 'release' | 'rollback';
  /** null: the champion; for a rollback, the champion before it. */
  package: string | null;
  /** A release whose package is no longer the champion when its turn comes is left out: a workflow names what it promoted. */
  if_champion: boolean;
  reason: string | null;
  trigger: Trigger;
  /** Rollback: whether the package that is left may be promoted again without a person's word. */
  allow: boolean;
}

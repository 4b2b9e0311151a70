import { sha256Json } from '../../hash.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { DataInput, Request, Trigger } from '../../machines/request.ts';
import type { Ledger, StoredVersion } from '../../ports.ts';
import { isMarker } from '../../tables/data-files.ts';
import type { Deployed } from './records.ts';

/*
 * What data that has landed starts: pure rules, alike for the function of EventBridge and for `mlops watch`.
 */

/** Rows to train with, or rows to predict. */
export type Purpose = 'training' | 'scoring';

/** The ledger kind of the data that landed last, by its purpose; a later run or release takes it again. */
export const landedKind = 'landed';

export interface Landed extends DataInput {
  /** ISO 8601. */
  at: string;
}

/** The rows to predict: those that landed last, if main wants them so, and else those of data.scoring. */
export async function scoringOf(
  { config, scoring }: Pick<Deployed, 'config' | 'scoring'>,
  ledger: Pick<Ledger, 'get'>,
): Promise<DataInput | null> {
  // Settings of an earlier version have no triggers.
  if (config.triggers?.scoring_landed !== true) return scoring;
  return (await ledger.get<Landed>(landedKind, 'scoring'))?.value ?? scoring;
}

/** The name of the file that completes what landed beside it. */
export const completionMarker = '_SUCCESS';

/** Files of rows, without markers and hidden files. */
export const dataFilesOf = (objects: readonly StoredVersion[], prefix: string): StoredVersion[] =>
  objects.filter(({ uri }) => !uri.slice(prefix.length).split('/').some(isMarker));

/**
 * The name of the execution that these files start: the same files, in whatever order and however often they are told of, have
 * one name, which a state machine takes once. At most 41 characters.
 */
export const executionOf = (
  model: string,
  purpose: Purpose,
  files: readonly Pick<StoredVersion, 'uri' | 'version'>[],
): string => {
  const versions = files.map(({ uri, version }): [string, string] => [uri, version]);
  const sorted = versions.sort(([a], [b]) => (a < b ? -1 : 1));
  return `${purpose}-${sha256Json([model, purpose, sorted]).slice(0, 32)}`;
};

/**
 * The input of a run that landed data, a timetable or decay starts: all that main deployed last, with the rows as they are now. The
 * machine itself promotes, because nobody waits for the run.
 */
export const trainingRequest = (
  deployed: Request,
  data: DataInput | null,
  trigger: Pick<Trigger, 'kind' | 'reason' | 'since'>,
): Request => ({
  ...deployed,
  mode: 'promote',
  promote: true,
  trigger: { ...deployed.trigger, ...trigger, actor: null },
  data: data === null ? deployed.data : { ...deployed.data, ...data },
  baseline: null,
  notes: [],
});

/** The input of a release of the champion that nobody waits for. */
export const releaseRequest = (
  model: string,
  trigger: Trigger,
  named: string | null = null,
): ReleaseRequest => ({
  model,
  kind: 'release',
  package: named,
  if_champion: named !== null,
  reason: trigger.reason,
  trigger,
  allow: false,
});

/** Who and what started a release that comes from no commit. */
export const triggerOf = (kind: 'data' | 'schedule', reason: string): Trigger => ({
  kind,
  ref: null,
  commit: null,
  dirty: false,
  actor: null,
  reason,
});

import { ConflictError, NotFoundError, unlessUnreadable } from '../../errors.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { fnv1a, sha256Json } from '../../hash.ts';
import { artifactsOf, type Manifest, readJson, type StepContext } from '../context.ts';
import { wholeBeside } from './private-file.ts';

/** The ledger item of a look: one verdict. It is small, because looks are kept for as long as their rows are used. */
export interface Look {
  /** The look's number. */
  uses: number;
  /** URI of the verdict. */
  verdict: string;
  execution: string;
  at: string;
}

/** A look of an earlier version of the pipeline. */
interface OlderLook extends Omit<Look, 'uses' | 'verdict'> {
  verdict: Verdict;
}

/** The ledger item of a look that a pull request's run took elsewhere: it counts, and its verdict is not known here. */
export interface CountedLook {
  /** The run that took it. */
  counted: string;
}

/** A version of the holdout. */
interface Holdout {
  /** URI of its row ids, as JSON; of a very large holdout, of a sample. */
  rows: string;
  /** A hash of what rows are known by: ids of different kinds cannot be compared. Absent in items of an earlier version. */
  ids?: string;
  /** Looks at versions before, which the ledger may no longer have; only in items of an earlier version of the pipeline. */
  looks_before?: number;
}

export interface LookRequest {
  /** sha256 over the holdout's row ids and labels. */
  holdout: string;
  manifest: Pick<Manifest, 'row_id' | 'id_columns'>;
  rowIds: readonly string[];
  /** Everything that identifies the comparison. */
  comparison: unknown;
}

/**
 * A look is a distinct comparison on the holdout. A new one gets the next number. The same one again has the number that it
 * had and is not counted, so that a merge never contradicts its own pull request.
 *
 * Looks are counted by row, over all versions of the holdout that the ledger knows, and the highest count among today's rows
 * is the number: a few new or edited rows make no fresh holdout of the others.
 */
export async function lookAt(
  { holdout, manifest, rowIds, comparison }: LookRequest,
  context: StepContext,
): Promise<{
  number: number;
  stored: Look | OlderLook | null;
  keep: (look: Omit<Look, 'uses'>) => Promise<void>;
}> {
  const kind = `look-${holdout}`;
  const id = sha256Json(comparison);
  const none = { version: 0, value: null };
  const item = await unlessUnreadable(
    context.ledger.get<Look | OlderLook | CountedLook>(kind, id).then((found) => found ?? none),
  );
  const stored = item?.value != null && 'verdict' in item.value ? item.value : null;
  const number =
    stored === null
      ? (await looksAt(holdout, kindOfIds(manifest), rowIds, context)) + (item === none ? 1 : 0)
      : 'uses' in stored
        ? stored.uses
        : stored.verdict.holdout_uses;
  return {
    number,
    stored,
    keep: async (look) => {
      const value: Look = { uses: number, ...look };
      // Its record cannot be read; its next version can.
      if (item === null) await context.ledger.put(kind, id, value);
      // If two runs make the same look at once, the first is kept; the other's verdict is equal.
      else await context.ledger.putIf(kind, id, value, item.version).catch(unlessTaken);
    },
  };
}

/** The verdict of a look; null if its file is gone. The same comparison gives the same verdict again. */
export async function verdictOf(
  { verdict }: Look | OlderLook,
  context: Pick<StepContext, 'storage'>,
): Promise<Verdict | null> {
  if (typeof verdict !== 'string') return verdict;
  const whole = await wholeBeside(verdict, context);
  if (whole !== null) return whole.verdict;
  return (await context.storage.exists(verdict)) ? await readJson<Verdict>(context, verdict) : null;
}

/** The looks of a kind. One whose record cannot be read was taken all the same. */
async function countOf(kind: string, { ledger }: StepContext): Promise<number> {
  let unreadable = 0;
  const looks = await ledger.list(kind, () => {
    unreadable += 1;
  });
  return looks.length + unreadable;
}

/**
 * The number of looks at today's rows so far: that of the row with the most. Looks at rows that were known by other columns
 * cannot be told apart by row, and count in full: the data are the same, and rows that moved to the holdout are few.
 */
async function looksAt(
  holdout: string,
  ids: string,
  rowIds: readonly string[],
  context: StepContext,
): Promise<number> {
  const today = sampleOf(rowIds);
  const looks = new Map<string, number>();
  let carried = 0;
  let isKnown = false;
  for (const { id, value } of await context.ledger.list<Holdout>('holdout')) {
    if (value.rows === undefined) continue; // an earlier version's pointer to the newest holdout
    isKnown ||= id === holdout;
    const count = await countOf(`look-${id}`, context);
    const { looks_before: before = 0 } = value;
    if (count + before === 0) continue;
    const seen = id === holdout ? 'every' : await rowsOf(value, ids, context);
    const shared = seen === 'every' ? today : today.filter((row) => seen.has(row));
    for (const row of shared) looks.set(row, (looks.get(row) ?? 0) + count);
    if (shared.length > 0) carried = Math.max(carried, before + count);
  }
  if (!isKnown) {
    const rows = `${artifactsOf(context, 'holdouts')}${holdout}.json`;
    await context.storage.write(rows, JSON.stringify(today));
    await context.ledger.put<Holdout>('holdout', holdout, { rows, ids });
  }
  return [...looks.values()].reduce((most, count) => Math.max(most, count), carried);
}

/** The rows of another version of the holdout; every row of today's if they cannot be compared with it. */
async function rowsOf(
  { rows, ids: theirs }: Holdout,
  ids: string,
  context: Pick<StepContext, 'storage'>,
): Promise<ReadonlySet<string> | 'every'> {
  if (theirs !== undefined && theirs !== ids) return 'every';
  try {
    return new Set(await readJson<string[]>(context, rows));
  } catch (error) {
    if (error instanceof NotFoundError) return 'every';
    throw error;
  }
}

/** A hash of what rows are known by: the column of ids, or the columns whose content is hashed. */
const kindOfIds = ({ row_id, id_columns }: LookRequest['manifest']): string =>
  sha256Json(row_id === null ? { content: id_columns ?? null } : { row_id });

/** The most rows by which a version of the holdout is known. */
const MOST_ROWS = 50_000;

/** The rows with the smallest hashes if there are more: a row that is in the samples of two versions is one row. */
function sampleOf(rowIds: readonly string[]): readonly string[] {
  if (rowIds.length <= MOST_ROWS) return rowIds;
  return rowIds
    .map((id) => ({ id, hash: fnv1a(id) }))
    .sort((a, b) => a.hash - b.hash)
    .slice(0, MOST_ROWS)
    .map(({ id }) => id);
}

const unlessTaken = (error: unknown): void => {
  if (!(error instanceof ConflictError)) throw error;
};

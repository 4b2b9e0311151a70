import { ConflictError, unlessUnreadable } from '../../errors.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { sha256Json } from '../../hash.ts';
import { artifactsOf, type StepContext } from '../context.ts';

/** The ledger item of a look: one verdict. */
export interface Look {
  verdict: Verdict;
  execution: string;
  at: string;
}

/** The ledger item of a look that a pull request's run took elsewhere: it counts, and its verdict is not known here. */
export interface CountedLook {
  /** The run that took it. */
  counted: string;
}

/** A version of the holdout, with the number of looks at the earlier versions that count for it. */
interface Holdout {
  looks_before: number;
  /** URI of its row ids, as JSON. */
  rows: string;
}

export interface LookRequest {
  /** sha256 over the holdout's row ids and labels. */
  holdout: string;
  rowIds: readonly string[];
  /** Everything that identifies the comparison. */
  comparison: unknown;
}

/**
 * A look is a distinct comparison on the holdout. A new one gets the next number. The same one again returns the stored
 * verdict and is not counted, so that a merge never contradicts its own pull request.
 */
export async function lookAt(
  { holdout, rowIds, comparison }: LookRequest,
  context: StepContext,
): Promise<{ number: number; stored: Look | null; keep: (look: Look) => Promise<void> }> {
  const kind = `look-${holdout}`;
  const id = sha256Json(comparison);
  const none = { version: 0, value: null };
  const item = await unlessUnreadable(
    context.ledger.get<Look | CountedLook>(kind, id).then((found) => found ?? none),
  );
  const stored = item?.value != null && 'verdict' in item.value ? item.value : null;
  const looks = await countOf(kind, context);
  const before = await looksBefore(holdout, rowIds, context);
  return {
    number: before + looks + (item === none ? 1 : 0),
    stored,
    keep: async (look) => {
      // Its record cannot be read; its next version can.
      if (item === null) await context.ledger.put(kind, id, look);
      // If two runs make the same look at once, the first stores its verdict; the other's is equal.
      else await context.ledger.putIf(kind, id, look, item.version).catch(unlessTaken);
    },
  };
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
 * Number of looks at earlier versions of the holdout. It is 0 if more than half of the rows are new: then the holdout
 * counts as a fresh one.
 */
async function looksBefore(
  holdout: string,
  rowIds: readonly string[],
  context: StepContext,
): Promise<number> {
  const known = await context.ledger.get<Holdout>('holdout', holdout);
  if (known !== null) return known.value.looks_before;
  const rows = `${artifactsOf(context, 'holdouts')}${holdout}.json`;
  await context.storage.write(rows, JSON.stringify(rowIds));
  const latest = await context.ledger.get<{ holdout: string }>('holdout', latestId);
  const looks_before = latest === null ? 0 : await carriedOver(latest.value.holdout, rowIds, context);
  await context.ledger.put<Holdout>('holdout', holdout, { looks_before, rows });
  await context.ledger.put('holdout', latestId, { holdout });
  return looks_before;
}

const unlessTaken = (error: unknown): void => {
  if (!(error instanceof ConflictError)) throw error;
};

const latestId = 'latest';

async function carriedOver(
  holdout: string,
  rowIds: readonly string[],
  context: StepContext,
): Promise<number> {
  const older = await context.ledger.get<Holdout>('holdout', holdout);
  if (older === null) return 0;
  const bytes = await context.storage.read(older.value.rows);
  const seen = new Set<string>(JSON.parse(new TextDecoder().decode(bytes)));
  const fresh = rowIds.filter((id) => !seen.has(id)).length;
  if (fresh > rowIds.length / 2) return 0;
  return older.value.looks_before + (await countOf(`look-${holdout}`, context));
}

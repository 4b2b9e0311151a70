import type { LeftOut } from '../../ports.ts';
import type { StepContext } from '../../steps/context.ts';
import { type ReleaseRecord, releaseKind } from '../../steps/release/release-record.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';

/** The data of the last run or release that ended well. */
export interface LastData {
  execution: string;
  /** As DataInput.version. */
  version: string;
}

type Context = Pick<StepContext, 'ledger'>;

/** What the newest successful run in mode promote was trained on; null if there is none. */
export async function lastTrained({ ledger }: Context, leftOut: LeftOut): Promise<LastData | null> {
  const runs = (await ledger.list<RunRecord>(runKind, leftOut)).map(({ value }) => value);
  const last = newest(
    runs.filter(({ status, state }) => status === 'succeeded' && state.request.mode === 'promote'),
  );
  return last && { execution: last.execution, version: last.state.request.data.version };
}

/** What the newest successful release predicted; null if there is none. */
export async function lastPredicted({ ledger }: Context, leftOut: LeftOut): Promise<LastData | null> {
  const releases = (await ledger.list<ReleaseRecord>(releaseKind, leftOut)).map(({ value }) => value);
  const last = newest(
    releases.filter(({ status, state }) => status === 'succeeded' && state.plan?.batch?.scoring),
  );
  const version = last?.state.plan?.batch?.scoring?.version;
  return last === null || version === undefined ? null : { execution: last.release, version };
}

function newest<Item extends { finished_at: string }>(items: readonly Item[]): Item | null {
  return items.reduce<Item | null>(
    (last, item) => (last === null || item.finished_at > last.finished_at ? item : last),
    null,
  );
}

import type { StepContext } from '../context.ts';
import { type ReleaseRecord, releaseKind } from '../release/release-record.ts';

/** Every package that a release has shown to readers. */
export async function everReleased({ ledger }: Pick<StepContext, 'ledger'>): Promise<string[]> {
  const records = await ledger.list<ReleaseRecord>(releaseKind);
  const shown = records.filter(({ value: { state } }) => state.pointed !== undefined);
  return [
    ...new Set(shown.map(({ value: { state } }) => state.plan?.package).filter((name) => name !== undefined)),
  ];
}

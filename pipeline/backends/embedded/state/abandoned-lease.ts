import { join } from 'node:path';
import { unlessUnreadable } from '../../../errors.ts';
import type { StepContext } from '../../../steps/context.ts';
import { currentLease, freeLease, resetLease } from '../../../steps/train/lease.ts';
import { unfinishedRuns } from './run-owner.ts';

type Context = Pick<StepContext, 'ledger' | 'clock'>;

/** The run that holds a model's lease, and whether a process still drives it; null if the lease is free. */
export async function leaseHolder(
  home: string,
  context: Context,
): Promise<{ execution: string; driven: boolean } | null> {
  const execution = (await currentLease(context))?.value.execution ?? null;
  if (execution === null) return null;
  const { driven } = await unfinishedRuns(join(home, 'runs'));
  return { execution, driven: driven.includes(execution) };
}

/**
 * Frees the lease of a run whose process is gone. One that cannot be read is written anew if no run but `own` is driven:
 * then nobody holds it.
 */
export async function freeAbandonedLease(home: string, own: string, context: Context): Promise<void> {
  const holder = await unlessUnreadable(leaseHolder(home, context).then((found) => found ?? 'nobody'));
  if (holder === null) {
    const { driven } = await unfinishedRuns(join(home, 'runs'));
    if (driven.every((run) => run === own)) await resetLease(context);
  } else if (holder !== 'nobody' && !holder.driven) await freeLease(holder, context);
}

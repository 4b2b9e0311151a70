import { ConflictError } from '../../errors.ts';
import { longestRun } from '../../machines/train.ts';
import type { LedgerItem } from '../../ports.ts';
import type { StepContext } from '../context.ts';

/**
 * The right to promote, which one run holds at a time. Its fencing number is the version of its ledger item, which
 * grows each time a run takes the lease: it tells a run that has lost the lease from the one that holds it now.
 */
export interface Lease {
  /** The run that holds the lease; null if none does. */
  execution: string | null;
  /** ISO 8601. Later than any run may last, so that only a run that was never closed loses its lease. */
  until: string;
}

export interface LeaseEvent {
  execution: string;
}

const kind = 'lease';
const id = 'promotion';

type Context = Pick<StepContext, 'ledger' | 'clock'>;

/** Another run holds the lease: the machine waits and tries again. */
export class LeaseHeldError extends Error {
  override readonly name = 'LeaseHeldError';
}

/** The run no longer holds the lease that it took. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Takes the lease; its holder gets the same number again. Throws LeaseHeldError if another run holds it. */
export async function lease({ execution }: LeaseEvent, context: Context): Promise<{ fence: number }> {
  const { ledger, clock } = context;
  const item = await currentLease(context);
  const now = clock.now().getTime();
  if (item !== null && item.value.execution !== null && Date.parse(item.value.until) > now) {
    if (item.value.execution === execution) return { fence: item.version };
    throw new LeaseHeldError(heldBy(item.value));
  }
  const until = new Date(now + longestRun * 1000).toISOString();
  try {
    const taken = await ledger.putIf<Lease>(kind, id, { execution, until }, item?.version ?? 0);
    return { fence: taken.version };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    throw new LeaseHeldError('another run took the lease at the same moment; expected to wait for it');
  }
}

/** Throws LeaseLostError unless the run still holds the lease under this number. */
export async function checkLease(
  { execution, fence }: { execution: string; fence: number },
  context: Context,
): Promise<void> {
  const item = await currentLease(context);
  if (item?.version === fence && item.value.execution === execution) return;
  throw new LeaseLostError(
    `lease: expected number ${fence} of ${execution}, found ${item?.version ?? 0} of ${item?.value.execution ?? 'nobody'}: ` +
      'the run lasted longer than its lease, or was closed; run again',
  );
}

/** Frees the lease if this run holds it. */
export async function freeLease({ execution }: LeaseEvent, context: Context): Promise<void> {
  const item = await currentLease(context);
  if (item?.value.execution !== execution) return;
  try {
    await context.ledger.putIf<Lease>(kind, id, { ...item.value, execution: null }, item.version);
  } catch (error) {
    // Another run took the lease in the meantime.
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Writes a free lease, whatever the ledger holds: for one that cannot be read, while no run can hold it. */
export async function resetLease({ ledger, clock }: Context): Promise<void> {
  await ledger.put<Lease>(kind, id, { execution: null, until: clock.now().toISOString() });
}

export async function currentLease({ ledger }: Pick<Context, 'ledger'>): Promise<LedgerItem<Lease> | null> {
  return await ledger.get<Lease>(kind, id);
}

const heldBy = ({ execution, until }: Lease): string =>
  `run ${execution} has the lease (until ${until} at most): runs that promote go one after the other`;

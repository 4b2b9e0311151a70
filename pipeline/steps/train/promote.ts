import { type Champion, championId, championKind, type StepContext } from '../context.ts';
import { checkLease } from './lease.ts';

export interface PromoteEvent {
  execution: string;
  package: string;
  /** The package that the verdict compares it with. */
  compared_with: string | null;
  /** Of the champion's ledger item when the run was planned. */
  expected_version: number;
  /** Of the lease that the run took; null outside a machine, where the conditional write alone decides. */
  fence: number | null;
  reason: string;
}

/**
 * Makes a package the champion: the one function that does. A conditional write decides; the registry's approval
 * follows it. Throws ConflictError where another promotion came first: the verdict was on an older champion; LeaseLostError
 * where the run no longer has its lease.
 */
export async function promote(
  event: PromoteEvent,
  context: StepContext,
): Promise<{ promoted: boolean; version: number }> {
  const { ledger, registry, clock } = context;
  const { execution, fence } = event;
  if (fence !== null) await checkLease({ execution, fence }, context);
  const current = await ledger.get<Champion>(championKind, championId);
  if (current?.value.package === event.package) {
    await registry.approve(event.package, 'Approved', current.value.reason);
    return { promoted: false, version: current.version };
  }
  const item = await ledger.putIf<Champion>(
    championKind,
    championId,
    {
      package: event.package,
      compared_with: event.compared_with,
      previous: current?.value.package ?? null,
      execution: event.execution,
      reason: event.reason,
      at: clock.now().toISOString(),
    },
    event.expected_version,
  );
  await registry.approve(event.package, 'Approved', event.reason);
  return { promoted: true, version: item.version };
}

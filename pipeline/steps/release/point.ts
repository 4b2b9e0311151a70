import type { ReleaseRequest } from '../../machines/release-request.ts';
import { type Champion, championId, championKind, type StepContext } from '../context.ts';
import { checkLease } from '../train/lease.ts';
import { pointerUri } from './artifacts.ts';
import { readEarlierChampions, recordChange } from './champion-changes.ts';
import {
  currentId,
  type Delivered,
  type Pointer,
  pointerKind,
  type RolledBack,
  rolledBackKind,
} from './records.ts';
import type { ReleasePlan } from './state.ts';

export interface PointEvent {
  execution: string;
  request: ReleaseRequest;
  plan: ReleasePlan;
  delivered: Delivered;
  fence: number;
}

/**
 * Shows a release to readers by one conditional write; no other function does. A rollback makes its package the champion
 * first: if the step is killed in between, the next release of the champion completes it. Doing it again changes nothing.
 * Throws LeaseLostError, and ConflictError if another release came first.
 */
export async function point(
  event: PointEvent,
  context: StepContext,
): Promise<{ moved: boolean; release: string; previous: { release: string; package: string } | null }> {
  const { execution, request, plan, delivered, fence } = event;
  const { ledger, storage, clock, model } = context;
  await checkLease({ execution, fence }, context);
  if (request.kind === 'rollback') await goBack(event, context);
  const { release } = delivered;
  const current = await ledger.get<Pointer>(pointerKind, currentId);
  const isThere = current?.value.release === release && current.value.package === plan.package;
  const before = current && { release: current.value.release, package: current.value.package };
  const pointer: Pointer = isThere
    ? current.value
    : {
        release,
        execution,
        package: plan.package,
        mode: plan.mode,
        at: clock.now().toISOString(),
        reason: request.reason ?? request.trigger.reason ?? request.trigger.kind,
        previous: before,
      };
  if (!isThere) await ledger.putIf<Pointer>(pointerKind, currentId, pointer, plan.pointer.version);
  // Also where the ledger's item was there: a kill between the two writes is so completed.
  await storage.write(pointerUri(context), pointerText(pointer, model));
  return { moved: !isThere, release, previous: isThere ? pointer.previous : before };
}

/** The text of the object at `pointerUri`. */
export const pointerText = ({ release, package: name, mode, at }: Pointer, model: string): string =>
  `${JSON.stringify({ model, release, package: name, mode, at })}\n`;

async function goBack({ execution, request, plan }: PointEvent, context: StepContext): Promise<void> {
  const { ledger, registry, clock } = context;
  const champion = await ledger.get<Champion>(championKind, championId);
  if (champion === null || champion.value.package === plan.package) return;
  const reason = request.reason ?? 'rollback';
  const at = clock.now().toISOString();
  const isReturn = !(await readEarlierChampions(context)).includes(plan.package);
  // A wrong rollback is undone by a person's word: the mark of what it had left goes, and what is left now gets none.
  const marked = await registry.get(isReturn ? plan.package : champion.value.package);
  if (marked !== null)
    await ledger.put<RolledBack>(rolledBackKind, marked.fingerprint, {
      package: marked.name,
      release: execution,
      reason,
      at,
      allowed: isReturn || request.allow,
    });
  const { version } = await ledger.putIf<Champion>(
    championKind,
    championId,
    {
      package: plan.package,
      previous: champion.value.package,
      compared_with: null,
      execution,
      reason: `Rolled back: ${reason}`,
      at,
    },
    plan.champion.version,
  );
  await recordChange(
    {
      package: plan.package,
      previous: champion.value.package,
      execution,
      kind: isReturn ? 'return' : 'rollback',
      reason,
      at,
    },
    version,
    context,
  );
  await registry.approve(plan.package, 'Approved', `Rolled back: ${reason}`);
}

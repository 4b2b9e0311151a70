import { NotFoundError } from '../../errors.ts';
import type { ModelPackage } from '../../ports.ts';
import { type Champion, championId, championKind, type StepContext } from '../context.ts';
import { recordChange, whyNotAgain } from '../release/champion-changes.ts';
import { checkLease } from './lease.ts';
import { openSeal } from './seal.ts';
import { requireArtifact } from './unchanged.ts';

export interface PromoteEvent {
  execution: string;
  package: string;
  /** The package that the verdict compares it with. */
  compared_with: string | null;
  /** Version of the champion's ledger item when the run was planned. */
  expected_version: number;
  /** Number of the run's lease; null outside a state machine, where the conditional write alone decides. */
  fence: number | null;
  reason: string;
  /** A person wants it although it was rolled back from. @default false */
  again?: boolean;
}

export interface Promoted {
  promoted: boolean;
  /** Version of the champion's ledger item. */
  version: number;
  /** Why it was not promoted although it may be: it was rolled back from. null: it is the champion. */
  refused: string | null;
}

/**
 * Makes a package the champion; only a rollback (release/point.ts) does so too. The package's image is held for ever, so that it can be served,
 * compared with and gone back to. A conditional write decides, then the registry approves the package, and what its run sealed
 * (seal.ts) is shown. Throws NotFoundError if package or image are gone, ArtifactChangedError if the artifact is not the one
 * that was judged, ConflictError if another promotion came first, so that the verdict was against an older champion, and
 * LeaseLostError if the run no longer holds its lease.
 */
export async function promote(event: PromoteEvent, context: StepContext): Promise<Promoted> {
  const { ledger, registry, clock } = context;
  const { execution, fence } = event;
  if (fence !== null) await checkLease({ execution, fence }, context);
  const found = await registry.get(event.package);
  if (found === null)
    throw new NotFoundError(
      `package: got ${event.package}, expected one of the registry; nothing was promoted`,
    );
  await requireArtifact(found, context);
  await holdImage(found, context);
  const current = await ledger.get<Champion>(championKind, championId);
  if (current?.value.package === event.package) {
    await registry.approve(event.package, 'Approved', current.value.reason);
    await openSeal(execution, context);
    return { promoted: false, version: current.version, refused: null };
  }
  const refused = event.again === true ? null : await whyNotAgain(found, context);
  if (refused !== null) return { promoted: false, version: current?.version ?? 0, refused };
  const at = clock.now().toISOString();
  const previous = current?.value.package ?? null;
  const item = await ledger.putIf<Champion>(
    championKind,
    championId,
    {
      package: event.package,
      compared_with: event.compared_with,
      previous,
      execution: event.execution,
      reason: event.reason,
      at,
    },
    event.expected_version,
  );
  await recordChange(
    { package: event.package, previous, execution, kind: 'promotion', reason: event.reason, at },
    item.version,
    context,
  );
  await registry.approve(event.package, 'Approved', event.reason);
  await openSeal(execution, context);
  return { promoted: true, version: item.version, refused: null };
}

async function holdImage({ name, image }: ModelPackage, { images }: StepContext): Promise<void> {
  // An image elsewhere is not held by this environment: Register has said so.
  if ((await images.hold(image, 'always')) === 'gone')
    throw new NotFoundError(
      `model package ${name}: its image ${image} is no longer in its repository, expected it there; nothing was promoted`,
    );
}

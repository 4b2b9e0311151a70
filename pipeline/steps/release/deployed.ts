import { ConflictError } from '../../errors.ts';
import type { Request } from '../../machines/request.ts';
import type { StepContext } from '../context.ts';
import { currentId, type Deployed, deployedKind } from './records.ts';

/**
 * Keeps the settings and rows of a run of main for releases and triggers, which bring none of their own.
 * @param request what a run that nobody asks for is made from; null: such runs are not possible
 */
export async function keepDeployed(
  {
    config,
    images,
    scoring = null,
    truth = null,
    trigger,
  }: Pick<Request, 'config' | 'scoring' | 'truth' | 'trigger'> & Pick<Deployed, 'images'>,
  { ledger, clock }: Pick<StepContext, 'ledger' | 'clock'>,
  request: Request | null = null,
): Promise<void> {
  await ledger.put<Deployed>(deployedKind, currentId, {
    config,
    images: { prepare: images.prepare },
    scoring,
    truth,
    ...(request && { request }),
    commit: trigger.commit,
    at: clock.now().toISOString(),
  });
}

/**
 * Keeps the settings and labels that a look on this machine was asked for with. What a run or a release kept beside them stays:
 * their rows, and the request that later runs are made from.
 * @throws ConflictError if others keep theirs at the same moment, again and again
 */
export async function keepWatched(
  watched: Pick<Deployed, 'config' | 'images' | 'truth' | 'data'>,
  { ledger, clock }: Pick<StepContext, 'ledger' | 'clock'>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await ledger.get<Deployed>(deployedKind, currentId);
    const before = found?.value ?? { scoring: null, commit: null };
    const kept: Deployed = { ...before, ...watched, at: clock.now().toISOString() };
    try {
      await ledger.putIf<Deployed>(deployedKind, currentId, kept, found?.version ?? 0);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === mostAttempts) throw error;
    }
  }
}

const mostAttempts = 10;

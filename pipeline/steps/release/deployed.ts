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
    trigger,
  }: Pick<Request, 'config' | 'scoring' | 'trigger'> & Pick<Deployed, 'images'>,
  { ledger, clock }: Pick<StepContext, 'ledger' | 'clock'>,
  request: Request | null = null,
): Promise<void> {
  await ledger.put<Deployed>(deployedKind, currentId, {
    config,
    images: { prepare: images.prepare },
    scoring,
    ...(request && { request }),
    commit: trigger.commit,
    at: clock.now().toISOString(),
  });
}

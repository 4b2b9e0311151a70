import { emptyHistory } from '../../monitor/history.ts';
import type { StepContext } from '../context.ts';
import { requireSha256 } from '../train/unchanged.ts';
import type { KeptHistory } from './records.ts';
import type { LookPlan } from './state.ts';

/** What is known before the first look. */
const none = (): KeptHistory => ({
  version: 1,
  captured: null,
  captures: [],
  truth: null,
  labels: null,
  history: emptyHistory(),
});

/**
 * The history that a look adds to. Without its object, or with another one, nothing is judged: alarms and what detectors have
 * read would be forgotten.
 * @throws ArtifactChangedError, NotFoundError
 */
export async function readHistory(
  { uri, sha256 }: Pick<LookPlan['history'], 'uri' | 'sha256'>,
  { storage }: Pick<StepContext, 'storage'>,
): Promise<KeptHistory> {
  if (uri === null || sha256 === null) return none();
  const bytes = await storage.read(uri);
  requireSha256(uri, bytes, sha256);
  return JSON.parse(new TextDecoder().decode(bytes)) as KeptHistory;
}

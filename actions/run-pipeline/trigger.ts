import type { Request } from '../../pipeline/machines/request.ts';
import type { RunChoices } from '../../pipeline/run/start/start-run.ts';
import type { Context } from '../shared/context.ts';

const kinds: Record<string, Request['trigger']['kind']> = {
  pull_request: 'pull_request',
  push: 'push',
  workflow_dispatch: 'dispatch',
  schedule: 'schedule',
};

/** The event that started the run, and the commit that people know: a pull request's head, not its merge commit. */
export function triggerOf(
  { reason }: { reason?: string | undefined },
  { eventName = '', payload, actor, sha = '', ref = '' }: Context,
): RunChoices['trigger'] {
  const head = payload.pull_request?.head;
  const kind =
    eventName === 'repository_dispatch'
      ? payload.action === 'decay'
        ? 'decay'
        : 'data'
      : // The workflow Monitor says so to Retrain.
        eventName === 'workflow_dispatch' && payload.inputs?.decay === 'true'
        ? 'decay'
        : kinds[eventName];
  return {
    kind: kind ?? 'manual',
    reason: reason ?? null,
    actor: actor || null,
    ...(head !== undefined && { commit: head.sha, ref: head.ref }),
    ...(head === undefined && sha !== '' && { commit: sha, ref: ref.replace(/^refs\/(heads|tags)\//, '') }),
  };
}

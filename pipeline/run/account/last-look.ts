import type { Config } from '../../config/schema.ts';
import { lateness } from '../../monitor/overdue.ts';
import type { LookResult } from '../../report/look-result.ts';
import type { StepContext } from '../../steps/context.ts';
import { findingKind, type LookRecord } from '../../steps/monitor/records.ts';
import { currentId, type Deployed, deployedKind } from '../../steps/release/records.ts';
import { lookResultOf } from './look-result-of.ts';

/**
 * What everybody may see of a model's last look that changed something, or failed. One that is overdue counts as failed: nobody
 * knows whether the model is still good. Before the first look the time counts from main's last deployment.
 */
export async function lastLook(
  config: Config,
  context: Pick<StepContext, 'ledger' | 'storage' | 'clock'>,
): Promise<LookResult> {
  const looks = (await context.ledger.list<LookRecord>(findingKind, () => {}))
    .map(({ value }) => value)
    .filter(({ superseded, status }) => !superseded && status !== 'cancelled')
    .sort((a, b) => b.finished_at.localeCompare(a.finished_at));
  const [last] = looks;
  const deployed = (await context.ledger.get<Deployed>(deployedKind, currentId))?.value;
  const since = last?.finished_at ?? deployed?.at;
  const { schedule = '' } = config.monitoring ?? {};
  const late = since === undefined ? null : lateness(since, schedule, context.clock.now());
  if (last !== undefined && late !== null && !late.isOverdue)
    return await lookResultOf(last, config, context);
  if (late === null || (last === undefined && !late.isOverdue))
    return { ...nothing(config), status: 'succeeded', finding: 'cannot tell', failure: null };
  const which = last === undefined ? 'there was none' : `the last one, ${last.look}, ended`;
  return {
    ...nothing(config),
    failure: {
      step: 'Look',
      error: 'LookOverdue',
      cause: `got no look at production for ${late.hours.toFixed(0)} hours (${which}), expected one within ${late.most.toFixed(0)} hours (monitoring.schedule: ${schedule})`,
      log: [],
      hint: 'The alarms looks-failed, landed-failed and events-lost of the environment say what happened; `mlops doctor --backend aws` checks the schedule.',
    },
  };
}

const nothing = ({ project, name: model }: Config): LookResult => ({
  version: 1,
  project,
  model,
  execution: 'none',
  status: 'failed',
  at: null,
  package: null,
  finding: null,
  reason: 'Nothing has looked at production yet.',
  superseded: false,
  retrain: { wanted: false, why: 'Nothing was looked at.' },
  cool_down: 0,
  report: null,
  failure: null,
  links: [],
});

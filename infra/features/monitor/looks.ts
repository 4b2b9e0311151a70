import type { Config } from '../../../pipeline/config/schema.ts';
import { longestGap } from '../../../pipeline/monitor/longest-gap.ts';
import { scheduleExpression } from '../../foundation/schedule.ts';

/** When a model's predictions are looked at. */
export interface Looks {
  readonly model: string;
  /** As EventBridge Scheduler takes it, in UTC. */
  readonly expression: string;
  /** Most seconds between two looks; null: the schedule may never come again. */
  readonly within: number | null;
}

/** The looks of all models that have monitoring. */
export const looksOf = (models: readonly Config[]): Looks[] =>
  models.flatMap(({ name, monitoring }) => {
    if (monitoring === null) return [];
    const gap = longestGap(monitoring.schedule);
    return [
      {
        model: name,
        expression: scheduleExpression(monitoring.schedule),
        within: Number.isFinite(gap) ? gap : null,
      },
    ];
  });

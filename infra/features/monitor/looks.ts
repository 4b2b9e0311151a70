import type { Config } from '../../../pipeline/config/schema.ts';
import { longestGap } from '../../../pipeline/monitor/overdue.ts';
import { scheduleExpression } from '../../foundation/schedule.ts';

/** When a model's predictions are looked at. */
export interface Looks {
  readonly model: string;
  /** As EventBridge Scheduler takes it, in UTC. */
  readonly expression: string;
  /** Whether there is a longest time between two looks; a schedule that names years may never come again. */
  readonly isRegular: boolean;
}

/** The looks of all models that have monitoring. */
export const looksOf = (models: readonly Config[]): Looks[] =>
  models.flatMap(({ name, monitoring }) =>
    monitoring === null
      ? []
      : [
          {
            model: name,
            expression: scheduleExpression(monitoring.schedule),
            isRegular: Number.isFinite(longestGap(monitoring.schedule)),
          },
        ],
  );

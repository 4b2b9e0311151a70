import { schedulerCall } from './scheduler-call.ts';

/** A schedule that calls a target once and is then deleted. */
interface OneTime {
  region: string;
  group: string;
  /** At most 64 characters. */
  name: string;
  at: Date;
  target: { Arn: string; RoleArn: string; Input: string; DeadLetterConfig: { Arn: string } };
}

/**
 * Schedules one call (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html). False if a schedule of
 * this name is pending.
 * @throws the service's error, explained
 */
export async function createSchedule({ region, group, name, at, target }: OneTime): Promise<boolean> {
  const answer = await schedulerCall({
    region,
    action: 'CreateSchedule',
    method: 'POST',
    name,
    body: {
      ActionAfterCompletion: 'DELETE',
      FlexibleTimeWindow: { Mode: 'OFF' },
      GroupName: group,
      ScheduleExpression: `at(${at.toISOString().slice(0, 19)})`,
      ScheduleExpressionTimezone: 'UTC',
      Target: { ...target, RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 } },
    },
    // ConflictException
    answer: 409,
  });
  return answer !== null;
}

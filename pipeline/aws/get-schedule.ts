import { schedulerCall } from './scheduler-call.ts';

/** What is read of a schedule. */
export interface Schedule {
  /** As EventBridge Scheduler has it. */
  expression: string;
  isEnabled: boolean;
}

/**
 * A schedule of a group; null if there is none (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html).
 * @throws the service's error, explained
 */
export async function getSchedule(region: string, group: string, name: string): Promise<Schedule | null> {
  const answer = await schedulerCall({
    region,
    action: 'GetSchedule',
    method: 'GET',
    name,
    query: { groupName: group },
    // ResourceNotFoundException
    answer: 404,
  });
  if (answer === null) return null;
  return { expression: String(answer.ScheduleExpression), isEnabled: answer.State === 'ENABLED' };
}

import { sfnClient } from '../../../aws/clients.ts';
import { ExecutionHistory } from '../executions/execution-history.ts';
import { eventsSince } from '../executions/read-execution.ts';

const executions = sfnClient();

/** The times of an execution's states that people see. One whose states cannot be read is recorded without them. */
export async function stepsOf(
  arn: string,
  shown: readonly string[],
): Promise<{ name: string; seconds: number }[]> {
  const history = new ExecutionHistory('', shown);
  try {
    history.add(await eventsSince(executions, arn, 0, { includeExecutionData: false }));
  } catch (error) {
    console.warn(`${arn}: the steps are not recorded: ${(error as Error).message}`);
  }
  return history.steps;
}

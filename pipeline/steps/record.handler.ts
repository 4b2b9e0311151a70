import { sfnClient } from '../backends/aws/clients.ts';
import { ExecutionHistory } from '../backends/aws/execution-history.ts';
import { eventsSince } from '../backends/aws/read-execution.ts';
import { stepHandler } from '../backends/aws/step-handler.ts';
import { type RecordEvent, type RunRecord, record } from './record.ts';

const executions = sfnClient();

export const handler = stepHandler(
  async (event: RecordEvent, context) => await record(event, context, await stepsOf(event.arn)),
);

/** A run's record has its steps though nobody followed it; without them it is still a record. */
async function stepsOf(arn: string): Promise<RunRecord['steps']> {
  const history = new ExecutionHistory('');
  try {
    history.add(await eventsSince(executions, arn, 0, { includeExecutionData: false }));
  } catch (error) {
    console.warn(`${arn}: the steps are not recorded: ${(error as Error).message}`);
  }
  return history.steps;
}

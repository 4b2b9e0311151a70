import { sageMakerClient, sfnClient } from '../../../aws/clients.ts';
import { close } from '../../../steps/train/close-run.ts';
import { ExecutionHistory } from '../executions/execution-history.ts';
import { closedOf, describeExecution, eventsSince } from '../executions/read-execution.ts';
import { stopJobs } from '../executions/stop-jobs.ts';
import { sendNotice } from './send-notice.ts';
import { handlerFor } from './step-handler.ts';

/** EventBridge's "Step Functions Execution Status Change" of an execution that failed, timed out or was aborted. */
interface StatusChange {
  detail: { executionArn: string };
}

const executions = sfnClient();
const jobs = sageMakerClient();

/** Closes a run whose machine could not: stops its jobs, records it, frees its lease, tells people. A second call does nothing. */
export const handler = handlerFor(async ({ detail }: StatusChange, contextOf) => {
  const execution = await describeExecution(executions, detail.executionArn);
  if (execution === null) throw new Error(`${detail.executionArn}: got none, expected an execution`);
  const history = new ExecutionHistory(detail.executionArn.split(':')[3] ?? '');
  history.add(await eventsSince(executions, execution.arn, 0));
  // Stop the jobs first, because they cost money; report those that could not be stopped last.
  const stopped = await Promise.allSettled([stopJobs(jobs, history.openJobs())]);
  const closed = closedOf(execution, history);
  const context = contextOf(closed.request.model);
  const record = await close(closed, context);
  await sendNotice(record, execution.arn, context);
  for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  return { status: record.status };
});

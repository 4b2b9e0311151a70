import { sageMakerClient, sfnClient } from '../../../aws/clients.ts';
import { monitorSteps } from '../../../machines/monitor.ts';
import { releaseSteps } from '../../../machines/release.ts';
import { trainSteps } from '../../../machines/train.ts';
import type { StepContext } from '../../../steps/context.ts';
import { type ClosedLook, closeLook } from '../../../steps/monitor/close-look.ts';
import { type ClosedRelease, closeRelease } from '../../../steps/release/close-release.ts';
import { type ClosedExecution, close } from '../../../steps/train/close-run.ts';
import type { RunRecord } from '../../../steps/train/run-record.ts';
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

/**
 * Closes a run, a release or a look whose machine could not: stops its jobs, records it, frees its lease, tells people. Releases
 * and looks have alarms that tell. A second call does nothing.
 */
export const handler = handlerFor(async ({ detail }: StatusChange, contextOf) => {
  const execution = await describeExecution(executions, detail.executionArn);
  if (execution === null) throw new Error(`${detail.executionArn}: got none, expected an execution`);
  // arn:PARTITION:states:REGION:ACCOUNT:execution:MACHINE:NAME
  const [, , , region = '', , , machine = ''] = detail.executionArn.split(':');
  const isRelease = machine.endsWith('--release');
  const isLook = machine.endsWith('--monitor');
  const steps = isRelease ? releaseSteps : isLook ? monitorSteps : trainSteps;
  const history = new ExecutionHistory(region, steps);
  history.add(await eventsSince(executions, execution.arn, 0));
  // Stop the jobs first, because they cost money; report those that could not be stopped last.
  const stopped = await Promise.allSettled([stopJobs(jobs, history.openJobs())]);
  const closed = closedOf(execution, history);
  const context = contextOf(closed.request.model);
  const record = isRelease
    ? await closeRelease(closed as unknown as ClosedRelease, context)
    : isLook
      ? await closeLook(closed as unknown as ClosedLook, context)
      : await closeAndTell(closed, context);
  for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  return { status: record.status };
});

async function closeAndTell(closed: ClosedExecution, context: StepContext): Promise<RunRecord> {
  const record = await close(closed, context);
  await sendNotice(record, closed.arn, context);
  return record;
}

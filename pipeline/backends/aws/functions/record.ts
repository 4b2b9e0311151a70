import { trainSteps } from '../../../machines/train.ts';
import type { StepContext } from '../../../steps/context.ts';
import { type RecordEvent, record } from '../../../steps/train/record.ts';
import { runMetrics } from '../../../steps/train/run-metrics.ts';
import type { RunRecord } from '../../../steps/train/run-record.ts';
import { sendNotice } from './send-notice.ts';
import { stepHandler } from './step-handler.ts';
import { stepsOf } from './steps-of.ts';

/** Records a run and its steps, logs its time and cost, from which CloudWatch makes metrics, and tells people of a verdict. */
export const handler = stepHandler(async (event: RecordEvent, context) => {
  const run = await record(event, context, await stepsOf(event.arn, trainSteps));
  await logMetrics(run, context);
  await sendNotice(run, event.arn, context);
  return { status: run.status };
});

async function logMetrics(run: RunRecord, context: StepContext): Promise<void> {
  try {
    const line = await runMetrics(run, process.env.MLOPS_STACK ?? '', context);
    // Not with console.log, because Lambda would put the time before the line, which must be only JSON.
    process.stdout.write(`${line}\n`);
  } catch (error) {
    console.warn(`${run.execution}: time and cost are not logged: ${(error as Error).message}`);
  }
}

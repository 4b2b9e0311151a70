import { monitorSteps } from '../../../machines/monitor.ts';
import { lookMetrics } from '../../../steps/monitor/look-metrics.ts';
import { type RecordLookEvent, recordLook } from '../../../steps/monitor/record-look.ts';
import { stepHandler } from './step-handler.ts';
import { stepsOf } from './steps-of.ts';

/** Records a look and its steps, and logs what it found, from which CloudWatch makes metrics. */
export const handler = stepHandler(async (event: RecordLookEvent, context) => {
  const { look, status, superseded, retrain, finding } = await recordLook(
    event,
    context,
    await stepsOf(event.arn, monitorSteps),
  );
  // The look that came first has put out its own.
  if (finding !== null && !superseded) {
    const stack = process.env.MLOPS_STACK ?? '';
    const at = context.clock.now();
    const line = lookMetrics({ stack, model: context.model, at, finding, execution: look });
    // Not with console.log, because Lambda would put the time before the line, which must be only JSON.
    process.stdout.write(`${line}\n`);
  }
  return { status, superseded, retrain };
});

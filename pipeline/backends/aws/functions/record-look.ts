import { monitorSteps } from '../../../machines/monitor.ts';
import { type RecordLookEvent, recordLook } from '../../../steps/monitor/record-look.ts';
import { stepHandler } from './step-handler.ts';
import { stepsOf } from './steps-of.ts';

/** Records a look and its steps. */
export const handler = stepHandler(async (event: RecordLookEvent, context) => {
  const { status, superseded, retrain } = await recordLook(
    event,
    context,
    await stepsOf(event.arn, monitorSteps),
  );
  return { status, superseded, retrain };
});

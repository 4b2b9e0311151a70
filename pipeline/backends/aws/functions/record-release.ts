import { releaseSteps } from '../../../machines/release.ts';
import { type RecordReleaseEvent, recordRelease } from '../../../steps/release/record-release.ts';
import { stepHandler } from './step-handler.ts';
import { stepsOf } from './steps-of.ts';

/** Records a release and its steps. */
export const handler = stepHandler(async (event: RecordReleaseEvent, context) => {
  const { status } = await recordRelease(event, context, await stepsOf(event.arn, releaseSteps));
  return { status };
});

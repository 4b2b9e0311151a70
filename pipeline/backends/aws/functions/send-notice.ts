import { signedCall } from '../../../aws/signed-call.ts';
import type { StepContext } from '../../../steps/context.ts';
import { tell } from '../../../steps/train/notice.ts';
import type { RunRecord } from '../../../steps/train/run-record.ts';
import { executionLink } from '../console-links.ts';

/** Publishes the run's notice to the environment's topic. A notice that cannot be sent fails nothing: the run is recorded. */
export async function sendNotice(run: RunRecord, arn: string, context: StepContext): Promise<void> {
  const { AWS_REGION: region = '', MLOPS_STACK: stack = '', MLOPS_TOPIC: topic = '' } = process.env;
  try {
    await tell(run, { stack, link: executionLink(region, arn) }, context, async ({ subject, message }) => {
      await signedCall({
        service: 'sns',
        region,
        action: 'Publish',
        parameters: { TopicArn: topic, Subject: subject, Message: message },
      });
    });
  } catch (error) {
    console.warn(`${run.execution}: no notice was sent: ${(error as Error).message}`);
  }
}

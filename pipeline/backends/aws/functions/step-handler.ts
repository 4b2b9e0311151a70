import type { StepContext } from '../../../steps/context.ts';
import { awsContext } from './step-context.ts';

/** What Lambda hands to a function beside its event, as far as it is read here. */
export interface Invocation {
  invokedFunctionArn: string;
}

/**
 * A step as a Lambda function. The environment is read and the clients are made once, when the function starts; an error
 * keeps its name, which Lambda hands to the state machine as the error's type.
 * @throws Error at the start that lists the environment variables that are missing
 */
export function stepHandler<Event, Result>(
  step: (event: Event, context: StepContext) => Promise<Result>,
): (event: Event, invocation: Invocation) => Promise<Result> {
  const { MLOPS_PROJECT, MLOPS_BUCKET, MLOPS_LEDGER, MLOPS_PACKAGE_GROUP, MLOPS_JOB_PREFIX, AWS_REGION } =
    environment();
  let context: ReturnType<typeof awsContext> | null = null;
  return async (event, { invokedFunctionArn }) => {
    // A function's ARN is where it learns of its account: arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME.
    const [, partition, , , account] = invokedFunctionArn.split(':');
    context ??= awsContext({
      region: AWS_REGION,
      ledger: MLOPS_LEDGER,
      packageGroup: MLOPS_PACKAGE_GROUP,
      sageMakerArn: `arn:${partition}:sagemaker:${AWS_REGION}:${account}`,
      root: `s3://${MLOPS_BUCKET}/${MLOPS_PROJECT}`,
      jobPrefix: MLOPS_JOB_PREFIX,
    });
    try {
      return await step(event, context);
    } finally {
      // The next call of this very process has the same 512 MB of disk.
      await context.storage.removeLocalFiles();
    }
  };
}

const names = [
  'MLOPS_PROJECT',
  'MLOPS_BUCKET',
  'MLOPS_LEDGER',
  'MLOPS_PACKAGE_GROUP',
  'MLOPS_JOB_PREFIX',
  'AWS_REGION',
] as const;

function environment(): Record<(typeof names)[number], string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Error(
      `environment: expected ${missing.join(', ')}, which the deployed stack sets; deploy it again`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])) as Record<
    (typeof names)[number],
    string
  >;
}

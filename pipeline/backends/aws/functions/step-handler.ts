import type { StepContext } from '../../../steps/context.ts';
import { awsContext } from './step-context.ts';

/** What Lambda hands to a function beside its event, as far as it is read here. */
export interface Invocation {
  invokedFunctionArn: string;
}

/** What a step is given of the model that it is called for. */
type Context = ReturnType<typeof awsContext>;

/**
 * A step as a Lambda function: the state machine says in every call whose model the step is for. An error keeps its name,
 * which Lambda hands to the state machine as the error's type.
 * @throws Error at the start that lists the environment variables that are missing
 */
export function stepHandler<Event, Result>(
  step: (event: Event, context: StepContext) => Promise<Result>,
): (event: Event & { model_name: string }, invocation: Invocation) => Promise<Result> {
  return handlerFor((event: Event & { model_name: string }, contextOf) =>
    step(event, contextOf(event.model_name)),
  );
}

/**
 * A Lambda function that finds out itself for which model it was called. The environment is read once, when the function
 * starts, and the ports of a model are made when it is first named.
 */
export function handlerFor<Event, Result>(
  work: (event: Event, contextOf: (model: string) => StepContext) => Promise<Result>,
): (event: Event, invocation: Invocation) => Promise<Result> {
  const { MLOPS_PROJECT, MLOPS_BUCKET, MLOPS_LEDGER, MLOPS_STACK, MLOPS_JOB_PREFIX, AWS_REGION } =
    environment();
  const contexts = new Map<string, Context>();
  return async (event, { invokedFunctionArn }) => {
    // A function's ARN is where it learns of its account: arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME.
    const [, partition, , , account] = invokedFunctionArn.split(':');
    const contextOf = (model: string): Context => {
      if (typeof model !== 'string')
        throw new Error(
          'request: got no model, expected its name: the branch is older than what is deployed',
        );
      const made =
        contexts.get(model) ??
        awsContext({
          region: AWS_REGION,
          ledger: MLOPS_LEDGER,
          stack: MLOPS_STACK,
          sageMakerArn: `arn:${partition}:sagemaker:${AWS_REGION}:${account}`,
          root: `s3://${MLOPS_BUCKET}/${MLOPS_PROJECT}`,
          model,
          jobPrefix: MLOPS_JOB_PREFIX,
        });
      contexts.set(model, made);
      return made;
    };
    try {
      return await work(event, contextOf);
    } finally {
      // The next call of this very process has the same 512 MB of disk.
      for (const { storage } of contexts.values()) await storage.removeLocalFiles();
    }
  };
}

const names = [
  'MLOPS_PROJECT',
  'MLOPS_BUCKET',
  'MLOPS_LEDGER',
  'MLOPS_STACK',
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

import { namePattern } from '../../../names.ts';
import type { StepContext } from '../../../steps/context.ts';
import { awsContext } from './step-context.ts';

/** The parts of Lambda's context object that are read here. */
export interface Invocation {
  invokedFunctionArn: string;
}

/** The ports of the model that a step is called for. */
type Context = ReturnType<typeof awsContext>;

/**
 * Makes a Lambda function from a step; the state machine names the model in every call. An error keeps its name,
 * which Lambda passes to the state machine as the error's type.
 * @throws Error at the start, with the missing environment variables
 */
export function stepHandler<Event, Result>(
  step: (event: Event, context: StepContext) => Promise<Result>,
): (event: Event & { model_name: string }, invocation: Invocation) => Promise<Result> {
  return handlerFor((event: Event & { model_name: string }, contextOf) =>
    step(event, contextOf(event.model_name)),
  );
}

/**
 * Makes a Lambda function that itself finds the model it was called for. The function reads the environment once, at
 * its start, and makes a model's ports when it first needs them.
 */
export function handlerFor<Event, Result>(
  work: (event: Event, contextOf: (model: string) => StepContext, invocation: Invocation) => Promise<Result>,
): (event: Event, invocation: Invocation) => Promise<Result> {
  const { MLOPS_PROJECT, MLOPS_BUCKET, MLOPS_LEDGER, MLOPS_STACK, MLOPS_JOB_PREFIX, AWS_REGION } =
    environment();
  const contexts = new Map<string, Context>();
  return async (event, invocation) => {
    const { invokedFunctionArn } = invocation;
    // The function's ARN names its account: arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME.
    const [, partition, , , account] = invokedFunctionArn.split(':');
    const contextOf = (model: string): Context => {
      // Whoever starts a machine names the model, which is part of keys and of prefixes that jobs read.
      if (typeof model === 'string' && !namePattern.test(model))
        throw new Error(`request: got the model ${JSON.stringify(model)}, expected a name as in mlops.yaml`);
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
          mostRunUsd: ceiling(),
        });
      contexts.set(model, made);
      return made;
    };
    try {
      return await work(event, contextOf, invocation);
    } finally {
      // The next call in this process shares the 512 MB of disk.
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

/** Only the function plan has a ceiling. */
function ceiling(): number | null {
  const { MLOPS_MOST_RUN_USD: text } = process.env;
  if (text === undefined) return null;
  const usd = Number(text);
  if (text.trim() !== '' && usd > 0) return usd;
  throw new Error(
    `MLOPS_MOST_RUN_USD: got ${JSON.stringify(text)}, expected an amount above 0; deploy the stack again`,
  );
}

function environment(): Record<(typeof names)[number], string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Error(
      `environment: got no ${missing.join(', ')}, expected the variables that the deployed stack sets; deploy it again`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])) as Record<
    (typeof names)[number],
    string
  >;
}

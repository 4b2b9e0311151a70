import type {
  Branch,
  ChoiceState,
  FailState,
  Parameters,
  PassState,
  Retrier,
  Rule,
  State,
  States,
  SucceedState,
  TaskState,
} from './asl.ts';

export interface TaskOptions {
  resource: string;
  parameters: Parameters;
  result?: Parameters;
  /** null discards the result. */
  resultPath: string | null;
  /** Seconds. */
  timeout: number;
  /** null ends the machine or branch. */
  next: string | null;
  /** The state that takes any error. */
  failed: string;
}

export function task(options: TaskOptions): TaskState {
  return {
    Type: 'Task',
    Resource: options.resource,
    Parameters: options.parameters,
    ...(options.result && { ResultSelector: options.result }),
    ResultPath: options.resultPath,
    TimeoutSeconds: options.timeout,
    Retry: [transientCall, ...(options.resource.includes(':aws-sdk:') ? [throttledCall] : [])],
    Catch: [caught(options.failed)],
    ...(options.next === null ? { End: true } : { Next: options.next }),
  };
}

/** Errors of the call itself, before a job exists. A later retry would fail, since the job's name is taken by then. */
const transientCall: Retrier = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'SageMaker.ThrottlingException',
    'DynamoDB.InternalServerErrorException',
    'DynamoDB.ProvisionedThroughputExceededException',
    'DynamoDB.RequestLimitExceededException',
    'DynamoDB.ThrottlingException',
  ],
  IntervalSeconds: 2,
  MaxAttempts: 4,
  BackoffRate: 2,
  JitterStrategy: 'FULL',
};

/**
 * A call of an SDK integration reads or deletes, so that a further attempt does no harm. SageMaker has no exception of its
 * own for throttling: it comes under this name, "Rate exceeded".
 */
const throttledCall: Retrier = {
  ErrorEquals: ['SageMaker.SageMakerException'],
  IntervalSeconds: 5,
  MaxAttempts: 8,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

function caught(next: string) {
  return { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: next };
}

/**
 * Calls one of the pipeline's functions with the execution's name, the model and `payload`; `result` lists the fields
 * of its response to keep.
 */
export function functionTask<Name extends string>(functions: Readonly<Record<Name, string>>) {
  return (
    name: Name,
    options: {
      payload: Parameters;
      result: string[];
      resultPath: string;
      next: string | null;
      failed: string;
    },
  ): TaskState =>
    task({
      resource: 'arn:aws:states:::lambda:invoke',
      parameters: {
        FunctionName: functions[name],
        Payload: {
          'execution.$': '$$.Execution.Name',
          'model_name.$': '$.request.model',
          ...options.payload,
        },
      },
      result: Object.fromEntries(options.result.map((field) => [`${field}.$`, `$.Payload.${field}`])),
      resultPath: options.resultPath,
      timeout: 900,
      next: options.next,
      failed: options.failed,
    });
}

export function withRetry(state: TaskState, retrier: Retrier): TaskState {
  return { ...state, Retry: [retrier, ...(state.Retry ?? [])] };
}

export interface CallOptions extends TaskOptions {
  /** Path of the attempt `{n, wait}`. */
  attempt: string;
  /** Refusals that are answers, by a pattern of their Cause: the state that follows. @default none */
  answers?: Readonly<Record<string, string>>;
}

/**
 * A call that creates something and waits while the service refuses it for the moment: it is throttled, fails, or a quota
 * of the account is used up, which is no fault of the run where several share the account. Each wait is longer than the
 * last; after more than ten hours in all the run fails with the service's words. A refusal for good, such as a parameter
 * that is not valid, fails at once. Services give both kinds one name (`SageMaker.AmazonSageMakerException`), so a Choice
 * reads the Cause: a Retry sees names only.
 */
export function callTask(name: string, options: CallOptions): States {
  const { answers = {} } = options;
  const expected = Object.entries(answers).map(([StringMatches, Next]) => ({
    Variable: cause,
    StringMatches,
    Next,
  }));
  const call = task(options);
  // Refusals of an SDK integration have one name, so a Retry by name would repeat an answer for minutes.
  const state = expected.length > 0 ? { ...call, Retry: [transientCall] } : call;
  return untilTaken(name, state, options, expected);
}

type Choices = ChoiceState['Choices'];

/** `before` and `after` are further rules for an error, before and after the wait. */
function untilTaken(
  name: string,
  state: TaskState,
  { attempt, failed }: Pick<CallOptions, 'attempt' | 'failed'>,
  before: Choices,
  after: Choices = [],
): States {
  const [transient, longer, wait] = [`${name}: transient?`, `${name}: longer`, `${name}: wait`];
  const waited: Rule = { Variable: `${attempt}.wait`, NumericLessThan: longestWait };
  return {
    [name]: {
      ...state,
      Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.error', Next: transient }, caught(failed)],
    },
    [transient]: {
      Type: 'Choice',
      Choices: [...before, { And: [waited, ...forTheMoment], Next: longer }, ...after],
      Default: failed,
    },
    [longer]: {
      Type: 'Pass',
      Parameters: { 'n.$': `${attempt}.n`, 'wait.$': `States.MathAdd(${attempt}.wait, ${waitGrowth})` },
      ResultPath: attempt,
      Next: wait,
    },
    [wait]: { Type: 'Wait', SecondsPath: `${attempt}.wait`, Next: name },
  };
}

/** Seconds. 30 + 60 + ... + 1500 are ten and a half hours. */
const waitGrowth = 30;
const longestWait = 1500;

const error = '$.error.Error';
const cause = '$.error.Cause';
const anyOf = (Variable: string, patterns: readonly string[]): Rule => ({
  Or: patterns.map((StringMatches) => ({ Variable, StringMatches })),
});

/**
 * The error of a call that the service would take later. States.TaskFailed is a job that ran: what it says is its own.
 * Names and words: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html (the tuning sample),
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html and the services' models.
 */
const forTheMoment: readonly Rule[] = [
  { Not: { Variable: error, StringEquals: 'States.TaskFailed' } },
  {
    Or: [
      anyOf(error, [
        '*.ResourceLimitExceeded*',
        '*.ResourceNumberLimitExceeded*',
        '*.ConcurrentRunsExceeded*',
        '*.Throttling*',
      ]),
      anyOf(cause, [
        '*ResourceLimitExceeded*',
        '*account-level service limit*',
        '*limit on the number of vCPUs*',
        '*Rate exceeded*',
        '*ThrottlingException*',
        '*Status Code: 5*',
      ]),
    ],
  },
  // A quota of nothing is never freed.
  { Not: { Variable: cause, StringMatches: "*' is 0 *" } },
];

export interface JobOptions extends Omit<CallOptions, 'timeout' | 'failed'> {
  /** Path of the state's timeout in seconds. */
  timeoutPath: string;
  /** The state that a further attempt starts with. @default the job itself */
  again?: string;
  /** @default `NAME failed` */
  failed?: string;
  /** The next state if the service refuses the call and no job exists; `resultPath` gets the error. @default fails */
  refused?: { next: string; resultPath: string };
}

/** Errors of a refusal, in Step Functions and embedded. A fault that affects every call recurs in the next state. */
const refusals = [
  'SageMaker.AmazonSageMakerException',
  'SageMaker.ResourceNotFoundException',
  'SageMaker.ValidationException',
];

/**
 * The start of a FailureReason that is not the job's fault (SageMaker itself handles interrupted spot capacity). The
 * Cause is the Describe response as JSON: nothing else in it, such as a program's own output, makes a failure
 * transient.
 */
const transientFailures = [
  ...['CapacityError', 'InternalServerError'].flatMap((reason) => [
    `${reason}*`,
    `*"FailureReason":"${reason}*`,
  ]),
  // Messages of ECS and Glue.
  'Capacity is unavailable at this time*',
  '*"StoppedReason":"Capacity is unavailable at this time*',
  '*"ErrorMessage":"Internal service error*',
];
const mostAttempts = 3;

/**
 * A job that runs again under a new name if it fails for a transient reason, three attempts in all, and waits like callTask
 * while the service refuses it for the moment. A job name works only once, so each attempt has its own.
 */
export function jobTask(name: string, options: JobOptions): States {
  const { attempt, refused } = options;
  const [again, refusal] = [`${name}: again`, `${name}: refused`];
  const failed = options.failed ?? `${name} failed`;
  const { TimeoutSeconds: _, ...job } = task({ ...options, failed, timeout: 0 });
  const retried: Rule = { Variable: `${attempt}.n`, NumericLessThan: mostAttempts };
  return {
    ...untilTaken(
      name,
      { ...job, TimeoutSecondsPath: options.timeoutPath },
      { attempt, failed },
      [{ And: [retried, anyOf(cause, transientFailures)], Next: again }],
      refused ? [{ ...anyOf(error, refusals), Next: refusal }] : [],
    ),
    [again]: {
      Type: 'Pass',
      Parameters: { 'n.$': `States.MathAdd(${attempt}.n, 1)`, 'wait.$': `${attempt}.wait` },
      ResultPath: attempt,
      Next: options.again ?? name,
    },
    ...(refused ? { [refusal]: pass('$.error', refused.resultPath, refused.next) } : {}),
  };
}

/** A choice that goes to the first state whose flag is true. */
export function choice(flags: Record<string, string>, otherwise: string): ChoiceState {
  return {
    Type: 'Choice',
    Choices: Object.entries(flags).map(([Variable, Next]) => ({ Variable, BooleanEquals: true, Next })),
    Default: otherwise,
  };
}

export function pass(from: string, to: string, next: string): PassState {
  return { Type: 'Pass', InputPath: from, ResultPath: to, Next: next };
}

export function succeed(): SucceedState {
  return { Type: 'Succeed' };
}

export function fail(errorPath: string, causePath: string): FailState {
  return { Type: 'Fail', ErrorPath: errorPath, CausePath: causePath };
}

/** Puts a partition's name (aws, aws-cn, aws-us-gov) into the ARN of every service integration. */
export function inPartition<Flow extends Branch>(flow: Flow, partition: string): Flow {
  const states = Object.entries(flow.States).map(([name, state]): [string, State] => {
    if (state.Type === 'Task')
      return [name, { ...state, Resource: state.Resource.replace(/^arn:aws:/, `arn:${partition}:`) }];
    if (state.Type !== 'Parallel') return [name, state];
    return [name, { ...state, Branches: state.Branches.map((branch) => inPartition(branch, partition)) }];
  });
  return { ...flow, States: Object.fromEntries(states) };
}

/** Adds every state `X failed` that is named as a target and missing; it keeps X's name for the record. */
export function withFailures(states: States, next: string): States {
  const targets = Object.values(states).flatMap((state) => [
    ...('Catch' in state ? (state.Catch ?? []).map((catcher) => catcher.Next) : []),
    ...(state.Type === 'Choice' && state.Default !== undefined ? [state.Default] : []),
  ]);
  const missing = new Set(targets.filter((name) => name.endsWith(' failed') && !(name in states)));
  const failures = [...missing].map((name): [string, State] => [
    name,
    { Type: 'Pass', Result: name.slice(0, -' failed'.length), ResultPath: '$.failed_step', Next: next },
  ]);
  return { ...states, ...Object.fromEntries(failures) };
}

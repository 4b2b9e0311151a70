import type {
  ChoiceState,
  FailState,
  Parameters,
  PassState,
  Retrier,
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
    Retry: [transientCall],
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
    'SageMaker.AmazonSageMakerException',
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

function caught(next: string) {
  return { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: next };
}

/**
 * Calls one of the pipeline's functions with the execution's name, the model and `payload`; `result` lists the fields
 * of its response to keep.
 */
export function functionTask<Name extends string>(functions: Record<Name, string>) {
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

export interface JobOptions extends Omit<TaskOptions, 'timeout' | 'failed'> {
  /** Path of the attempt's number `{n}`. A job name works only once, so each attempt has its own. */
  attempt: string;
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

/** A job that runs again under a new name if it fails for a transient reason; three attempts in all. */
export function jobTask(name: string, options: JobOptions): States {
  const transient = `${name}: transient?`;
  const again = `${name}: again`;
  const failed = options.failed ?? `${name} failed`;
  const { TimeoutSeconds: _, ...job } = task({ ...options, failed, timeout: 0 });
  return {
    [name]: {
      ...job,
      TimeoutSecondsPath: options.timeoutPath,
      Catch: [
        ...(options.refused
          ? [{ ErrorEquals: refusals, ResultPath: options.refused.resultPath, Next: options.refused.next }]
          : []),
        { ErrorEquals: ['States.TaskFailed'], ResultPath: '$.error', Next: transient },
        caught(failed),
      ],
    },
    [transient]: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: `${options.attempt}.n`, NumericLessThan: mostAttempts },
            {
              Or: transientFailures.map((pattern) => ({
                Variable: '$.error.Cause',
                StringMatches: pattern,
              })),
            },
          ],
          Next: again,
        },
      ],
      Default: failed,
    },
    [again]: {
      Type: 'Pass',
      Parameters: { 'n.$': `States.MathAdd(${options.attempt}.n, 1)` },
      ResultPath: options.attempt,
      Next: options.again ?? name,
    },
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

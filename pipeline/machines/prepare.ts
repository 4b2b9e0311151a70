import type { Json, Parameters, Retrier, States, TaskState } from './asl.ts';
import { instances, network, outputKey, type Security, tags } from './security.ts';
import { jobTask, task, withRetry } from './states.ts';

/** What runs the prepare job, by the names that it has in the account (mlops.yaml: prepare.engine). */
export type PrepareEngine =
  | { readonly name: 'processing' }
  | {
      readonly name: 'glue';
      readonly job: string;
      /** The job's program, by content: Glue takes no image. */
      readonly program: string;
    }
  | {
      readonly name: 'fargate';
      /** ARN. */
      readonly cluster: string;
      /** Of the task definitions that runs register. */
      readonly family: string;
      /** The role that pulls the image and writes the log. */
      readonly executionRole: string;
      /** The role that the program has. */
      readonly taskRole: string;
      readonly logGroup: string;
      readonly region: string;
      readonly subnets: readonly string[];
      readonly securityGroups: readonly string[];
      /** Whether the task is reached by a public address, as one without NAT has to be. */
      readonly publicAddress: boolean;
    };

export interface PrepareOptions {
  engine: PrepareEngine;
  jobRole: string;
  security: Security | undefined;
  /** Where the job's name, inputs and output are: `$.plan.prepare`. */
  at: string;
  resultPath: string;
  next: string;
  /** @default `NAME failed` */
  failed?: string;
}

const execution = 'arn:aws:states:::';

/** The first of the states that prepareJob makes. */
export const prepareStart = (name: string, engine: PrepareEngine): string =>
  engine.name === 'fargate' ? defineTask(name) : name;

const defineTask = (name: string): string => `${name}: define task`;

/**
 * A prepare job, whatever engine runs it; it ends in one value: { job, output, started, ended, instance, count }.
 * SageMaker says why a processing job failed. Glue and ECS hand on nothing of what a program says, so there the program
 * leaves the reason in S3 (pipeline/prepare, remote.py) and a state puts it in the place of the error's cause.
 */
export function prepareJob(name: string, options: PrepareOptions): States {
  switch (options.engine.name) {
    case 'processing':
      return processingJob(name, options);
    case 'glue':
      return glueJob(name, options, options.engine);
    case 'fargate':
      return fargateTask(name, options, options.engine);
  }
}

function processingJob(name: string, options: PrepareOptions): States {
  const { at, jobRole, security, resultPath, next, failed } = options;
  return jobTask(name, {
    resource: `${execution}sagemaker:createProcessingJob.sync`,
    attempt: `${at}.attempt`,
    parameters: {
      'ProcessingJobName.$': `States.Format('{}-{}', ${at}.job, ${at}.attempt.n)`,
      RoleArn: jobRole,
      AppSpecification: { 'ImageUri.$': '$.request.images.prepare', ContainerEntrypoint: ['prepare'] },
      'ProcessingInputs.$': `${at}.inputs`,
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: 'prepared',
            S3Output: {
              'S3Uri.$': `${at}.output`,
              LocalPath: '/opt/ml/processing/output',
              S3UploadMode: 'EndOfJob',
            },
          },
        ],
        ...outputKey(security),
      },
      ProcessingResources: instances(
        'ClusterConfig',
        '$.plan.prepare.cluster',
        ['InstanceType', 'InstanceCount', 'VolumeSizeInGB'],
        security,
      ),
      StoppingCondition: { 'MaxRuntimeInSeconds.$': '$.plan.prepare.max_runtime' },
      'Environment.$': '$.plan.prepare.environment',
      ...network(security),
      ...tags(security),
    },
    result: {
      'job.$': '$.ProcessingJobName',
      'output.$': '$.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri',
      'started.$': '$.ProcessingStartTime',
      'ended.$': '$.ProcessingEndTime',
      'instance.$': '$.ProcessingResources.ClusterConfig.InstanceType',
      'count.$': '$.ProcessingResources.ClusterConfig.InstanceCount',
    },
    resultPath,
    timeoutPath: '$.plan.prepare.timeout',
    next,
    ...(failed !== undefined && { failed }),
  });
}

type Named<Name> = Extract<PrepareEngine, { name: Name }>;

/** Roles, network, key and program stand in the job; a run says what is prepared, and how large. */
function glueJob(name: string, options: PrepareOptions, engine: Named<'glue'>): States {
  const { at, resultPath, next, failed = `${name} failed` } = options;
  const job = jobTask(name, {
    resource: `${execution}glue:startJobRun.sync`,
    attempt: `${at}.attempt`,
    parameters: {
      JobName: engine.job,
      Arguments: Object.fromEntries(
        Object.entries(argumentsOf(at)).map(([key, value]) => [`--${key}.$`, value]),
      ),
      'WorkerType.$': '$.plan.prepare.size.instance',
      'NumberOfWorkers.$': '$.plan.prepare.size.count',
      'Timeout.$': '$.plan.prepare.timeout_minutes',
    },
    result: {
      'job.$': '$.Id',
      'started.$': '$.StartedOn',
      'ended.$': '$.CompletedOn',
      'billable_seconds.$': '$.ExecutionTime',
    },
    resultPath,
    timeoutPath: '$.plan.prepare.timeout',
    next: completed(name),
    failed: whyFailed(name),
  });
  return {
    ...job,
    [name]: withRetry(job[name] as TaskState, untilRoom),
    ...completedJob(name, options, { 'billable_seconds.$': `${resultPath}.billable_seconds` }, next),
    ...failureOf(name, at, failed),
  };
}

/** The job takes so many runs at a time: pull requests wait for each other, some hours at most. */
const untilRoom: Retrier = {
  ErrorEquals: ['Glue.ConcurrentRunsExceededException'],
  IntervalSeconds: 30,
  BackoffRate: 1,
  MaxAttempts: 400,
};

/**
 * A run may override much of a task definition, but not its image, and the image comes with the request. So each run
 * registers a definition that names the image by digest, runs it and deregisters it: no image is reached by a tag, and
 * the document deployed serves every pull request's. The machine's role may pass these two roles and no others.
 */
function fargateTask(name: string, options: PrepareOptions, engine: Named<'fargate'>): States {
  const { at, security, next, failed = `${name} failed` } = options;
  const { inputs, output, failure, max_runtime } = argumentsOf(at);
  const define = task({
    resource: `${execution}aws-sdk:ecs:registerTaskDefinition`,
    parameters: {
      Family: engine.family,
      RequiresCompatibilities: ['FARGATE'],
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
      'Cpu.$': '$.plan.prepare.size.cpu',
      'Memory.$': '$.plan.prepare.size.memory',
      EphemeralStorage: { 'SizeInGiB.$': '$.plan.prepare.size.disk_gib' },
      ExecutionRoleArn: engine.executionRole,
      TaskRoleArn: engine.taskRole,
      ContainerDefinitions: [
        {
          Name: 'prepare',
          'Image.$': '$.request.images.prepare',
          Essential: true,
          EntryPoint: ['python', '-m', 'mlops_prepare.remote'],
          'Command.$': `States.Array('--inputs', ${inputs}, '--output', ${output}, '--failure', ${failure}, '--max_runtime', ${max_runtime})`,
          // A process of the number 1 does not hear that it is to stop.
          LinuxParameters: { InitProcessEnabled: true },
          LogConfiguration: {
            LogDriver: 'awslogs',
            Options: {
              'awslogs-group': engine.logGroup,
              'awslogs-region': engine.region,
              'awslogs-stream-prefix.$': `${at}.job`,
            },
          },
        },
      ],
      ...tags(security),
    },
    result: { 'arn.$': '$.TaskDefinition.TaskDefinitionArn' },
    resultPath: '$.prepare_task',
    timeout: 60,
    next: name,
    failed,
  });
  const job = jobTask(name, {
    resource: `${execution}ecs:runTask.sync`,
    attempt: `${at}.attempt`,
    parameters: {
      Cluster: engine.cluster,
      'TaskDefinition.$': '$.prepare_task.arn',
      LaunchType: 'FARGATE',
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          Subnets: engine.subnets,
          SecurityGroups: engine.securityGroups,
          AssignPublicIp: engine.publicAddress ? 'ENABLED' : 'DISABLED',
        },
      },
      PropagateTags: 'TASK_DEFINITION',
    },
    // A task is billed from the start of its image's download.
    result: { 'job.$': '$.TaskArn', 'started.$': '$.PullStartedAt', 'ended.$': '$.StoppedAt' },
    resultPath: options.resultPath,
    timeoutPath: '$.plan.prepare.timeout',
    next: dropTask(name),
    failed: whyFailed(name),
  });
  return {
    [defineTask(name)]: withRetry(define, busy),
    ...job,
    [dropTask(name)]: deregister(completed(name)),
    ...completedJob(name, options, {}, next),
    ...failureOf(name, at, `${name}: drop failed task`),
    [`${name}: drop failed task`]: deregister(failed),
  };
}

const busy: Retrier = {
  ErrorEquals: ['Ecs.ServerException', 'Ecs.EcsException'],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 4,
};

const dropTask = (name: string): string => `${name}: drop task`;

/** A definition that stays costs nothing and is no reason to fail a run. */
function deregister(next: string): TaskState {
  return {
    ...task({
      resource: `${execution}aws-sdk:ecs:deregisterTaskDefinition`,
      parameters: { 'TaskDefinition.$': '$.prepare_task.arn' },
      resultPath: null,
      timeout: 60,
      next,
      failed: next,
    }),
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: next }],
  };
}

/** What the program is called with, as expressions. */
const argumentsOf = (at: string) => ({
  inputs: `States.JsonToString(${at}.inputs)`,
  output: `${at}.output`,
  failure: `States.Format('s3://{}/{}', $.plan.prepare.failures.bucket, ${failureKey(at)})`,
  max_runtime: `States.Format('{}', $.plan.prepare.max_runtime)`,
});

const failureKey = (at: string): string =>
  `States.Format('{}{}.json', $.plan.prepare.failures.prefix, ${at}.job)`;

const completed = (name: string): string => `${name}: completed`;

/** What the service answers does not tell what was asked of the program. */
function completedJob(
  name: string,
  { at, resultPath }: PrepareOptions,
  more: Parameters,
  next: string,
): States {
  const kept = ['job', 'started', 'ended'].map((field): [string, Json] => [
    `${field}.$`,
    `${resultPath}.${field}`,
  ]);
  return {
    [completed(name)]: {
      Type: 'Pass',
      Parameters: {
        ...Object.fromEntries(kept),
        'output.$': `${at}.output`,
        'instance.$': '$.plan.prepare.size.instance',
        'count.$': '$.plan.prepare.size.count',
        ...more,
      },
      ResultPath: resultPath,
      Next: next,
    },
  };
}

const whyFailed = (name: string): string => `${name}: why it failed`;

/** Where the program left no reason, since it never ran, what the service told stays. */
function failureOf(name: string, at: string, next: string): States {
  return {
    [whyFailed(name)]: {
      ...task({
        resource: `${execution}aws-sdk:s3:getObject`,
        parameters: { 'Bucket.$': '$.plan.prepare.failures.bucket', 'Key.$': failureKey(at) },
        result: { Error: 'States.TaskFailed', 'Cause.$': '$.Body' },
        resultPath: '$.error',
        timeout: 60,
        next,
        failed: next,
      }),
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: next }],
    },
  };
}

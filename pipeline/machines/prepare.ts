import type { Json, Parameters, Retrier, States, TaskState } from './asl.ts';
import { instances, network, outputKey, type Security, tags } from './security.ts';
import { jobTask, task, withRetry } from './states.ts';

/** The service that runs the prepare job (mlops.yaml: prepare.engine), with the names of its resources. */
export type PrepareEngine =
  | { readonly name: 'processing' }
  | {
      readonly name: 'glue';
      readonly job: string;
      /** Hash of the job's program: Glue takes no image. */
      readonly program: string;
    }
  | {
      readonly name: 'fargate';
      /** ARN. */
      readonly cluster: string;
      /** Family of the task definitions that runs register. */
      readonly family: string;
      /** The role that pulls the image and writes the log. */
      readonly executionRole: string;
      /** The role of the program. */
      readonly taskRole: string;
      readonly logGroup: string;
      readonly region: string;
      readonly subnets: readonly string[];
      readonly securityGroups: readonly string[];
      /** Whether the task gets a public address, which it needs in a subnet without NAT. */
      readonly publicAddress: boolean;
    };

export interface PrepareOptions {
  engine: PrepareEngine;
  jobRole: string;
  security: Security | undefined;
  /** Path of the job's name, inputs and output: `$.plan.prepare`. */
  at: string;
  /** Path of the program's image. @default `$.request.images.prepare` */
  image?: string;
  resultPath: string;
  next: string;
  /** @default `NAME failed` */
  failed?: string;
}

const execution = 'arn:aws:states:::';
const requested = '$.request.images.prepare';

/** The name of the first state of prepareJob. */
export const prepareStart = (name: string, engine: PrepareEngine): string =>
  engine.name === 'fargate' ? defineTask(name) : name;

const defineTask = (name: string): string => `${name}: define task`;

/**
 * The states of a prepare job. Every engine gives the same result: { job, output, started, ended, instance, count }.
 * SageMaker reports why a processing job failed. Glue and ECS do not surface a program's error output, so there the
 * program writes the reason to S3 (pipeline/prepare, remote.py), and a state replaces the error's cause with it.
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
  const { at, image = requested, jobRole, security, resultPath, next, failed } = options;
  return jobTask(name, {
    resource: `${execution}sagemaker:createProcessingJob.sync`,
    attempt: `${at}.attempt`,
    parameters: {
      'ProcessingJobName.$': `States.Format('{}-{}', ${at}.job, ${at}.attempt.n)`,
      RoleArn: jobRole,
      AppSpecification: { 'ImageUri.$': image, ContainerEntrypoint: ['prepare'] },
      'ProcessingInputs.$': `${at}.inputs`,
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: 'prepared',
            S3Output: {
              'S3Uri.$': writtenBy(at),
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

/** The deployed Glue job has roles, network, key and program; a run passes inputs, output and size. */
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
    ...completedJob(name, options, { 'billable_seconds.$': `${resultPath}.billable_seconds` }, next),
    ...failureOf(name, at, failed),
  };
}

/**
 * RunTask can override much of a task definition, but not its image, and the image comes with the request. So each run
 * registers a task definition that names the image by digest, runs it and deregisters it. No image is named by a tag,
 * and the deployed document works for every pull request's image. The machine's role may pass only these two roles.
 */
function fargateTask(name: string, options: PrepareOptions, engine: Named<'fargate'>): States {
  const { at, image = requested, security, next, failed = `${name} failed` } = options;
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
          'Image.$': image,
          Essential: true,
          EntryPoint: ['python', '-m', 'mlops_prepare.remote'],
          'Command.$': `States.Array('--inputs', ${inputs}, '--output', ${output}, '--failure', ${failure}, '--max_runtime', ${max_runtime})`,
          // A process with PID 1 ignores SIGTERM by default; an init process forwards it to the program.
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
    // AWS bills a task from the start of its image's download.
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

/** Deregisters the task definition. One that stays costs nothing, so an error here does not fail the run. */
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

/** The folder that an attempt of the job writes. */
const writtenBy = (at: string): string => `States.Format('{}-{}/', ${at}.written, ${at}.attempt.n)`;

/** The fields of a prepare job's result, once it is kept. */
export const prepareFields = ({ name }: PrepareEngine): string[] => [
  'job',
  'output',
  'objects',
  'started',
  'ended',
  'instance',
  'count',
  ...(name === 'glue' ? ['billable_seconds'] : []),
];

/** The program's arguments, as expressions of the States Language. */
const argumentsOf = (at: string) => ({
  inputs: `States.JsonToString(${at}.inputs)`,
  output: writtenBy(at),
  failure: `States.Format('s3://{}/{}', $.plan.prepare.failures.bucket, ${failureKey(at)})`,
  max_runtime: `States.Format('{}', $.plan.prepare.max_runtime)`,
});

const failureKey = (at: string): string =>
  `States.Format('{}{}.json', $.plan.prepare.failures.prefix, ${at}.job)`;

const completed = (name: string): string => `${name}: completed`;

/** Adds output and size to the job's result, since the service's response lacks them. */
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
        'output.$': writtenBy(at),
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

/** Replaces the error's cause with the reason that the program wrote; keeps the service's if the program never ran. */
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

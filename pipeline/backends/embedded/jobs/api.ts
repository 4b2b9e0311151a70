/**
 * The part of the SageMaker API that the state machines use, with SageMaker's spelling. Parameters that a job needs
 * are checked; those without meaning on one machine (roles, networks, tags) are accepted and ignored; all others are
 * refused, so that no setting is silently ignored.
 */
import * as z from 'zod';
import { serviceError } from './errors.ts';

/** Accepted, but without effect on this machine. */
const unused = z.unknown().optional();
const text = z.string().min(1);
const s3Uri = z.string().regex(/^(https|s3):\/\/[^/]+\/?.*$/, 'expected an S3 location, s3://BUCKET/KEY');
const jobName = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/, 'expected letters, digits and single hyphens between them');
const environment = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().max(10_240)).optional();
const stoppingCondition = z
  .strictObject({
    MaxRuntimeInSeconds: z.int().min(1).optional(),
    MaxWaitTimeInSeconds: unused,
    MaxPendingTimeInSeconds: unused,
  })
  .optional();

const metricDefinitions = z
  .array(z.strictObject({ Name: text, Regex: z.string().min(1).max(500) }))
  .max(40)
  .optional();
const algorithmSpecification = z.strictObject({
  TrainingImage: text,
  TrainingInputMode: z.enum(['File', 'FastFile'], 'expected File or FastFile: Pipe runs on AWS only'),
  MetricDefinitions: metricDefinitions,
  EnableSageMakerMetricsTimeSeries: unused,
});
const channel = z.strictObject({
  ChannelName: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  DataSource: z.strictObject({
    S3DataSource: z.strictObject({
      S3DataType: z.enum(['S3Prefix', 'S3Object']),
      S3Uri: s3Uri,
      S3DataDistributionType: z.literal('FullyReplicated').optional(),
    }),
  }),
  ContentType: z.string().optional(),
  CompressionType: z.literal('None').optional(),
  RecordWrapperType: z.literal('None').optional(),
  InputMode: z.enum(['File', 'FastFile']).optional(),
});
const trainingCommon = {
  RoleArn: unused,
  AlgorithmSpecification: algorithmSpecification,
  InputDataConfig: z.array(channel).max(20).optional(),
  OutputDataConfig: z.strictObject({
    S3OutputPath: s3Uri,
    KmsKeyId: unused,
    CompressionType: z.literal('GZIP').optional(),
  }),
  ResourceConfig: z
    .looseObject({ InstanceType: z.string().optional(), VolumeSizeInGB: z.number().optional() })
    .optional(),
  StoppingCondition: stoppingCondition,
  Environment: environment,
  VpcConfig: unused,
  EnableNetworkIsolation: unused,
  EnableInterContainerTrafficEncryption: unused,
  EnableManagedSpotTraining: unused,
  RetryStrategy: unused,
};
const hyperParameters = z.record(z.string().max(256), z.string().max(2500)).optional();

const checkpointConfig = z.strictObject({
  S3Uri: s3Uri,
  LocalPath: z.literal('/opt/ml/checkpoints', 'expected /opt/ml/checkpoints').optional(),
});

const createTrainingJob = z.strictObject({
  ...trainingCommon,
  TrainingJobName: jobName(63),
  CheckpointConfig: checkpointConfig.optional(),
  HyperParameters: hyperParameters,
  Tags: unused,
  ExperimentConfig: unused,
  ProfilerConfig: unused,
});
export type CreateTrainingJob = z.input<typeof createTrainingJob>;

const numericRange = <T extends string>(scaling: readonly T[]) =>
  z.strictObject({
    Name: text,
    MinValue: z.string(),
    MaxValue: z.string(),
    ScalingType: z.enum(scaling).optional(),
  });
const parameterRanges = z.strictObject({
  CategoricalParameterRanges: z
    .array(z.strictObject({ Name: text, Values: z.array(z.string()).min(1) }))
    .optional(),
  ContinuousParameterRanges: z
    .array(numericRange(['Auto', 'Linear', 'Logarithmic', 'ReverseLogarithmic']))
    .optional(),
  IntegerParameterRanges: z.array(numericRange(['Auto', 'Linear', 'Logarithmic'])).optional(),
});
const tuningConfig = z.strictObject({
  Strategy: z.enum(['Bayesian', 'Random', 'Hyperband', 'Grid']),
  StrategyConfig: unused,
  HyperParameterTuningJobObjective: z.strictObject({
    Type: z.enum(['Maximize', 'Minimize']),
    MetricName: text,
  }),
  ResourceLimits: z.strictObject({
    MaxNumberOfTrainingJobs: z.int().min(1).optional(),
    MaxParallelTrainingJobs: z.int().min(1),
    MaxRuntimeInSeconds: unused,
  }),
  ParameterRanges: parameterRanges,
  TrainingJobEarlyStoppingType: unused,
  RandomSeed: z.int().min(0).max(2_147_483_647).optional(),
});
const createHyperParameterTuningJob = z.strictObject({
  HyperParameterTuningJobName: jobName(32),
  HyperParameterTuningJobConfig: tuningConfig,
  TrainingJobDefinition: z.strictObject({
    ...trainingCommon,
    StaticHyperParameters: hyperParameters,
    DefinitionName: unused,
  }),
  WarmStartConfig: z
    .strictObject({
      ParentHyperParameterTuningJobs: z
        .array(z.strictObject({ HyperParameterTuningJobName: jobName(32) }))
        .min(1)
        .max(5),
      WarmStartType: z.enum(['IdenticalDataAndAlgorithm', 'TransferLearning']),
    })
    .optional(),
  Tags: unused,
});
export type CreateHyperParameterTuningJob = z.input<typeof createHyperParameterTuningJob>;
export type TuningConfig = z.output<typeof tuningConfig>;
export type ParameterRanges = z.output<typeof parameterRanges>;

const localPath = z
  .string()
  .regex(
    /^\/opt\/ml\/processing(\/(?!\.{1,2}(\/|$))[^/]+)+\/?$/,
    'expected a folder under /opt/ml/processing',
  );
const createProcessingJob = z.strictObject({
  ProcessingJobName: jobName(63),
  AppSpecification: z.strictObject({
    ImageUri: text,
    ContainerEntrypoint: z.array(z.string()).min(1).optional(),
    ContainerArguments: z.array(z.string()).optional(),
  }),
  ProcessingInputs: z
    .array(
      z.strictObject({
        InputName: text,
        AppManaged: z.literal(false).optional(),
        S3Input: z.strictObject({
          S3Uri: s3Uri,
          LocalPath: localPath,
          S3DataType: z.enum(['S3Prefix', 'ManifestFile']),
          S3InputMode: z.literal('File').optional(),
          S3DataDistributionType: z.literal('FullyReplicated').optional(),
          S3CompressionType: z.literal('None').optional(),
        }),
      }),
    )
    .optional(),
  ProcessingOutputConfig: z
    .strictObject({
      Outputs: z.array(
        z.strictObject({
          OutputName: text,
          AppManaged: z.literal(false).optional(),
          S3Output: z.strictObject({
            S3Uri: s3Uri,
            LocalPath: localPath,
            S3UploadMode: z.literal('EndOfJob'),
          }),
        }),
      ),
      KmsKeyId: unused,
    })
    .optional(),
  ProcessingResources: z
    .looseObject({ ClusterConfig: z.looseObject({ VolumeSizeInGB: z.number().optional() }).optional() })
    .optional(),
  StoppingCondition: stoppingCondition,
  Environment: environment,
  NetworkConfig: unused,
  RoleArn: unused,
  Tags: unused,
  ExperimentConfig: unused,
});
export type CreateProcessingJob = z.input<typeof createProcessingJob>;

const createModel = z.strictObject({
  ModelName: jobName(63),
  PrimaryContainer: z.strictObject({
    Image: text,
    ModelDataUrl: s3Uri,
    Environment: environment,
    Mode: z.literal('SingleModel').optional(),
    ContainerHostname: unused,
  }),
  ExecutionRoleArn: unused,
  VpcConfig: unused,
  EnableNetworkIsolation: unused,
  Tags: unused,
});
export type CreateModel = z.input<typeof createModel>;

/** SageMaker's limit on a filter's length. */
const filter = z.string().max(63).optional();
const createTransformJob = z.strictObject({
  TransformJobName: jobName(63),
  ModelName: jobName(63),
  TransformInput: z.strictObject({
    DataSource: z.strictObject({
      S3DataSource: z.strictObject({ S3DataType: z.literal('S3Prefix'), S3Uri: s3Uri }),
    }),
    ContentType: text,
    SplitType: z.literal('Line', 'expected Line: other ways to split run on AWS only'),
    CompressionType: z.literal('None').optional(),
  }),
  TransformOutput: z.strictObject({
    S3OutputPath: s3Uri,
    Accept: z.string().optional(),
    AssembleWith: z.literal('Line', 'expected Line: other ways to assemble run on AWS only'),
    KmsKeyId: unused,
  }),
  DataProcessing: z
    .strictObject({
      InputFilter: filter,
      OutputFilter: filter,
      JoinSource: z.enum(['Input', 'None']).optional(),
    })
    .optional(),
  BatchStrategy: z.enum(['MultiRecord', 'SingleRecord']).optional(),
  MaxPayloadInMB: z.int().min(0).max(100).optional(),
  MaxConcurrentTransforms: z.int().min(0).optional(),
  ModelClientConfig: z
    .strictObject({
      InvocationsTimeoutInSeconds: z.int().min(1).max(3600).optional(),
      InvocationsMaxRetries: z.int().min(0).max(3).optional(),
    })
    .optional(),
  Environment: environment,
  TransformResources: unused,
  DataCaptureConfig: unused,
  Tags: unused,
  ExperimentConfig: unused,
});
export type CreateTransformJob = z.input<typeof createTransformJob>;

const productionVariant = z
  .strictObject({
    VariantName: z.string().regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/),
    ModelName: jobName(63),
    InitialVariantWeight: z.number().min(0).optional(),
    InstanceType: z.string().optional(),
    InitialInstanceCount: z.int().min(1).optional(),
    ServerlessConfig: z
      .strictObject({
        MemorySizeInMB: z
          .int()
          .min(1024)
          .max(6144)
          .refine((size) => size % 1024 === 0, 'expected one of 1024, 2048, 3072, 4096, 5120, 6144'),
        MaxConcurrency: z.int().min(1).max(200),
      })
      .optional(),
  })
  .refine(
    ({ ServerlessConfig, InstanceType, InitialInstanceCount }) =>
      ServerlessConfig === undefined
        ? InstanceType !== undefined && InitialInstanceCount !== undefined
        : InstanceType === undefined && InitialInstanceCount === undefined,
    'expected either InstanceType and InitialInstanceCount, or ServerlessConfig',
  );
const createEndpointConfig = z
  .strictObject({
    EndpointConfigName: jobName(63),
    ProductionVariants: z.array(productionVariant).length(1, 'expected one variant: several run on AWS only'),
    KmsKeyId: unused,
    Tags: unused,
  })
  .refine(
    ({ ProductionVariants: [variant], KmsKeyId }) => !(variant?.ServerlessConfig && KmsKeyId !== undefined),
    'KmsKeyId: expected none with ServerlessConfig',
  );
export type CreateEndpointConfig = z.input<typeof createEndpointConfig>;

const createEndpoint = z.strictObject({
  EndpointName: jobName(63),
  EndpointConfigName: jobName(63),
  Tags: unused,
});
export type CreateEndpoint = z.input<typeof createEndpoint>;

const capacity = z.strictObject({
  Type: z.enum(['INSTANCE_COUNT', 'CAPACITY_PERCENT']),
  Value: z.int().min(1),
});
const waitSeconds = z.int().min(0).max(3600);
const updateEndpoint = z.strictObject({
  EndpointName: jobName(63),
  EndpointConfigName: jobName(63),
  DeploymentConfig: z
    .strictObject({
      BlueGreenUpdatePolicy: z
        .strictObject({
          TrafficRoutingConfiguration: z.discriminatedUnion('Type', [
            z.strictObject({ Type: z.literal('ALL_AT_ONCE'), WaitIntervalInSeconds: waitSeconds }),
            z.strictObject({
              Type: z.literal('CANARY'),
              WaitIntervalInSeconds: waitSeconds,
              CanarySize: capacity,
            }),
            z.strictObject({
              Type: z.literal('LINEAR'),
              WaitIntervalInSeconds: waitSeconds,
              LinearStepSize: capacity,
            }),
          ]),
          TerminationWaitInSeconds: waitSeconds.optional(),
          MaximumExecutionTimeoutInSeconds: z.int().min(600).max(28_800).optional(),
        })
        .optional(),
      AutoRollbackConfiguration: z
        .strictObject({
          Alarms: z
            .array(z.strictObject({ AlarmName: text }))
            .min(1)
            .max(10),
        })
        .optional(),
    })
    .optional(),
});
export type UpdateEndpoint = z.input<typeof updateEndpoint>;

const describeTrainingJob = z.strictObject({ TrainingJobName: jobName(63) });
const deleteModel = z.strictObject({ ModelName: jobName(63) });

/** Each API call's parameters. */
export const requests = {
  CreateProcessingJob: createProcessingJob,
  CreateTrainingJob: createTrainingJob,
  CreateHyperParameterTuningJob: createHyperParameterTuningJob,
  CreateModel: createModel,
  CreateTransformJob: createTransformJob,
  DescribeTrainingJob: describeTrainingJob,
  DeleteModel: deleteModel,
  CreateEndpointConfig: createEndpointConfig,
  DeleteEndpointConfig: z.strictObject({ EndpointConfigName: jobName(63) }),
  CreateEndpoint: createEndpoint,
  UpdateEndpoint: updateEndpoint,
  DescribeEndpoint: z.strictObject({ EndpointName: jobName(63) }),
  DeleteEndpoint: z.strictObject({ EndpointName: jobName(63) }),
};

/**
 * Checks and returns the parameters of a call.
 * @throws `SageMaker.ValidationException` with every invalid parameter
 */
export function parse<K extends keyof typeof requests>(
  call: K,
  params: unknown,
): z.output<(typeof requests)[K]> {
  const result = requests[call].safeParse(params);
  if (result.success) return result.data as z.output<(typeof requests)[K]>;
  const faults = result.error.issues.map((issue) =>
    issue.path.length ? `${issue.path.join('.')}: ${issue.message}` : issue.message,
  );
  throw serviceError('ValidationException', `${call}: ${faults.join('; ')}`);
}

export type JobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopped';

/** Times are ISO 8601 in UTC, as in the `aws-sdk:` integrations. */
interface Times {
  CreationTime: string;
  LastModifiedTime: string;
}

export interface Metric {
  MetricName: string;
  Value: number;
  Timestamp: string;
}

/** The response of DescribeTrainingJob. */
export interface TrainingJob extends Times, CreateTrainingJob {
  TrainingJobArn: string;
  TrainingJobStatus: JobStatus;
  SecondaryStatus: string;
  FailureReason?: string;
  ModelArtifacts: { S3ModelArtifacts: string };
  FinalMetricDataList: Metric[];
  TrainingStartTime: string;
  TrainingEndTime: string;
  TrainingTimeInSeconds: number;
  BillableTimeInSeconds: number;
  TuningJobArn?: string;
}

/** The response of DescribeProcessingJob. */
export interface ProcessingJob extends Times, CreateProcessingJob {
  ProcessingJobArn: string;
  ProcessingJobStatus: JobStatus;
  FailureReason?: string;
  ExitMessage?: string;
  ProcessingStartTime: string;
  ProcessingEndTime: string;
}

/** The response of DescribeTransformJob. */
export interface TransformJob extends Times, CreateTransformJob {
  TransformJobArn: string;
  TransformJobStatus: JobStatus;
  FailureReason?: string;
  TransformStartTime: string;
  TransformEndTime: string;
}

/** The response of DescribeHyperParameterTuningJob. */
export interface HyperParameterTuningJob extends Times, CreateHyperParameterTuningJob {
  HyperParameterTuningJobArn: string;
  HyperParameterTuningJobStatus: JobStatus;
  FailureReason?: string;
  HyperParameterTuningEndTime: string;
  TrainingJobStatusCounters: {
    Completed: number;
    InProgress: number;
    RetryableError: number;
    NonRetryableError: number;
    Stopped: number;
  };
  ObjectiveStatusCounters: { Succeeded: number; Pending: number; Failed: number };
  BestTrainingJob?: {
    TrainingJobName: string;
    TrainingJobArn: string;
    CreationTime: string;
    TrainingStartTime: string;
    TrainingEndTime: string;
    TrainingJobStatus: JobStatus;
    TunedHyperParameters: Record<string, string>;
    FinalHyperParameterTuningJobObjectiveMetric: {
      Type: 'Maximize' | 'Minimize';
      MetricName: string;
      Value: number;
    };
    ObjectiveStatus: 'Succeeded';
  };
}

export type EndpointStatus = 'Creating' | 'Updating' | 'InService' | 'Failed';

/** The response of DescribeEndpoint. */
export interface Endpoint extends Times {
  EndpointName: string;
  EndpointArn: string;
  EndpointConfigName: string;
  EndpointStatus: EndpointStatus;
  FailureReason?: string;
}

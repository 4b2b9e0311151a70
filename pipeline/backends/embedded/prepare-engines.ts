import type { Config } from '../../config/schema.ts';
import type { PrepareEngine } from '../../machines/prepare.ts';
import type { Storage } from '../../ports.ts';
import type { TaskHandler } from './engine/execution.ts';
import type { CreateProcessingJob, ProcessingJob } from './jobs/api.ts';

/** The engine that the request names, with names of this machine. */
export function embeddedEngine({
  config,
  images,
}: {
  config: Pick<Config, 'prepare'>;
  images: { prepare: string };
}): PrepareEngine {
  switch (config.prepare.engine) {
    case 'processing':
      return { name: 'processing' };
    case 'glue':
      return { name: 'glue', job: 'prepare', program: images.prepare };
    case 'fargate':
      return {
        name: 'fargate',
        cluster: 'cluster',
        family: 'prepare',
        executionRole: 'role/prepare-execution',
        taskRole: 'role/prepare',
        logGroup: 'prepare',
        region: 'local',
        subnets: ['subnet'],
        securityGroups: ['group'],
        publicAddress: true,
      };
  }
}

interface Options {
  image: string;
  storage: Storage;
  process: (job: CreateProcessingJob, signal: AbortSignal) => Promise<ProcessingJob>;
}

/**
 * The calls to Glue and ECS that the prepare job needs. On this machine both run the same program as SageMaker
 * Processing, in the same folders; on Glue and ECS remote.py creates those folders.
 */
export function prepareEngines({ image, storage, process }: Options): Record<string, TaskHandler> {
  const definitions = new Map<string, string[]>();
  let runs = 0;

  const run = async (job: Arguments, signal: AbortSignal): Promise<ProcessingJob> => {
    runs += 1;
    const name = job.failure.slice(job.failure.lastIndexOf('/') + 1, -'.json'.length);
    try {
      return await process(
        {
          ProcessingJobName: `${name}-${runs}`,
          AppSpecification: { ImageUri: image, ContainerEntrypoint: ['prepare'] },
          ProcessingInputs: JSON.parse(job.inputs),
          ProcessingOutputConfig: {
            Outputs: [
              {
                OutputName: 'prepared',
                S3Output: {
                  S3Uri: job.output,
                  LocalPath: '/opt/ml/processing/output',
                  S3UploadMode: 'EndOfJob',
                },
              },
            ],
          },
          StoppingCondition: { MaxRuntimeInSeconds: Number(job.max_runtime) },
        },
        signal,
      );
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind === 'States.TaskFailed') await storage.write(job.failure, message);
      throw error;
    }
  };

  return {
    'arn:aws:states:::glue:startJobRun.sync': async (parameters, { signal }) => {
      const { JobName, Arguments, WorkerType, NumberOfWorkers } = parameters as GlueRun;
      const job = await run(argumentsOf(Object.entries(Arguments).flat()), signal);
      const [started, ended] = [Date.parse(job.ProcessingStartTime), Date.parse(job.ProcessingEndTime)];
      return {
        Id: job.ProcessingJobName,
        JobName,
        JobRunState: 'SUCCEEDED',
        Arguments,
        WorkerType,
        NumberOfWorkers,
        StartedOn: started,
        CompletedOn: ended,
        ExecutionTime: Math.ceil((ended - started) / 1000),
      };
    },
    'arn:aws:states:::aws-sdk:ecs:registerTaskDefinition': async (parameters) => {
      const { Family, ContainerDefinitions } = parameters as TaskDefinition;
      const arn = `${Family}:${definitions.size + 1}`;
      definitions.set(arn, ContainerDefinitions[0].Command);
      return { TaskDefinition: { TaskDefinitionArn: arn } };
    },
    'arn:aws:states:::ecs:runTask.sync': async (parameters, { signal }) => {
      const { TaskDefinition } = parameters as { TaskDefinition: string };
      const job = await run(argumentsOf(definitions.get(TaskDefinition) ?? []), signal);
      return {
        TaskArn: job.ProcessingJobName,
        TaskDefinitionArn: TaskDefinition,
        PullStartedAt: Date.parse(job.ProcessingStartTime),
        StoppedAt: Date.parse(job.ProcessingEndTime),
      };
    },
    'arn:aws:states:::aws-sdk:ecs:deregisterTaskDefinition': async () => ({}),
    'arn:aws:states:::aws-sdk:s3:getObject': async (parameters) => {
      const { Bucket, Key } = parameters as { Bucket: string; Key: string };
      return { Body: new TextDecoder().decode(await storage.read(`s3://${Bucket}/${Key}`)) };
    },
  };
}

interface GlueRun {
  JobName: string;
  Arguments: Record<string, string>;
  WorkerType: string;
  NumberOfWorkers: number;
}

interface TaskDefinition {
  Family: string;
  ContainerDefinitions: [{ Command: string[] }];
}

interface Arguments {
  inputs: string;
  output: string;
  failure: string;
  max_runtime: string;
}

/** `--name value --name value`, as remote.py reads it. */
function argumentsOf(words: readonly string[]): Arguments {
  const value = (name: keyof Arguments): string => {
    const found = words[words.indexOf(`--${name}`) + 1];
    if (found === undefined || !words.includes(`--${name}`)) {
      throw new Error(`prepare job: got ${words.join(' ')}, expected the argument --${name}`);
    }
    return found;
  };
  return {
    inputs: value('inputs'),
    output: value('output'),
    failure: value('failure'),
    max_runtime: value('max_runtime'),
  };
}

import {
  DeleteModelCommand,
  type SageMakerClient,
  StopHyperParameterTuningJobCommand,
  StopProcessingJobCommand,
  StopTrainingJobCommand,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { signedCall } from '../../../aws/signed-call.ts';
import type { StartedJob } from './started-job.ts';

/**
 * Stops jobs and deletes models, unless they have ended or are gone. Does so all at once, because the runner of a
 * cancelled workflow has only seconds. Throws AggregateError with the jobs that could not be stopped.
 */
export async function stopJobs(client: SageMakerClient, jobs: readonly StartedJob[]): Promise<void> {
  const results = await Promise.allSettled(jobs.map((job) => stop(client, job)));
  const errors = results.flatMap((result, index) => {
    if (result.status === 'fulfilled' || hasEnded(result.reason)) return [];
    const { kind, name } = jobs[index] ?? {};
    return [new Error(`${kind} job ${name} was not stopped and may still cost: ${result.reason.message}`)];
  });
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
}

async function stop(client: SageMakerClient, { kind, name }: StartedJob): Promise<void> {
  switch (kind) {
    case 'processing':
      await client.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
      break;
    case 'training':
      await client.send(new StopTrainingJobCommand({ TrainingJobName: name }));
      break;
    case 'transform':
      await client.send(new StopTransformJobCommand({ TransformJobName: name }));
      break;
    case 'tuning':
      await client.send(new StopHyperParameterTuningJobCommand({ HyperParameterTuningJobName: name }));
      break;
    case 'glue':
      await stopGlueJob(await client.config.region(), name);
      break;
    case 'ecs':
      await signedCall({
        service: 'ecs',
        region: await client.config.region(),
        action: 'StopTask',
        parameters: { cluster: name.split('/')[1] ?? '', task: name, reason: 'its run was stopped' },
      });
      break;
    case 'model':
      await client.send(new DeleteModelCommand({ ModelName: name }));
      break;
  }
}

/** The call succeeds even if the run could not be stopped; the answer lists such errors. */
async function stopGlueJob(region: string, name: string): Promise<void> {
  const [JobName = '', run = ''] = name.split('/');
  const { Errors = [] } = await signedCall<JobRunErrors>({
    service: 'glue',
    region,
    action: 'BatchStopJobRun',
    parameters: { JobName, JobRunIds: [run] },
  });
  const [{ ErrorDetail } = {}] = Errors;
  if (ErrorDetail === undefined || ended.has(ErrorDetail.ErrorCode ?? '')) return;
  throw new Error(`${ErrorDetail.ErrorCode}: ${ErrorDetail.ErrorMessage}`);
}

interface JobRunErrors {
  Errors?: { ErrorDetail?: { ErrorCode?: string; ErrorMessage?: string } }[];
}

const ended = new Set([
  'EntityNotFoundException',
  'JobRunInTerminalStateException',
  'JobRunInvalidStateTransitionException',
]);

const hasEnded = (error: unknown): boolean =>
  [
    'ResourceNotFound',
    'ValidationException',
    'InvalidParameterException',
    'EntityNotFoundException',
  ].includes((error as Error).name) && !/access|permission/i.test((error as Error).message);

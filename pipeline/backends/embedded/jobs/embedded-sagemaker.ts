import type {
  CreateEndpoint,
  CreateEndpointConfig,
  CreateHyperParameterTuningJob,
  CreateModel,
  CreateProcessingJob,
  CreateTrainingJob,
  CreateTransformJob,
  Endpoint,
  HyperParameterTuningJob,
  JobStatus,
  ProcessingJob,
  TrainingJob,
  TransformJob,
  UpdateEndpoint,
} from './api.ts';
import type { JobContext, Jobs, JobsOptions } from './context.ts';
import {
  createEndpoint,
  createEndpointConfig,
  deleteEndpoint,
  deleteEndpointConfig,
  describeEndpoint,
  invokeEndpoint,
  updateEndpoint,
} from './endpoints.ts';
import { taskFailed } from './errors.ts';
import { createModel, deleteModel } from './models.ts';
import { runProcessingJob } from './processing.ts';
import { describeTrainingJob, runTrainingJob } from './training.ts';
import { runTransformJob } from './transform.ts';
import { runTuningJob } from './tuning.ts';

/**
 * Runs SageMaker's jobs as processes on this machine, with the API's parameters and the names that a state machine
 * uses. A create call is `.sync`: it resolves with the Describe response of a Completed job. It rejects with
 * - `SageMaker.ValidationException`: SageMaker or this machine does not accept the parameters; nothing has started;
 * - `SageMaker.ResourceInUseException`: a job has or had this name;
 * - `States.TaskFailed`: the job Failed, or Stopped at its MaxRuntimeInSeconds (AWS does not document `.sync` for
 *   Stopped; a half-trained model is no result, so this fails). The message is the Describe response, with the last
 *   lines of the log as LogTail;
 * - `AbortError`: the caller's signal ended the job; no process is left.
 *
 * A job's programs get the environment in its parameters and what an Image adds to start a process, but nothing else
 * from this machine's environment, and no credentials.
 */
export class EmbeddedSageMaker {
  readonly #jobs: Jobs;

  constructor(options: JobsOptions) {
    this.#jobs = {
      ...options,
      now: options.now ?? (() => new Date()),
      waits: { stop: 120, end: 5, abort: 0.7, ping: 240, quiet: 10, elsewhere: 1, ...options.waits },
    };
  }

  async createProcessingJob(params: CreateProcessingJob, context: JobContext): Promise<ProcessingJob> {
    const job = await runProcessingJob(this.#jobs, params, context);
    return completed(job, job.ProcessingJobStatus);
  }

  async createTrainingJob(params: CreateTrainingJob, context: JobContext): Promise<TrainingJob> {
    const job = await runTrainingJob(this.#jobs, params, context);
    return completed(job, job.TrainingJobStatus);
  }

  async createHyperParameterTuningJob(
    params: CreateHyperParameterTuningJob,
    context: JobContext,
  ): Promise<HyperParameterTuningJob> {
    const job = await runTuningJob(this.#jobs, params, context);
    return completed(job, job.HyperParameterTuningJobStatus);
  }

  async createTransformJob(params: CreateTransformJob, context: JobContext): Promise<TransformJob> {
    const job = await runTransformJob(this.#jobs, params, context);
    return completed(job, job.TransformJobStatus);
  }

  /** @throws `SageMaker.ResourceNotFoundException` */
  describeTrainingJob(params: { TrainingJobName: string }): Promise<TrainingJob> {
    return describeTrainingJob(this.#jobs, params);
  }

  /** @throws `SageMaker.ValidationException` if the name is taken or there is no model data */
  createModel(params: CreateModel): Promise<{ ModelArn: string }> {
    return createModel(this.#jobs, params);
  }

  /** @throws `SageMaker.ValidationException` if the model does not exist */
  deleteModel(params: { ModelName: string }): Promise<Record<string, never>> {
    return deleteModel(this.#jobs, params);
  }

  /** @throws `SageMaker.ValidationException` if the name is taken or there is no such model */
  createEndpointConfig(params: CreateEndpointConfig): Promise<{ EndpointConfigArn: string }> {
    return createEndpointConfig(this.#jobs, params);
  }

  /** @throws `SageMaker.ValidationException` if there is none of that name */
  deleteEndpointConfig(params: { EndpointConfigName: string }): Promise<Record<string, never>> {
    return deleteEndpointConfig(this.#jobs, params);
  }

  /** Begins the change; describeEndpoint tells how it ends. @throws `SageMaker.ValidationException` */
  createEndpoint(params: CreateEndpoint, context: JobContext): Promise<{ EndpointArn: string }> {
    return createEndpoint(this.#jobs, params, context);
  }

  /** Begins the change; describeEndpoint tells how it ends. @throws `SageMaker.ValidationException` */
  updateEndpoint(params: UpdateEndpoint, context: JobContext): Promise<{ EndpointArn: string }> {
    return updateEndpoint(this.#jobs, params, context);
  }

  /** @throws `SageMaker.ValidationException` if there is no such endpoint */
  describeEndpoint(params: { EndpointName: string }): Promise<Endpoint> {
    return describeEndpoint(this.#jobs, params);
  }

  /** @throws `SageMaker.ValidationException` if there is no such endpoint, or it is being changed */
  deleteEndpoint(params: { EndpointName: string }): Promise<Record<string, never>> {
    return deleteEndpoint(this.#jobs, params);
  }

  /** Asks the model behind an endpoint. @throws EndpointError */
  invokeEndpoint(name: string, request: { contentType: string; body: string }): Promise<string> {
    return invokeEndpoint(this.#jobs, name, request);
  }
}

function completed<Description extends object>(job: Description, status: JobStatus): Description {
  if (status !== 'Completed') throw taskFailed(job);
  return job;
}

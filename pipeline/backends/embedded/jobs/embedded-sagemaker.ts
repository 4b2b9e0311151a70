import type {
  CreateHyperParameterTuningJob,
  CreateModel,
  CreateProcessingJob,
  CreateTrainingJob,
  CreateTransformJob,
  HyperParameterTuningJob,
  JobStatus,
  ProcessingJob,
  TrainingJob,
  TransformJob,
} from './api.ts';
import type { JobContext, Jobs, JobsOptions } from './context.ts';
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
      waits: { stop: 120, abort: 5, ping: 240, quiet: 10, elsewhere: 1, ...options.waits },
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
}

function completed<Description extends object>(job: Description, status: JobStatus): Description {
  if (status !== 'Completed') throw taskFailed(job);
  return job;
}

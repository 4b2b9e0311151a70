import {
  ListTrainingJobsForHyperParameterTuningJobCommand,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { Jobs, Trial } from '../../../ports.ts';

/** Reads finished jobs from SageMaker. */
export class SageMakerJobs implements Jobs {
  readonly #client: SageMakerClient;

  constructor(client: SageMakerClient) {
    this.#client = client;
  }

  async trials(tuningJob: string): Promise<Trial[]> {
    const trials: Trial[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListTrainingJobsForHyperParameterTuningJobCommand({
          HyperParameterTuningJobName: tuningJob,
          SortBy: 'CreationTime',
          SortOrder: 'Ascending',
          MaxResults: 100,
          ...(token !== undefined && { NextToken: token }),
        }),
      );
      for (const job of page.TrainingJobSummaries ?? []) {
        const { TrainingStartTime: start, TrainingEndTime: end } = job;
        trials.push({
          name: job.TrainingJobName ?? '',
          hyperparameters: job.TunedHyperParameters ?? {},
          value: job.FinalHyperParameterTuningJobObjectiveMetric?.Value ?? null,
          seconds: start && end ? (end.getTime() - start.getTime()) / 1000 : 0,
          status: statuses[job.TrainingJobStatus ?? ''] ?? 'failed',
        });
      }
      token = page.NextToken;
    } while (token !== undefined);
    return trials;
  }

  strategyOf(asked: string): string {
    return asked;
  }
}

const statuses: Record<string, Trial['status']> = {
  Completed: 'completed',
  Failed: 'failed',
  Stopped: 'stopped',
};

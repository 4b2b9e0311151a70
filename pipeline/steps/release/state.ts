import type { PrepareSize } from '../../config/prepare-size.ts';
import type { Config } from '../../config/schema.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { DataInput } from '../../machines/request.ts';
import type { JobTimes, Prepared, Scored } from '../context.ts';
import type { ModelScoring, PreparePlan } from '../train/state.ts';
import type { Delivered } from './records.ts';

/** What has happened in an execution of the release machine so far. */
export interface ReleaseState {
  request: ReleaseRequest;
  lease?: { fence: number };
  plan?: ReleasePlan;
  /** The rows as the model takes them. */
  laid?: Prepared;
  scored?: Scored;
  delivered?: JobTimes & Pick<Delivered, 'rows' | 'output' | 'objects'>;
  pointed?: { previous: { release: string; package: string } | null; champion: boolean };
  page?: { uri: string; private: string };
  failed_step?: string;
  error?: { Error: string; Cause: string };
}

/** Everything that the machine needs before it spends anything. */
export interface ReleasePlan {
  package: string;
  mode: Config['inference']['mode'];
  /** Sentences for the record. */
  notes: string[];
  images: { prepare: string };
  /** Size and limits of the jobs of the prepare program. */
  prepare: PrepareSizeAndLimits;
  batch: BatchPlan;
}

export type PrepareSizeAndLimits = Pick<
  PreparePlan,
  'cluster' | 'max_runtime' | 'timeout' | 'timeout_minutes' | 'environment' | 'failures'
> & { size: PrepareSize };

/** How rows are predicted in a batch. */
export interface BatchPlan {
  /** Whether an earlier release has the predictions of this package for these rows. */
  reused: boolean;
  result: Partial<Delivered>;
  /** Hash of all that the predictions are made from. */
  key: string;
  scoring: DataInput | null;
  lay_out: JobPlan;
  transform: Omit<ModelScoring, 'score' | 'result' | 'package' | 'view' | 'holdout'>;
  deliver: JobPlan;
}

type JobPlan = Pick<PreparePlan, 'key' | 'job' | 'attempt' | 'inputs' | 'written' | 'output'>;

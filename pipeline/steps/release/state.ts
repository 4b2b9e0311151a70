import type { PrepareSize } from '../../config/prepare-size.ts';
import type { Config } from '../../config/schema.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { DataInput } from '../../machines/request.ts';
import type { Prepared, Scored } from '../context.ts';
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
  /** The endpoint as the machine saw it last; `asked`: this release has created or updated it, since `at` (ISO 8601). */
  endpoint?: { asked: boolean; at?: string; found?: { EndpointStatus: string; EndpointConfigName: string } };
  smoke?: Smoke;
  /** Where the endpoint went back after a failure: the config that answers again, or 'deleted'. */
  went_back?: { to: string };
  delivered?: Delivered;
  /** `moved`: false where readers saw this release already. */
  pointed?: { moved: boolean; release: string; previous: { release: string; package: string } | null };
  /** The page for everybody, the page with rows, and the value that the former is made from. */
  page?: { uri: string; private: string; report: string };
  page_error?: { Error: string; Cause: string };
  failed_step?: string;
  error?: { Error: string; Cause: string };
}

/** Everything that the machine needs before it spends anything. */
export interface ReleasePlan {
  /** The package was to be released only as the champion, and is no longer; the rest is then empty. */
  skipped: boolean;
  package: string;
  mode: Config['inference']['mode'];
  /** The versions of the ledger items that the release changes, and what they held. */
  pointer: { version: number; release: string | null; package: string | null };
  champion: { version: number; package: string | null };
  /** Sentences for the record. */
  notes: string[];
  images: { prepare: string };
  /** Size and limits of the jobs of the prepare program. */
  prepare: PrepareSizeAndLimits;
  batch: BatchPlan;
  endpoint: EndpointPlan;
}

/** How an endpoint gets the package. Models and configs cannot be changed, so their names say what is in them. */
export interface EndpointPlan {
  name: string;
  model: string;
  config: string;
  image: string;
  artifact: string;
  serverless: boolean;
  /** CreateEndpointConfig's ProductionVariants. */
  variants: object[];
  /** Whether the update is a deployment in steps or under alarms; `policy` is then its BlueGreenUpdatePolicy. */
  guarded: boolean;
  policy: object;
  /** Seconds between two looks at an endpoint that changes. */
  poll_seconds: number;
  attempt: { n: number; wait: number };
  /** The config of the release that readers see; '' if there is none. */
  before: string;
  /** The config of the release before that one, and its model where no other config has it: nobody goes back there unasked. */
  retire: { needed: boolean; config: string; model: string; with_model: boolean };
  delivered: Delivered;
}

/** What the endpoint answered to rows of the holdout. */
export interface Smoke {
  rows: number;
  /** The largest difference to the scores that the gate judged. */
  largest_difference: number;
  /** Sentences for the record: the plan's, and what the test showed. */
  notes: string[];
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
  transform: Omit<ModelScoring, 'score' | 'result' | 'package' | 'view' | 'holdout'> & {
    /** The file of rows to predict. */
    rows: string;
  };
  deliver: JobPlan;
}

type JobPlan = Pick<PreparePlan, 'key' | 'job' | 'attempt' | 'inputs' | 'written' | 'output'>;

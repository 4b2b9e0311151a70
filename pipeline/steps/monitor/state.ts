import type { Config } from '../../config/schema.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { DataInput } from '../../machines/request.ts';
import type { FindingName } from '../../monitor/finding.ts';
import type { JobTimes } from '../context.ts';
import type { PrepareSizeAndLimits } from '../release/state.ts';
import type { PreparePlan } from '../train/state.ts';

/** What has happened in an execution of the monitor machine so far. */
export interface MonitorState {
  request: MonitorRequest;
  plan?: LookPlan;
  /** The job that summarised rows; its output is '' where there was nothing to read. */
  summarised?: { output: string } & Partial<JobTimes>;
  judged?: Judged;
  /** The page, and the value that it is made from: everybody may see both. */
  page?: { uri: string; report: string };
  page_error?: { Error: string; Cause: string };
  record?: { status: string; superseded: boolean; retrain: Retrain };
  failed_step?: string;
  error?: { Error: string; Cause: string };
}

/** Everything that the machine needs before it reads rows. */
export interface LookPlan {
  /** The time of the look. ISO 8601. */
  at: string;
  /** The package that readers see; null: none. */
  package: string | null;
  /** The release that readers see, where its predictions are gone and were never counted; null: they are there. */
  gone: string | null;
  /** Whether there is anything to read. */
  reads: boolean;
  /** Sentences for the record. */
  notes: string[];
  /** The history that the look adds to, with the version of its ledger item; version 0: the first look. */
  history: { version: number; uri: string | null; sha256: string | null };
  /** The prefix of what earlier looks kept of labels; null: none. */
  labels: string | null;
  /** URI of LookSettings. */
  look: string;
  images: { prepare: string };
  /** Size and limits of the job. */
  prepare: PrepareSizeAndLimits;
  summarise: Pick<PreparePlan, 'job' | 'attempt' | 'inputs' | 'written'>;
}

/** The object that Plan look freezes: what the look is made by, whatever main deploys meanwhile. */
export interface LookSettings {
  config: Config;
  /** The labels as they were; null: none. */
  truth: DataInput | null;
  /** Captured requests before this time are counted after the look. ISO 8601; null: none yet. */
  captured: string | null;
  /** Copies of captured requests whose labels are open, after the look. */
  captures: CapturedCopy[];
}

export interface Judged {
  finding: FindingName;
  /** One sentence. */
  reason: string;
  /** URI of the Finding. */
  uri: string;
  /** The new history. */
  history: { uri: string; sha256: string };
  /** The prefix of what is kept of labels; null: none were read so far. */
  labels: string | null;
  /** Copies of captured requests that later looks read. */
  captures: string[];
  /** Alarms of this look. */
  alarms: number;
}

/** A copy of captured requests from `from` on, before `to`. ISO 8601. */
export interface CapturedCopy {
  uri: string;
  from: string;
  to: string;
}

/** Whether a look starts a run, and why, or why not: one sentence. */
export interface Retrain {
  wanted: boolean;
  why: string;
  /** Where it is wanted: the start of the window in which the decay was found. ISO 8601. */
  since?: string;
}

import type { Trigger } from './request.ts';

/** The input of an execution of the monitor machine is `{ request: MonitorRequest }`. Settings are those that main deployed last. */
export interface MonitorRequest {
  /** The model's name. */
  model: string;
  /** The time of the look (ISO 8601): windows that end later, and labels known later, do not count. null: when it starts. */
  at: string | null;
  /** false: decay starts no run, whatever triggers.decay says. */
  retrain: boolean;
  trigger: Trigger;
}

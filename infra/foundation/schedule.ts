const usual: Readonly<Record<string, string>> = {
  hourly: 'cron(0 * * * ? *)',
  daily: 'cron(0 3 * * ? *)',
  weekly: 'cron(0 3 ? * MON *)',
  monthly: 'cron(0 3 1 * ? *)',
};

/** A schedule of mlops.yaml as EventBridge Scheduler takes it. */
export const scheduleExpression = (schedule: string): string => usual[schedule] ?? schedule;

/** Something that happens at set times. */
export interface Timed {
  /** The schedule's construct id. */
  readonly id: string;
  /** At most 64 characters, as no other of the environment: no model has two hyphens in a row, so `MODEL--WHAT` is free. */
  readonly name: string;
  readonly description: string;
  /** As EventBridge Scheduler takes it. */
  readonly expression: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** What the function gets. Scheduler replaces `<aws.scheduler.scheduled-time>` by the time, the same in every attempt. */
  readonly input: object;
}

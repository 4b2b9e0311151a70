export type JobKind = 'processing' | 'training' | 'transform' | 'tuning' | 'model' | 'glue' | 'ecs';

/** A job that an execution started, by the state that did. */
export interface StartedJob {
  kind: JobKind;
  /** Of a Glue job JOB/RUN, of an ECS task its ARN: what their services call them once they are submitted. */
  name: string;
  state: string;
  /** Whether the state waits for the job to end. */
  waits: boolean;
}

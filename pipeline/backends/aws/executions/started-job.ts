export type JobKind = 'processing' | 'training' | 'transform' | 'tuning' | 'model' | 'glue' | 'ecs';

/** A job and the state of the execution that started it. */
export interface StartedJob {
  kind: JobKind;
  /** The name that the service returns: JOB/RUN for Glue, the ARN for an ECS task. */
  name: string;
  state: string;
  /** Whether the state waits for the job to end. */
  waits: boolean;
}

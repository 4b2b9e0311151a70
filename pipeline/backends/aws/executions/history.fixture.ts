import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** The history of an execution as Step Functions writes it, event by event; `at` in seconds. */
export class WrittenHistory {
  readonly events: HistoryEvent[] = [];
  #at = 0;

  /** Moves the clock. */
  wait(seconds: number): this {
    this.#at += seconds;
    return this;
  }

  /** A state that runs a task: entered, scheduled, submitted; returns the id of its last event. */
  task(
    state: string,
    resource: string,
    parameters: object,
    after = this.#last(),
    answer: object = {},
  ): number {
    const entered = this.#add('TaskStateEntered', after, {
      stateEnteredEventDetails: { name: state, input: '{}' },
    });
    const scheduled = this.#add('TaskScheduled', entered, {
      taskScheduledEventDetails: {
        resourceType: 'sagemaker',
        resource,
        region: 'us-east-1',
        parameters: JSON.stringify(parameters),
      },
    });
    return this.#add('TaskSubmitted', this.#add('TaskStarted', scheduled), {
      taskSubmittedEventDetails: { resourceType: 'sagemaker', resource, output: JSON.stringify(answer) },
    });
  }

  /** The task's end, and where it succeeded the state's with this output. */
  end(task: number, type: 'TaskSucceeded' | 'TaskFailed' | 'TaskTimedOut', state: string, output = {}): void {
    const ended = this.#add(type, task);
    if (type !== 'TaskSucceeded') return;
    this.#add('TaskStateExited', ended, {
      stateExitedEventDetails: { name: state, output: JSON.stringify(output) },
    });
  }

  /** The service refuses the task's call. */
  refuse(task: number, error: string, cause: string): void {
    this.#add('TaskSubmitFailed', task, {
      taskSubmitFailedEventDetails: {
        resourceType: 'sagemaker',
        resource: 'createTrainingJob.sync',
        error,
        cause,
      },
    });
  }

  /** A task that fails and is tried again: the next attempt's last event. */
  retry(task: number, error: string, cause: string): number {
    const failed = this.#add('TaskFailed', task, {
      taskFailedEventDetails: { resourceType: 'lambda', resource: 'invoke', error, cause },
    });
    const scheduled = this.#add('TaskScheduled', failed, {
      taskScheduledEventDetails: { resourceType: 'lambda', resource: 'invoke', parameters: '{}' },
    });
    return this.#add('TaskStarted', scheduled);
  }

  finish(type: 'ExecutionSucceeded' | 'ExecutionFailed' | 'ExecutionAborted', details: object = {}): void {
    this.#add(type, this.#last(), details);
  }

  #last(): number {
    return this.events.length;
  }

  #add(type: HistoryEvent['type'], previousEventId: number, details: object = {}): number {
    const id = this.events.length + 1;
    this.events.push({ id, previousEventId, type, timestamp: new Date(this.#at * 1000), ...details });
    return id;
  }
}

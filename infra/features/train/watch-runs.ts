import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { TrainFunction } from '../../../pipeline/names.ts';
import { metricNamespace } from '../../../pipeline/steps/train/run-metrics.ts';
import type { Environment } from '../../environment.ts';
import type { Functions } from '../../foundation/functions.ts';
import { graph, type Watched } from '../../foundation/operations.ts';
import type { Machines } from './machines.ts';

interface WatchRunsProps {
  readonly environment: Environment;
  readonly functions: Functions<TrainFunction>;
  readonly machines: Machines;
}

/** The event that closes runs, alarms on the runs that nobody waits for, and graphs of all runs. */
export function watchRuns({ environment, functions, machines }: WatchRunsProps): Watched {
  const { evaluate, promote } = machines;
  const daily = { period: Duration.days(1) };
  const sum = { ...daily, statistic: 'Sum' };
  const both = (metrics: (machine: typeof evaluate) => IMetric[]) => [evaluate, promote].flatMap(metrics);
  const every = Object.values(functions.all);
  // The log of the record function has these metrics (pipeline/steps/train/run-metrics.ts).
  const ofRuns = (metricName: string, statistic: string) =>
    new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { Stack: environment.names.stack },
      label: statistic === 'Sum' ? 'a day' : 'the dearest run',
      ...daily,
      statistic,
    });
  // Models come and go without a deployment, so a search finds them.
  const byModel = (metricName: string) =>
    new MathExpression({
      expression: `SEARCH('{${metricNamespace},Stack,Model} Stack="${environment.names.stack}" MetricName="${metricName}"', 'Sum', 86400)`,
      usingMetrics: {},
      label: '',
      ...daily,
    });
  return {
    events: [
      {
        // No Catch sees an abort or the machine's own timeout. Closing a failed run a second time changes nothing.
        id: 'CloseRun',
        ruleName: environment.names.closeRunRule,
        description: 'Closes runs that ended without their machine: stops jobs, frees the lease',
        pattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [evaluate.stateMachineArn, promote.stateMachineArn],
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          },
        },
        handler: functions.all['close-run'],
      },
    ],
    // A pull request reports its own run, and a function's error fails the run that called it. Nobody waits for close-run.
    alarms: [
      {
        name: 'runs-failed',
        description: 'A run on the merged state failed',
        metric: promote.metricFailed(),
      },
      {
        name: 'runs-timed-out',
        description: 'A run on the merged state ran out of time',
        metric: promote.metricTimedOut(),
      },
      {
        name: 'close-run-failed',
        description: 'A run could not be closed: jobs may still run',
        metric: functions.all['close-run'].metricErrors(),
      },
    ],
    rows: [
      [
        graph(
          'Runs',
          both((machine) => [machine.metricSucceeded(sum), machine.metricFailed(sum)]),
        ),
        graph(
          'Runs that ended otherwise',
          both((machine) => [machine.metricTimedOut(sum), machine.metricAborted(sum)]),
        ),
      ],
      [
        graph(
          'Time of a run',
          both((machine) => [machine.metricTime(daily)]),
        ),
        graph(
          'Errors of functions',
          every.map((made) => made.metricErrors(sum)),
        ),
      ],
      [
        graph('Time of jobs, seconds a day', [ofRuns('JobSeconds', 'Sum')]),
        graph('Cost of jobs, USD', [ofRuns('CostUsd', 'Sum'), ofRuns('CostUsd', 'Maximum')]),
      ],
      [
        graph('Time of jobs by model, seconds a day', [byModel('JobSeconds')]),
        graph('Cost of jobs by model, USD a day', [byModel('CostUsd')]),
      ],
      [
        graph(
          'Time of functions',
          every.map((made) => made.metricDuration(daily)),
        ),
      ],
    ],
  };
}

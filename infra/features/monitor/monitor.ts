import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Function as Handler } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { lookSchedule, monitorStepNames } from '../../../pipeline/names.ts';
import { metricNamespace } from '../../../pipeline/steps/train/run-metrics.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import { graph, type Operations, type WatchedEvent } from '../../foundation/operations.ts';
import type { Timed } from '../../foundation/schedule.ts';
import { forSteps } from '../../foundation/state-machine.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';
import type { Looks } from './looks.ts';
import { monitorFunctions } from './monitor-functions.ts';
import { deployMonitorMachine } from './monitor-machine.ts';

interface MonitorProps extends EncryptedProps {
  readonly code: FunctionCode;
  readonly operations: Operations;
  /** The functions of other features that looks use too: what closes executions, and what starts them. */
  readonly shared: { readonly closeRun: Handler; readonly landed: Handler };
  /** Calls `landed` at set times. */
  readonly onTime: (timed: Timed) => void;
  /** The role of jobs of the state that is merged. */
  readonly jobRole: Role;
  /** The engine of the prepare program, as runs that promote have it. @default SageMaker Processing */
  readonly engine: DeployedEngine | undefined;
}

/**
 * Looks at production: the machine and its functions, their schedules, and what tells of decay and of looks that do not come.
 * A look that finds decay starts nothing itself: the function `landed` reads its record and starts the run.
 */
export class MonitorFeature extends Construct {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    { environment, code, operations, shared, onTime, jobRole, engine, key }: MonitorProps,
  ) {
    super(scope, id);
    const { names, looks } = environment;
    const { all } = new Functions(this, 'Functions', {
      environment,
      code,
      functions: monitorFunctions(environment),
      key,
    });
    this.machine = deployMonitorMachine(this, 'Machine', {
      environment,
      functions: forSteps(monitorStepNames, (step) => all[step].currentVersion.functionArn),
      jobRole: jobRole.roleArn,
      engine,
      key,
    });
    for (const timed of looks.flatMap(timesOf)) onTime(timed);
    const { machine } = this;
    const ended = (status: readonly string[]): WatchedEvent['pattern'] => ({
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [machine.stateMachineArn], status: [...status] },
    });
    const daily = { period: Duration.days(1) };
    const sum = { ...daily, statistic: 'Sum' };
    // The log of record-look, and of landed for LooksOverdue, has these metrics (pipeline/steps/monitor/look-metrics.ts).
    const of = ({ model }: Looks, metricName: string, period: Duration) =>
      new Metric({
        namespace: metricNamespace,
        metricName,
        dimensionsMap: { Stack: names.stack, Model: model },
        statistic: 'Maximum',
        period,
      });
    // Models come and go without a deployment, so a search finds them.
    const byModel = (metricName: string, statistic: string): IMetric =>
      new MathExpression({
        expression: `SEARCH('{${metricNamespace},Stack,Model} Stack="${names.stack}" MetricName="${metricName}"', '${statistic}', 86400)`,
        usingMetrics: {},
        label: '',
        ...daily,
      });
    operations.watch({
      events: [
        {
          id: 'Looked',
          ruleName: names.lookedRule,
          description: 'Starts the run that a look at production asks for because the model decayed',
          pattern: ended(['SUCCEEDED']),
          handler: shared.landed,
          input: RuleTargetInput.fromObject({
            what: 'looked',
            arn: EventField.fromPath('$.detail.executionArn'),
          }),
        },
        {
          // No Catch sees an abort or the machine's own timeout.
          id: 'CloseLook',
          ruleName: names.closeLookRule,
          description: 'Closes looks that ended without their machine: stops jobs, records them',
          pattern: ended(['FAILED', 'TIMED_OUT', 'ABORTED']),
          handler: shared.closeRun,
        },
      ],
      alarms: [
        {
          name: 'looks-failed',
          description: 'A look at production failed: nobody knows whether the model is still good',
          metric: machine.metricFailed(),
        },
        {
          name: 'looks-timed-out',
          description: 'A look at production ran out of time: nobody knows whether the model is still good',
          metric: machine.metricTimedOut(),
        },
        ...looks.flatMap((each) => [
          {
            name: `decayed-${each.model}`,
            description: `${each.model} is no longer as good as monitoring.decay of mlops.yaml demands: see the page of the last look`,
            metric: of(each, 'Decayed', Duration.hours(1)),
            // Until a look says otherwise.
            missing: 'unchanged' as const,
          },
          {
            name: `watch-${each.model}`,
            description: `Production of ${each.model} differs from what it was trained and judged on: see the page of the last look`,
            metric: of(each, 'Watch', Duration.hours(1)),
            missing: 'unchanged' as const,
          },
          ...(!each.isRegular
            ? []
            : [
                {
                  name: `looks-overdue-${each.model}`,
                  description: `No look at production of ${each.model} has ended well for longer than its schedule allows`,
                  metric: of(each, 'LooksOverdue', Duration.hours(1)),
                  // Whoever asks every hour is silent too.
                  missing: 'alarm' as const,
                  periods: 3,
                },
              ]),
        ]),
      ],
      rows: [
        [
          graph('Looks at production', [machine.metricSucceeded(sum), machine.metricFailed(sum)]),
          graph('Time of a look', [machine.metricTime(daily)]),
        ],
        [
          graph('Decayed, by model', [byModel('Decayed', 'Maximum')]),
          graph('To watch, by model', [byModel('Watch', 'Maximum')]),
        ],
        [
          graph('Looks that cannot tell, by model', [byModel('CannotTell', 'Sum')]),
          graph(
            'Errors of functions of looks',
            Object.values(all).map((made) => made.metricErrors(sum)),
          ),
        ],
      ],
    });
  }
}

/** The schedule of a model's looks, and the one that asks whether they come. Both are in UTC. */
const timesOf = ({ model, expression, isRegular }: Looks): Timed[] => [
  {
    id: `Look-${model}`,
    name: lookSchedule(model),
    description: `Looks at production of ${model}`,
    expression,
    timeZone: 'UTC',
    // Scheduler fills in the time, which is the same in every attempt.
    input: { what: 'monitor', model, at: '<aws.scheduler.scheduled-time>' },
  },
  ...(!isRegular
    ? []
    : [
        {
          id: `Heartbeat-${model}`,
          name: `${model}--heartbeat`,
          description: `Asks whether looks at production of ${model} still come`,
          expression: 'rate(1 hour)',
          timeZone: 'UTC',
          input: { what: 'heartbeat', model },
        },
      ]),
];

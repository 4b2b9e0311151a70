import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { metricNamespace } from '../../pipeline/steps/train/run-metrics.ts';
import type { Environment } from '../environment.ts';
import type { Functions } from '../features/train/functions.ts';
import type { Machines } from '../features/train/machines.ts';

interface OperationsProps {
  readonly environment: Environment;
  readonly functions: Functions;
  readonly machines: Machines;
  /** @default the topic is not encrypted: it carries names and states, and CloudWatch cannot use AWS's own key */
  readonly key: IKey | undefined;
}

/** What watches the runs: the rule that closes those whose machine could not, alarms, a dashboard, a topic. */
export class Operations extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { environment, functions, machines, key }: OperationsProps) {
    super(scope, id);
    const { names, account, emails } = environment;
    const { evaluate, promote } = machines;
    const closeRun = functions.all['close-run'];

    this.topic = new Topic(this, 'Topic', {
      topicName: names.notificationTopic,
      enforceSSL: true,
      ...(key && { masterKey: key }),
    });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));

    // No Catch sees an abort or the machine's own timeout; a failure is closed again, which changes nothing.
    new Rule(this, 'CloseRun', {
      ruleName: names.closeRunRule,
      description: 'Closes runs that ended without their machine: stops jobs, frees the lease',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [evaluate.stateMachineArn, promote.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(closeRun, { retryAttempts: 20, maxEventAge: Duration.hours(6) })],
    });

    // Pull requests tell of their own runs. A function's error fails the run that called it; nobody waits for close-run.
    const watched: [string, string, IMetric][] = [
      ['runs-failed', 'A run on the merged state failed', promote.metricFailed()],
      ['runs-timed-out', 'A run on the merged state ran out of time', promote.metricTimedOut()],
      ['close-run-failed', 'A run could not be closed: jobs may still run', closeRun.metricErrors()],
    ];
    for (const [name, alarmDescription, metric] of watched) {
      new Alarm(this, name, {
        alarmName: `${names.stack}--${name}`,
        alarmDescription,
        metric,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(new SnsAction(this.topic));
    }

    const day = { period: Duration.days(1), statistic: 'Sum' };
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    const every = Object.values(functions.all);
    // From the log of the record function (pipeline/steps/train/run-metrics.ts).
    const ofRuns = (metricName: string, statistic: string) =>
      new Metric({
        namespace: metricNamespace,
        metricName,
        dimensionsMap: { Stack: names.stack },
        label: statistic === 'Sum' ? 'a day' : 'the dearest run',
        period: Duration.days(1),
        statistic,
      });
    new Dashboard(this, 'Dashboard', {
      dashboardName: names.dashboard,
      defaultInterval: Duration.days(28),
      widgets: [
        [
          graph(
            'Runs',
            [evaluate, promote].flatMap((machine) => [
              machine.metricSucceeded(day),
              machine.metricFailed(day),
            ]),
          ),
          graph(
            'Runs that ended otherwise',
            [evaluate, promote].flatMap((machine) => [
              machine.metricTimedOut(day),
              machine.metricAborted(day),
            ]),
          ),
        ],
        [
          graph(
            'Time of a run',
            [evaluate, promote].map((machine) => machine.metricTime({ period: Duration.days(1) })),
          ),
          graph(
            'Errors of functions',
            every.map((made) => made.metricErrors(day)),
          ),
        ],
        [
          graph('Time of jobs, seconds a day', [ofRuns('JobSeconds', 'Sum')]),
          graph('Cost of jobs, USD', [ofRuns('CostUsd', 'Sum'), ofRuns('CostUsd', 'Maximum')]),
        ],
        [
          graph(
            'Time of functions',
            every.map((made) => made.metricDuration({ period: Duration.days(1) })),
          ),
        ],
      ],
    });
  }
}

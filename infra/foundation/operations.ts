import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import {
  type EventPattern,
  type IApiDestination,
  type IRuleTarget,
  Rule,
  type RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import { ApiDestination, LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as Handler } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { Environment } from '../environment.ts';
import { arnOf } from '../iam/arn.ts';

interface OperationsProps {
  readonly environment: Environment;
  /**
   * @default the topic is not encrypted, because it carries names and states, and CloudWatch cannot use AWS's own key; SQS
   * encrypts the queue with a key of its own
   */
  readonly key: IKey | undefined;
}

/** The alarms, graphs and events of a feature. */
export interface Watched {
  /** @default none */
  readonly alarms?: readonly WatchedAlarm[];
  /** Rows of the dashboard, below those of features registered earlier. @default none */
  readonly rows?: readonly (readonly IWidget[])[];
  /** @default none */
  readonly events?: readonly WatchedEvent[];
}

/** An alarm that notifies the topic when its metric, a count of failures, is above 0. */
interface WatchedAlarm {
  /** A name unique in the environment, part of the alarm's logical id and name. */
  readonly name: string;
  readonly description: string;
  readonly metric: IMetric;
  /**
   * The meaning of a period without a value. `well`: nothing happened. `unchanged`: the last value still holds. `alarm`: whoever
   * should report does not.
   * @default well
   */
  readonly missing?: keyof typeof treatments;
  /** So many periods in a row are above 0, or as `missing` says. @default 1 */
  readonly periods?: number;
}

const treatments = {
  well: TreatMissingData.NOT_BREACHING,
  unchanged: TreatMissingData.IGNORE,
  alarm: TreatMissingData.BREACHING,
} as const;

/**
 * Events that a function or an address handles. An event that does not reach it, or on which the function fails three times,
 * is kept in the queue `lost`, and an alarm tells of it. The function's role must be allowed to send to that queue.
 */
export interface WatchedEvent {
  /** The rule's construct id, part of its logical id. */
  readonly id: string;
  readonly ruleName: string;
  readonly description: string;
  readonly pattern: EventPattern;
  readonly handler: Handler | Address;
  /** What the handler gets. @default the event */
  readonly input?: RuleTargetInput;
}

/** An address outside AWS that is told of events. */
export interface Address {
  readonly destination: IApiDestination;
  /** The role with which EventBridge calls it. */
  readonly role: IRole;
  readonly headers: Readonly<Record<string, string>>;
}

const isAddress = (handler: Handler | Address): handler is Address => 'destination' in handler;

/** The topic that people subscribe to, the queue of lost events, and the alarms and the dashboard that features register. */
export class Operations extends Construct {
  readonly topic: Topic;
  /** Keeps events that nothing handled, for 14 days. */
  readonly lost: Queue;
  readonly #dashboard: Dashboard;
  readonly #stackName: string;
  /** The functions that keep what they failed on. */
  readonly #handlers = new Set<Handler>();

  constructor(scope: Construct, id: string, { environment, key }: OperationsProps) {
    super(scope, id);
    const { names, account, emails } = environment;
    this.#stackName = names.stack;
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
        // Other environments of the account have alarms, too.
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': arnOf(environment, 'cloudwatch', `alarm:${names.stack}--*`) },
        },
      }),
    );
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
    this.lost = new Queue(this, 'Lost', {
      queueName: names.lostEvents,
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
    });
    acknowledge(this.lost, {
      'AwsSolutions-SQS3':
        'it is itself the queue of what could not be delivered; an alarm tells of every message in it',
    });
    this.#dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: names.dashboard,
      defaultInterval: Duration.days(28),
    });
    this.watch({
      alarms: [
        {
          name: 'events-lost',
          description: `An event was not handled: the queue ${names.lostEvents} keeps it for 14 days`,
          metric: this.lost.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
        },
      ],
    });
  }

  watch({ alarms = [], rows = [], events = [] }: Watched): void {
    for (const event of events) this.#handle(event);
    const undelivered = events.map(({ id, ruleName, handler }) => ({
      name: `${ruleName.replace(`${this.#stackName}--`, '')}-not-called`,
      description: `EventBridge could not call the ${isAddress(handler) ? 'address' : 'function'} of ${id}`,
      metric: new Metric({
        namespace: 'AWS/Events',
        metricName: 'FailedInvocations',
        dimensionsMap: { RuleName: ruleName },
        statistic: Stats.SUM,
      }),
    }));
    const all: readonly WatchedAlarm[] = [...alarms, ...undelivered];
    for (const { name, description, metric, periods = 1, missing = 'well' } of all)
      new Alarm(this, name, {
        alarmName: `${this.#stackName}--${name}`,
        alarmDescription: description,
        metric,
        threshold: 1,
        evaluationPeriods: periods,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: treatments[missing],
      }).addAlarmAction(new SnsAction(this.topic));
    for (const row of rows) this.#dashboard.addWidgets(...row);
  }

  #handle({ id, ruleName, description, pattern, handler, input }: WatchedEvent): void {
    const delivery = {
      retryAttempts: 20,
      maxEventAge: Duration.hours(6),
      deadLetterQueue: this.lost,
      ...(input && { event: input }),
    };
    const target: IRuleTarget = isAddress(handler)
      ? new ApiDestination(handler.destination, {
          ...delivery,
          // The role has its policy: the CDK adds none.
          eventRole: handler.role,
          headerParameters: { ...handler.headers },
        })
      : new LambdaFunction(handler, delivery);
    new Rule(this, id, { ruleName, description, eventPattern: pattern, targets: [target] });
    if (isAddress(handler) || this.#handlers.has(handler)) return;
    this.#handlers.add(handler);
    // EventBridge only hands the event to Lambda's own queue: what the function then fails on is Lambda's to keep.
    handler.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.lost),
    });
  }
}

/** A graph, half a row of the dashboard wide. */
export const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: 12 });

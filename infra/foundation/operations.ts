import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Environment } from '../environment.ts';
import { arnOf } from '../iam/arn.ts';

interface OperationsProps {
  readonly environment: Environment;
  /** @default the topic is not encrypted: it carries names and states, and CloudWatch cannot use AWS's own key */
  readonly key: IKey | undefined;
}

/** The alarms and graphs of a feature. */
export interface Watched {
  /** @default none */
  readonly alarms?: readonly WatchedAlarm[];
  /** Rows of the dashboard, below those of features registered earlier. @default none */
  readonly rows?: readonly (readonly IWidget[])[];
}

/** An alarm that notifies the topic when its metric, a count of failures, is above 0. */
interface WatchedAlarm {
  /** A name unique in the environment, part of the alarm's logical id and name. */
  readonly name: string;
  readonly description: string;
  readonly metric: IMetric;
}

/** The topic that people subscribe to, and the alarms and the dashboard that features register. */
export class Operations extends Construct {
  readonly topic: Topic;
  readonly #dashboard: Dashboard;
  readonly #stackName: string;

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
    this.#dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: names.dashboard,
      defaultInterval: Duration.days(28),
    });
  }

  watch({ alarms = [], rows = [] }: Watched): void {
    for (const { name, description, metric } of alarms)
      new Alarm(this, name, {
        alarmName: `${this.#stackName}--${name}`,
        alarmDescription: description,
        metric,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(new SnsAction(this.topic));
    for (const row of rows) this.#dashboard.addWidgets(...row);
  }
}

/** A graph, half a row of the dashboard wide. */
export const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: 12 });

import { EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Function as Handler } from 'aws-cdk-lib/aws-lambda';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Environment } from '../../environment.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import type { Operations, WatchedEvent } from '../../foundation/operations.ts';
import type { Timed } from '../../foundation/schedule.ts';
import { decryptData } from '../../iam/access.ts';
import { serviceRole } from '../../iam/service-role.ts';
import { Dispatch } from './dispatch.ts';
import { landedPattern } from './landed-pattern.ts';
import { landedPolicy, schedulerPolicy } from './triggers-policy.ts';
import type { WatchedPlace } from './watched-places.ts';

interface TriggersProps extends EncryptedProps {
  readonly code: FunctionCode;
  readonly operations: Operations;
  /** The bucket whose objects may be told of. */
  readonly data: Bucket;
  /** The machine whose promotions are released. */
  readonly promote: { readonly stateMachineArn: string };
}

/**
 * Triggers start runs, releases and looks at production without a person: rules on objects that land, timetables, and the end of
 * an execution that nobody waits for. One function decides (pipeline/backends/aws/functions/start-landed.ts). No rule is on the artifacts bucket, so
 * that what a run writes starts nothing.
 */
export class TriggersFeature extends Construct {
  /** Decides what an event starts, and starts it. */
  readonly landed: Handler;
  readonly #environment: Environment;
  readonly #group: CfnScheduleGroup;
  readonly #role: Role;

  constructor(
    scope: Construct,
    id: string,
    { environment, code, operations, data, promote, key }: TriggersProps,
  ) {
    super(scope, id);
    const { names, sources, settings, triggers } = environment;
    if (triggers.places.some(({ bucket }) => bucket === names.dataBucket))
      // Not enableEventBridgeNotification, which brings a custom resource with a function of the CDK's.
      (data.node.defaultChild as CfnBucket).notificationConfiguration = {
        eventBridgeConfiguration: { eventBridgeEnabled: true },
      };
    const { landed } = new Functions(this, 'Functions', {
      environment,
      code,
      functions: {
        landed: {
          statements: [...landedPolicy(environment, sources), ...decryptData(settings)],
        },
      },
      key,
    }).all;
    this.landed = landed;
    this.#environment = environment;
    this.#group = new CfnScheduleGroup(this, 'Schedules', { name: names.scheduleGroup });
    this.#role = serviceRole(this, 'SchedulerRole', {
      environment,
      roleName: names.schedulerRole.name,
      service: 'scheduler.amazonaws.com',
      statements: schedulerPolicy(environment),
    });
    for (const { model, expression, timeZone } of triggers.timetables)
      this.onTime({
        id: `Timetable-${model}`,
        name: model,
        description: `Trains ${model} and promotes it if the gate says so`,
        expression,
        timeZone,
        input: { what: 'timetable', model, at: '<aws.scheduler.scheduled-time>' },
      });
    const { repository_dispatch } = settings;
    const dispatch = repository_dispatch
      ? new Dispatch(this, 'Dispatch', { environment, repository_dispatch })
      : null;
    operations.watch({
      events: [
        ...triggers.places.map((place) =>
          dispatch && place.purpose === 'training'
            ? dispatch.landing(place)
            : landing(environment, place, landed),
        ),
        {
          id: 'Promoted',
          ruleName: names.promotedRule,
          description: 'Releases what a run that nobody waits for has promoted',
          pattern: {
            source: ['aws.states'],
            detailType: ['Step Functions Execution Status Change'],
            detail: { stateMachineArn: [promote.stateMachineArn], status: ['SUCCEEDED'] },
          },
          handler: landed,
          input: RuleTargetInput.fromObject({
            what: 'ended',
            arn: EventField.fromPath('$.detail.executionArn'),
          }),
        },
      ],
      alarms: [
        {
          name: 'landed-failed',
          description: 'Data landed, or a timetable came, and nothing could be started',
          metric: landed.metricErrors(),
        },
      ],
    });
  }

  /** Calls `landed` at set times. */
  onTime({ id, name, description, expression, timeZone, input }: Timed): void {
    const { names, settings } = this.#environment;
    const schedule = new CfnSchedule(this, id, {
      name,
      groupName: names.scheduleGroup,
      description,
      scheduleExpression: expression,
      scheduleExpressionTimezone: timeZone,
      flexibleTimeWindow: { mode: 'OFF' },
      ...(settings.kms_key && { kmsKeyArn: settings.kms_key }),
      target: {
        arn: this.landed.functionArn,
        roleArn: this.#role.roleArn,
        input: JSON.stringify(input),
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 },
        deadLetterConfig: { arn: names.lostEventsArn },
      },
    });
    schedule.addResourceDependency(this.#group);
  }
}

/** The rule for the files of a place. Without a quiet time only the marker is told of. */
function landing(
  { names }: Environment,
  { model, purpose, bucket, prefix, quiet }: WatchedPlace,
  handler: Handler,
): WatchedEvent {
  return {
    id: `Landed-${purpose}-${model}`,
    ruleName: `${names.landedRules[purpose]}${model}`,
    description: `Files for ${purpose} of ${model} landed`,
    pattern: landedPattern({ bucket, prefix, quiet }),
    handler,
    input: RuleTargetInput.fromObject({
      what: 'object',
      model,
      purpose,
      uri: `s3://${bucket}/${prefix}`,
      quiet,
      key: EventField.fromPath('$.detail.object.key'),
    }),
  };
}

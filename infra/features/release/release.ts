import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Function as Handler } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import { graph, type Operations } from '../../foundation/operations.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';
import { Catalog } from './catalog.ts';
import { releaseFunctions } from './release-functions.ts';
import { deployReleaseMachine } from './release-machine.ts';

interface ReleaseProps extends EncryptedProps {
  readonly code: FunctionCode;
  readonly operations: Operations;
  /** The functions of the train feature that releases use too. */
  readonly shared: { readonly lease: Handler; readonly closeRun: Handler };
  /** The role of jobs of the state that is merged. */
  readonly jobRole: Role;
  /** The engine of the prepare program, as runs that promote have it. @default SageMaker Processing */
  readonly engine: DeployedEngine | undefined;
}

/** Releases and rollbacks: the machine and its functions, the tables of predictions, and what tells of failures. */
export class ReleaseFeature extends Construct {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    { environment, code, operations, shared, jobRole, engine, key }: ReleaseProps,
  ) {
    super(scope, id);
    new Catalog(this, 'Catalog', { environment, key });
    const { all } = new Functions(this, 'Functions', {
      environment,
      code,
      functions: releaseFunctions(environment),
      key,
    });
    this.machine = deployReleaseMachine(this, 'Machine', {
      environment,
      functions: {
        lease: shared.lease.currentVersion.functionArn,
        'plan-release': all['plan-release'].currentVersion.functionArn,
        'keep-release': all['keep-release'].currentVersion.functionArn,
        smoke: all.smoke.currentVersion.functionArn,
        point: all.point.currentVersion.functionArn,
        page: all.page.currentVersion.functionArn,
        'record-release': all['record-release'].currentVersion.functionArn,
      },
      jobRole: jobRole.roleArn,
      engine,
      key,
    });
    const { machine } = this;
    const daily = { period: Duration.days(1) };
    const sum = { ...daily, statistic: 'Sum' };
    operations.watch({
      events: [
        {
          // No Catch sees an abort or the machine's own timeout.
          id: 'CloseRelease',
          ruleName: environment.names.closeReleaseRule,
          description: 'Closes releases that ended without their machine: stops jobs, frees the lease',
          pattern: {
            source: ['aws.states'],
            detailType: ['Step Functions Execution Status Change'],
            detail: {
              stateMachineArn: [machine.stateMachineArn],
              status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
            },
          },
          handler: shared.closeRun,
        },
      ],
      alarms: [
        {
          name: 'releases-failed',
          description: 'A release or rollback failed: readers see the release before it',
          metric: machine.metricFailed(),
        },
        {
          name: 'releases-timed-out',
          description: 'A release or rollback ran out of time: readers see the release before it',
          metric: machine.metricTimedOut(),
        },
      ],
      rows: [
        [
          graph('Releases', [machine.metricSucceeded(sum), machine.metricFailed(sum)]),
          graph('Time of a release', [machine.metricTime(daily)]),
        ],
        [
          graph(
            'Errors of functions of releases',
            Object.values(all).map((made) => made.metricErrors(sum)),
          ),
        ],
      ],
    });
  }
}

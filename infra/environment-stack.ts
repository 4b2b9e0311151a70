import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Environment } from './environment.ts';
import { MonitorFeature } from './features/monitor/monitor.ts';
import { ReleaseFeature } from './features/release/release.ts';
import { ServiceFeature } from './features/service/service.ts';
import type { MakeEngine } from './features/train/prepare/load-engine.ts';
import { addTrain } from './features/train/train.ts';
import { TriggersFeature } from './features/triggers/triggers.ts';
import { hasTriggers } from './features/triggers/watched-places.ts';
import type { FunctionCode } from './foundation/functions.ts';
import { Images } from './foundation/images.ts';
import { Ledger } from './foundation/ledger.ts';
import { Operations } from './foundation/operations.ts';
import { Storage } from './foundation/storage.ts';
import { boundaryArn } from './identity/boundary-arn.ts';

interface EnvironmentStackProps extends StackProps {
  readonly environment: Environment;
  readonly code: FunctionCode;
  /** The engine of the prepare job that mlops.yaml asks for (loadEngine). */
  readonly engine: MakeEngine | undefined;
}

/** One environment of a project. At rest only its storage costs, and its alarms and dashboard (infra/README.md). */
export class EnvironmentStack extends Stack {
  constructor(scope: Construct, id: string, { environment, code, engine, ...props }: EnvironmentStackProps) {
    super(scope, id, props);
    const { settings, project } = environment;
    const key = settings.kms_key ? Key.fromKeyArn(this, 'Key', settings.kms_key) : undefined;
    const tags = { project, environment: environment.name, ...settings.tags };
    for (const [name, value] of Object.entries(tags)) Tags.of(this).add(name, value);

    PermissionsBoundary.of(this).apply(
      ManagedPolicy.fromManagedPolicyArn(this, 'Boundary', boundaryArn(environment)),
    );

    const storage = new Storage(this, 'Storage', { environment, key });
    const images = new Images(this, 'Images', { environment, key });
    const ledger = new Ledger(this, 'Ledger', { environment, key });
    const operations = new Operations(this, 'Operations', { environment, key });
    const {
      machines,
      functions,
      jobRole,
      engine: deployed,
    } = addTrain(this, {
      environment,
      code,
      engine,
      operations,
      key,
    });
    const release = new ReleaseFeature(this, 'Release', {
      environment,
      code,
      operations,
      shared: { lease: functions.all.lease, closeRun: functions.all['close-run'] },
      jobRole,
      engine: deployed,
      key,
    });

    const triggers =
      hasTriggers(environment.triggers) || environment.looks.length > 0
        ? new TriggersFeature(this, 'Triggers', {
            environment,
            code,
            operations,
            data: storage.data,
            promote: machines.promote,
            key,
          })
        : null;
    const monitor =
      triggers !== null && environment.looks.length > 0
        ? new MonitorFeature(this, 'Monitor', {
            environment,
            code,
            operations,
            shared: { closeRun: functions.all['close-run'], landed: triggers.landed },
            onTime: (timed) => triggers.onTime(timed),
            jobRole,
            engine: deployed,
            key,
          })
        : null;

    const service =
      environment.served.length > 0
        ? new ServiceFeature(this, 'Service', { environment, code, operations, key })
        : null;

    const outputs = {
      ArtifactsBucket: storage.artifacts.bucketName,
      DataBucket: storage.data.bucketName,
      LedgerTable: ledger.table.tableName,
      CandidateRepository: images.candidate.repositoryUri,
      ReleaseRepository: images.release.repositoryUri,
      EvaluateMachine: machines.evaluate.stateMachineArn,
      PromoteMachine: machines.promote.stateMachineArn,
      ReleaseMachine: release.machine.stateMachineArn,
      ...(monitor && { MonitorMachine: monitor.machine.stateMachineArn }),
      ...(service && { PredictionUrl: service.url.url }),
      NotificationTopic: operations.topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

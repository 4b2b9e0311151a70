import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type FunctionCode, Functions } from './constructs/functions.ts';
import { Images } from './constructs/images.ts';
import { Ledger } from './constructs/ledger.ts';
import type { MakeEngine } from './constructs/load-engine.ts';
import { Machines } from './constructs/machines.ts';
import { Operations } from './constructs/operations.ts';
import { Registry } from './constructs/registry.ts';
import { serviceRole } from './constructs/role.ts';
import { Storage } from './constructs/storage.ts';
import type { Environment } from './environment.ts';
import { boundaryArn } from './policies/identity-policies.ts';
import { jobPolicy } from './policies/job-policy.ts';

interface EnvironmentStackProps extends StackProps {
  readonly environment: Environment;
  readonly code: FunctionCode;
  /** Of the prepare job, as mlops.yaml asks for it (loadEngine). */
  readonly engine: MakeEngine | undefined;
}

/** All that one environment of a project is. Nothing here costs at rest but what is stored (infra/README.md). */
export class EnvironmentStack extends Stack {
  constructor(scope: Construct, id: string, { environment, code, engine, ...props }: EnvironmentStackProps) {
    super(scope, id, props);
    const { names, settings, sources, image, project } = environment;
    const key = settings.kms_key ? Key.fromKeyArn(this, 'Key', settings.kms_key) : undefined;
    const tags = { project, environment: environment.name, model: project, ...settings.tags };
    for (const [name, value] of Object.entries(tags)) Tags.of(this).add(name, value);

    PermissionsBoundary.of(this).apply(
      ManagedPolicy.fromManagedPolicyArn(this, 'Boundary', boundaryArn(environment)),
    );

    const storage = new Storage(this, 'Storage', { environment, key });
    const images = new Images(this, 'Images', { environment, key });
    const ledger = new Ledger(this, 'Ledger', { environment, key });
    new Registry(this, 'Registry', { environment });
    const jobRole = serviceRole(this, 'JobRole', {
      environment,
      roleName: names.jobRole.name,
      service: 'sagemaker.amazonaws.com',
      statements: jobPolicy(environment, { sources, image, vpc: settings.vpc !== null }),
    });
    const functions = new Functions(this, 'Functions', { environment, code, key });
    const deployed = engine?.(this, { environment, key });
    const machines = new Machines(this, 'Machines', {
      environment,
      functions,
      jobRole,
      engine: deployed,
      ledger,
      key,
    });
    const { topic } = new Operations(this, 'Operations', { environment, functions, machines, key });

    const outputs = {
      ArtifactsBucket: storage.artifacts.bucketName,
      DataBucket: storage.data.bucketName,
      LedgerTable: ledger.table.tableName,
      CandidateRepository: images.candidate.repositoryUri,
      ReleaseRepository: images.release.repositoryUri,
      EvaluateMachine: machines.evaluate.stateMachineArn,
      PromoteMachine: machines.promote.stateMachineArn,
      NotificationTopic: topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand } from '@aws-sdk/client-sfn';
import { dynamoDbClient, ecrClient, s3Client, sfnClient } from '../../../aws/clients.ts';
import { sha256 } from '../../../hash.ts';
import type { StateMachine } from '../../../machines/asl.ts';
import type { ResourceNames } from '../../../names.ts';

/** A machine that does what the request's reason says; it knows the train machine's state names and calls. */
const machineOf = (names: ResourceNames): StateMachine => ({
  StartAt: 'What?',
  States: {
    'What?': {
      Type: 'Choice',
      Choices: [
        { Variable: '$.request.trigger.reason', StringEquals: 'hold', Next: 'Train' },
        { Variable: '$.request.trigger.reason', StringEquals: 'fail', Next: 'Failed' },
      ],
      Default: 'Done',
    },
    Train: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sagemaker:createTrainingJob',
      Parameters: {
        'TrainingJobName.$': "States.Format('{}-train', $$.Execution.Name)",
        RoleArn: names.jobRoles.evaluate.arn,
        AlgorithmSpecification: { TrainingImage: 'image', TrainingInputMode: 'File' },
        OutputDataConfig: { S3OutputPath: 's3://bucket/output' },
        ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 },
        StoppingCondition: { MaxRuntimeInSeconds: 3600 },
      },
      ResultPath: null,
      Next: 'Hold',
    },
    Hold: { Type: 'Wait', Seconds: 600, Next: 'Done' },
    Done: { Type: 'Succeed' },
    Failed: { Type: 'Fail', Error: 'DataContractError', Cause: 'no target' },
  },
});

/**
 * What a deployment makes of an environment, but for the train machine: its stand-in follows the request's reason, for the
 * emulator runs no jobs.
 */
export async function deployStandIn(names: ResourceNames): Promise<void> {
  await s3Client().send(new CreateBucketCommand({ Bucket: names.artifactsBucket }));
  await createLedger(names.ledgerTable);
  for (const repositoryName of [names.candidateRepository, names.releaseRepository])
    await ecrClient().send(new CreateRepositoryCommand({ repositoryName }));
  for (const { name } of [...Object.values(names.machines), names.releaseMachine]) {
    await sfnClient().send(
      new CreateStateMachineCommand({
        name,
        definition: JSON.stringify(machineOf(names)),
        roleArn: names.machineRoles.evaluate.arn,
      }),
    );
  }
}

/** The ledger's table, with its keys. */
export async function createLedger(TableName: string): Promise<void> {
  await dynamoDbClient().send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'kind', AttributeType: 'S' },
        { AttributeName: 'id', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' },
        { AttributeName: 'id', KeyType: 'RANGE' },
      ],
    }),
  );
}

/** The manifest of an image in Docker's format; `of` makes it another image. */
export const imageManifest = (of: string): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: 2,
      digest: `sha256:${sha256(of)}`,
    },
    layers: [],
  });
